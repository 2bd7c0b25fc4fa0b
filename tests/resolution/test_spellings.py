"""Names that a note writes otherwise than the roster: without accents, in another case, in another script, with a realm."""

from __future__ import annotations

import pytest

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember
from sv_common.guild_sync.identity.names.candidates import CandidateFinder
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.roster_file import NotedCharacter
from sv_common.guild_sync.identity.roster_notes import UNKNOWN_NAME, NoteReading, Sureness, read_notes
from sv_common.guild_sync.identity.verdicts import Verdict

POLES = ("Żółwik", "Łoś", "Źdźbło", "Ślimak")
"""Names that show that a guild writes Polish."""


def in_guild(note: str, *names: str, realm: str = "Hyjal", discord: tuple[str, ...] = ()) -> NoteReading:
    """Read a note in a guild that has these characters, on Hyjal unless they say otherwise."""
    roster = []
    for name in names:
        own, _, elsewhere = name.partition("-")
        roster.append(NotedCharacter(f"{own}-{elsewhere or 'Hyjal'}", own, elsewhere or "Hyjal", ""))
    return read_notes([*roster, NotedCharacter(f"Zork-{realm}", "Zork", realm, note)], discord)[-1]


def is_certain(reading: NoteReading, name: str) -> bool:
    """Whether a reading means one character for certain."""
    return reading.decision is Sureness.CONFIDENT and [t.partition("-")[0] for t in reading.targets] == [name]


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("Emilien", "Émilien"),
        ("reroll de Emilien (tank)", "Émilien"),
        ("la chasseuse d'Emilien", "Émilien"),
        ("Moerserchens Twink", "Mörserchen"),
        ("Suessholz (Heiler)", "Süßholz"),
        ("Süssholz", "Süßholz"),
        ("alt af Soelvie", "Sølvie"),
        ("alt af Sølvie", "Soelvie"),
        ("Angstroms mage", "Ångstrom"),
        ("Aangstrom", "Ångstrom"),
        ("@Ostgota", "Östgöta"),
        ("secundario de Inigo", "Íñigo"),
        ("Lodz alt", "Łódź"),
        ("мейн Семен", "Семён"),
        ("Aeris's bank", "Æris"),
    ],
)
def test_a_name_without_its_accents_is_that_name_where_only_one_can_be_meant(note: str, name: str) -> None:
    assert is_certain(in_guild(note, name, "Opal"), name)


@pytest.mark.parametrize("note", ["Emilien", "alt de Emilien", "Emilien's mage", "Emilien tank"])
def test_a_name_without_its_accents_is_nobodys_where_two_can_be_meant(note: str) -> None:
    assert in_guild(note, "Émilien", "Emílien").decision is not Sureness.CONFIDENT


def test_whoever_bears_exactly_the_name_is_meant_and_not_who_bears_it_with_accents() -> None:
    assert is_certain(in_guild("alt de Emilien", "Émilien", "Emilien"), "Emilien")


def test_a_name_without_its_accents_on_its_own_bearer_means_nobody_else() -> None:
    roster = [
        NotedCharacter("Émilien-Hyjal", "Émilien", "Hyjal", "Emilien"),
        NotedCharacter("Opal-Hyjal", "Opal", "", ""),
    ]
    assert read_notes(roster)[0].decision is not Sureness.CONFIDENT


@pytest.mark.parametrize(("note", "name"), [("bar", "Bär"), ("Mage", "Mâge"), ("tank", "Tånk"), ("Marz", "März")])
def test_a_word_of_notes_is_no_name_without_its_accents(note: str, name: str) -> None:
    assert in_guild(note, name).decision is not Sureness.CONFIDENT


@pytest.mark.parametrize("departed", ["emilien", "emílien"])
def test_a_character_that_left_keeps_its_name_from_meaning_another(departed: str) -> None:
    characters = {1: known(1, "Émilien", ""), 2: known(2, "Zork", "reroll de Emilien")}
    facts = GuildFacts(0, characters, {}, {}, {}, frozenset())
    assert Resolver(facts).resolve(characters[2]).verdict is Verdict.CONFIDENT
    gone = GuildFacts(0, characters, {}, {}, {}, frozenset(), departed_names=frozenset({departed}))
    assert Resolver(gone).resolve(characters[2]).verdict is not Verdict.CONFIDENT
    renamed = GuildFacts(0, characters, {}, {}, {}, frozenset(), former_characters={1: [departed]})
    assert Resolver(renamed).resolve(characters[2]).verdict is not Verdict.CONFIDENT


def test_the_evidence_says_that_a_name_is_spelt_otherwise() -> None:
    (evidence,) = in_guild("reroll de Emilien", "Émilien").evidence
    assert evidence.endswith("The same name in another spelling, and no one else has it.")


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("alt Jaskółki", "Jaskółka"),
        ("twink Jaskolki", "Jaskółka"),
        ("bank Wrzosu", "Wrzos"),
        ("postać Bociana", "Bocian"),
        ("konto Gołębia", "Gołąb"),
        ("drugi char Pchełki", "Pchełka"),
        ("alt Garnka, tank", "Garnek"),
        ("Bociana alt", "Bocian"),
        ("mag Bociana", "Bocian"),
        ("alt Ćmy", "Ćma"),
        ("postać Borsuczej", "Borsucza"),
        ("alt Zdzicha", "Zdzicho"),
        ("alt Białego", "Biały"),
    ],
)
def test_a_polish_name_in_the_genitive_is_that_name(note: str, name: str) -> None:
    assert is_certain(in_guild(note, name, *POLES), name)


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("твинк Соловья", "Соловей"),
        ("твин Зайчихи", "Зайчиха"),
        ("банк Ручья", "Ручей"),
        ("перс Злогокота", "Злойкот"),
        ("альт Хорька", "Хорёк"),
        ("Бойцов твинк", "Боец"),
        ("Зайчихин маг", "Зайчиха"),
        ("маг Пустельги", "Пустельга"),
        ("дк Ливня", "Ливень"),
        ("твинк Рыжей", "Рыжая"),
    ],
)
def test_a_russian_name_in_the_genitive_is_that_name(note: str, name: str) -> None:
    assert is_certain(in_guild(note, name, "Опал"), name)


@pytest.mark.parametrize("note", ["alt Tony", "Paula's mage", "Paula bank", "alt of Sandy", "bank Mary"])
def test_a_guild_that_does_not_write_polish_does_not_decline_names(note: str) -> None:
    assert in_guild(note, "Tona", "Paul", "Sanda", "Mara").decision is not Sureness.CONFIDENT


@pytest.mark.parametrize(
    ("note", "names"),
    [
        ("alt Jana", ("Jan", "Jano")),
        ("твинк Саши", ("Саша", "Сашь")),
        ("brat Bociana", ("Bocian",)),
        ("Bociana", ("Bocian",)),
        ("widziany z Bociana", ("Bocian",)),
    ],
)
def test_a_genitive_of_two_names_or_in_no_form_moves_nobody(note: str, names: tuple[str, ...]) -> None:
    assert in_guild(note, *names, *POLES).decision is not Sureness.CONFIDENT


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("龙飞云的小号", "龍飛雲"),
        ("龍飛雲 分身", "龙飞云"),
        ("龙飞云", "龍飛雲"),
        ("龙飞云奶", "龍飛雲"),
        ("龍飛雲的術", "龙飞云"),
    ],
)
def test_a_name_in_the_other_script_of_chinese_is_that_name(note: str, name: str) -> None:
    assert is_certain(in_guild(note, name, "佐克"), name)


def test_two_names_that_differ_in_script_alone_are_two_people() -> None:
    assert in_guild("发财的小号", "發財", "髮財").decision is not Sureness.CONFIDENT
    assert is_certain(in_guild("發財的小号", "發財", "发财"), "發財")


@pytest.mark.parametrize(
    "note",
    [
        "Mito on Stormrage",
        "Mito no Stormrage",
        "Mito su Stormrage",
        "alt Mito on Stormrage",
        "Mito z Stormrage",
        "Mito с Stormrage",
    ],
)
def test_a_note_that_says_on_which_realm_its_own_character_is_means_the_name(note: str) -> None:
    assert is_certain(in_guild(note, "Mito", "Trog", realm="Stormrage"), "Mito")


@pytest.mark.parametrize(
    ("note", "realm"), [("Mito on SR", "Stormrage"), ("Mito on A52", "Area 52"), ("твин Митя с Галика", "Галакронд")]
)
def test_a_realm_may_be_shortened_where_it_is_the_characters_own(note: str, realm: str) -> None:
    assert in_guild(note, "Mito", "Митя", realm=realm).decision is Sureness.CONFIDENT


@pytest.mark.parametrize(
    "note", ["Mito z Trogiem", "Mito con Trog", "Mito on vacation w/ Trog", "Mito no Trog", "brat Mito z Stormrage"]
)
def test_somebody_with_somebody_is_no_realm(note: str) -> None:
    assert in_guild(note, "Mito", "Trog", realm="Stormrage").decision is not Sureness.CONFIDENT


def test_a_realm_on_which_the_name_is_not_means_nobody_for_certain() -> None:
    assert in_guild("Mito on Kilrogg", "Mito", "Opal-Kilrogg", realm="Stormrage").decision is not Sureness.CONFIDENT


@pytest.mark.parametrize(
    "note", ["Mito/Shadow", "Shadow / Mito", "Mito, Holy", "alt Mito/Tank", "Mito & Shadow", "Mito/shadow"]
)
def test_a_list_with_a_word_that_is_also_somebodys_name_is_ambiguous(note: str) -> None:
    assert in_guild(note, "Mito", "Shadow", "Holy", "Tank").decision is Sureness.AMBIGUOUS


@pytest.mark.parametrize("note", ["Mito/Shadow", "Mito / holy", "(Mito/tank)", "-> Mito / resto"])
def test_a_list_with_a_word_that_is_nobodys_name_means_the_one_who_is_named(note: str) -> None:
    assert is_certain(in_guild(note, "Mito", "Trog"), "Mito")


@pytest.mark.parametrize("note", ["Brim/Mito", "Brim/Mito shared acct", "Mito, Brimbel", "alt Mito/Brimb"])
def test_a_list_with_a_name_that_looks_like_another_characters_moves_nobody(note: str) -> None:
    assert in_guild(note, "Mito", "Brimbal").decision is not Sureness.CONFIDENT


@pytest.mark.parametrize(
    "note", ["sits in for @mito on tuesdays", "written into keys by @mito", "ask @mito", "vouched by @mito"]
)
def test_a_handle_inside_a_sentence_means_nobody_for_certain(note: str) -> None:
    assert in_guild(note, "Trog", discord=("mito",)).decision is not Sureness.CONFIDENT


@pytest.mark.parametrize("note", ["@Onkel Fritz", "alt: @Onkel Fritz", "@onkel fritz", "-> Onkel Fritz"])
def test_a_handle_with_blanks_means_the_member_who_is_called_so(note: str) -> None:
    reading = in_guild(note, "Trog", discord=("Onkel Fritz 🚂", "Onkel Otto"))
    assert (reading.decision, reading.person) == (Sureness.CONFIDENT, "Onkel Fritz 🚂")


@pytest.mark.parametrize(
    ("note", "name"), [("B-mane alt", "Brightmane"), ("브라메 부캐", "브라이트메인"), ("龙云 小号", "龙飞云天")]
)
def test_a_name_of_which_letters_are_left_out_is_suggested(note: str, name: str) -> None:
    assert in_guild(note, name, "Opal").suggestions[:1] == (f"{name}-Hyjal",)


@pytest.mark.parametrize("note", ["Bri's mage", "Vel's rogue"])
def test_a_short_name_that_owns_a_character_is_looked_for_among_names(note: str) -> None:
    assert in_guild(note, "Brightmane", "Velorian", "Seraphine").decision is Sureness.SUGGESTED


@pytest.mark.parametrize("name", ["Maybe", "Still", "Little", "Angry", "Sempre"])
def test_a_note_that_is_exactly_the_name_of_a_character_means_it_though_it_is_an_everyday_word(name: str) -> None:
    assert is_certain(in_guild(name, name, "Opal"), name)


@pytest.mark.parametrize(
    "note", ["maybe Mito's alt", "Twink von Mito, glaub ich", "chyba alt Mito", "может твинк Mito", "可能Mito小号"]
)
def test_a_note_that_says_that_it_does_not_know_moves_nobody(note: str) -> None:
    reading = in_guild(note, "Mito")
    assert reading.decision is not Sureness.CONFIDENT
    assert reading.kind != UNKNOWN_NAME


def test_names_are_looked_up_in_one_index_for_all_notes() -> None:
    facts = GuildFacts(0, {}, {}, {}, {}, frozenset())
    assert CandidateFinder(facts, NameIndex(facts)).names.other_spellings("emilien") == frozenset()


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("Margaretchen", "Margarete"),
        ("Wiewióreczka alt", "Wiewiórka"),
        ("Зайчишка", "Зайчиха"),
        ("alt van Bloempje", "Bloemetje"),
        ("Rosinha", "Rosalinda"),
    ],
)
def test_a_pet_name_is_suggested(note: str, name: str) -> None:
    reading = in_guild(note, name, "Opal")
    assert (reading.decision, reading.suggestions[:1]) == (Sureness.SUGGESTED, (f"{name}-Hyjal",))


@pytest.mark.parametrize(
    "note",
    [
        "konto Mito, sprzedane",
        "Mito's account, sold",
        "Account von Mito, verkauft",
        "compte de Mito vendu",
        "акк Мито, продан",
    ],
)
def test_an_account_that_changed_hands_is_nobodys_for_certain(note: str) -> None:
    assert in_guild(note, "Mito", "Мито").decision is not Sureness.CONFIDENT


@pytest.mark.parametrize("note", ["月影和龙牙", "月影不在", "找月影", "月影沒來"])
def test_a_word_without_blanks_that_holds_somebodys_name_is_no_stranger(note: str) -> None:
    reading = in_guild(note, "月影", "龙牙")
    assert reading.decision is not Sureness.CONFIDENT
    assert directory_of(note, "月影", "龙牙") is not Verdict.UNKNOWN


def test_a_word_of_a_members_name_in_another_case_is_no_stranger() -> None:
    assert directory_of("твин Гриба", "Опал", discord=("Гриб Пихто",)) is Verdict.SUGGESTED
    assert directory_of("alt Staszka", *POLES, discord=("Wujek Staszek",)) is Verdict.SUGGESTED
    assert directory_of("alt Staszka", *POLES) is Verdict.UNKNOWN


def directory_of(note: str, *names: str, discord: tuple[str, ...] = ()) -> Verdict:
    """How sure a resolver is of a note, before anything that is but alike is looked for."""
    characters = {n: known(n, name, "") for n, name in enumerate(names)} | {99: known(99, "Zork", note)}
    members = {n: KnownMember(n, "", name, None, name, True) for n, name in enumerate(discord)}
    return Resolver(GuildFacts(0, characters, {}, members, {}, frozenset())).resolve(characters[99]).verdict


def known(number: int, name: str, note: str) -> KnownCharacter:
    """A character that is nobody's yet."""
    return KnownCharacter(number, name, name_key(name), "hyjal", realm_key("Hyjal"), "Hyjal", note, None, None, True)


@pytest.mark.parametrize(
    "note",
    ["regn og vind", "Trog and Mito", "miel et thé", "im Nebel", "honig im kopf", "snö i juni", "orage samedi soir"],
)
def test_a_name_joined_with_a_stranger_or_small_before_a_date_moves_nobody(note: str) -> None:
    names = ("Regn", "Mito", "Miel", "Honig", "Snö", "Orage")
    assert in_guild(note, *names).decision is not Sureness.CONFIDENT


def test_a_small_word_of_a_sentence_is_not_suggested_in_a_guild_that_writes_names_with_capitals() -> None:
    roster = [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", "") for name in ("Storm", "Brakk")]
    roster += [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", "Brakk") for name in ("Opal", "Kip")]
    for note, expected in (("storm outside", Sureness.NOBODY), ("Storm outside", Sureness.SUGGESTED)):
        assert read_notes([*roster, NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", note)])[-1].decision is expected
