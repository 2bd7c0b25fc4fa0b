"""What holds for the reading of every roster."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import thoroughness
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.roster_file import NotedCharacter
from sv_common.guild_sync.identity.roster_notes import UNKNOWN_NAME, NoteReading, Sureness, read_notes
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, Category, fold_accents, parse_note

NAMES = ("Opal", "Ópal", "Brakk", "Brakks", "Kip", "Kipper", "Weiß", "Weiss", "Tailor", "Holy", "Þorn", "Маша", "조크")
STRANGERS = ("Robin", "Oppal", "Brak", "Thorn", "Zuzu")
REALMS = ("Hyjal", "Area 52")
FORMS = (
    "{}",
    "Alt of {}",
    "{}'s alt",
    "{}s alt",
    "Main: {}",
    "{} - Alch 225",
    "@{}",
    "{}'s bank",
    "i am {}",
    "ask {} for an invite",
    "{}-Hyjal",
    "{} (Area 52)",
    "not {}'s alt",
)
LISTS = ("{}/{}", "{}, {}", "{} and {}", "{} or {} idk", "Alts: {}, {}")
SILENT = ("", "Main", "<A>", "Holy / Disc", "Alch 300", "Bank", "2020-12-05", "^", "lol")
NEWCOMER = "Quorvexil"

TRIED = settings(
    max_examples=thoroughness.examples(150),
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)


def notes() -> st.SearchStrategy[str]:
    """Notes that name one or two people in many forms, or nobody."""
    names = st.sampled_from(NAMES + STRANGERS)
    return st.one_of(
        st.sampled_from(SILENT),
        st.builds(str.format, st.sampled_from(FORMS), names),
        st.builds(str.format, st.sampled_from(LISTS), names, names),
    )


@st.composite
def rosters(draw: st.DrawFn) -> list[NotedCharacter]:
    """Rosters whose names collide: with accents, with other realms, with words of the vocabulary."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(REALMS)), min_size=2, unique=True))
    return [NotedCharacter(f"{name}-{realm}", name, realm, draw(notes())) for name, realm in pairs]


DISCORD_NAMES = st.lists(st.sampled_from(("opal", "Kip [GM]", "Robin", "holy", "Zuzu 🌸")), unique=True)


@TRIED
@given(rosters(), DISCORD_NAMES)
def test_what_is_certain_is_one_person(roster: list[NotedCharacter], discord_names: list[str]) -> None:
    readings = read_notes(roster, discord_names)
    for reading in readings:
        if reading.decision is not Sureness.CONFIDENT or len(reading.targets) < 2:
            continue
        others = [each for each in readings if each is not reading]
        names = {name_key(target.partition("-")[0]) for target in reading.targets}
        assert reading.person in discord_names or len(_groups(reading.targets, others)) == 1, (reading, names)


def _groups(characters: Sequence[str], readings: Sequence[NoteReading]) -> set[frozenset[str]]:
    """The characters, grouped by what the readings tie together for certain."""
    groups = {character: frozenset({character}) for character in characters}
    for reading in readings:
        if reading.decision is Sureness.CONFIDENT:
            ties = (reading.character, *reading.targets, *filter(None, [reading.person]))
            joined = frozenset().union(*(groups.get(each, frozenset({each})) for each in ties))
            groups |= dict.fromkeys(joined, joined)
    return {groups[character] for character in characters}


@TRIED
@given(st.sampled_from(["{}/{}", "{}, {}", "{} & {}", "{} and {}"]), st.permutations(["Opal", "Brakk", "Kip"]))
def test_two_mains_in_one_note_are_never_taken_for_one(form: str, names: list[str]) -> None:
    mains = [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", "") for name in names]
    about = NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", form.format(*names))
    assert read_notes([*mains, about])[-1].decision is Sureness.AMBIGUOUS


_WORDS = sorted(
    word
    for word, categories in DEFAULT_VOCABULARY.categories.items()
    if categories & {Category.PROFESSION, Category.SPEC, Category.BANK, Category.DATE} and word.isalpha()
)


@TRIED
@given(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=2), st.sampled_from(("/", " / ", " ", ", ", " 300 ")))
def test_a_word_of_the_vocabulary_means_nobody(words: list[str], between: str) -> None:
    roster = [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", "") for name in ("Opal", "Brakk", "Kipper")]
    note = between.join(words)
    reading = read_notes([*roster, NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", note)])[-1]
    assert reading.decision is Sureness.NOBODY
    assert reading.targets == ()


@TRIED
@given(st.sampled_from(_WORDS), st.sampled_from(["{} 300 / Opals", "{} main", "best {} around", "{}, {}", "{}?"]))
def test_a_character_called_like_a_profession_is_not_meant_by_a_note_about_it(word: str, form: str) -> None:
    about = NotedCharacter(
        "Zork-Hyjal", "Zork", "Hyjal", form.format("Alch 300", word) if "," in form else word + " 300"
    )
    roster = [NotedCharacter(f"{word}-Hyjal", word, "Hyjal", ""), about]
    assert read_notes(roster)[-1].decision is not Sureness.CONFIDENT


@TRIED
@given(rosters(), DISCORD_NAMES, st.randoms(use_true_random=False))
def test_the_order_of_the_roster_changes_nothing(
    roster: list[NotedCharacter], discord_names: list[str], rng: random.Random
) -> None:
    shuffled = rng.sample(roster, len(roster))
    readings = {reading.character: reading for reading in read_notes(roster, discord_names)}
    assert {reading.character: reading for reading in read_notes(shuffled, discord_names)} == readings


@TRIED
@given(rosters(), DISCORD_NAMES, st.sampled_from(REALMS))
def test_a_newcomer_whom_no_note_names_changes_nothing_that_is_certain(
    roster: list[NotedCharacter], discord_names: list[str], realm: str
) -> None:
    newcomer = NotedCharacter(f"{NEWCOMER}-{realm}", NEWCOMER, realm, "")
    before = [each for each in read_notes(roster, discord_names) if each.decision is Sureness.CONFIDENT]
    after = [each for each in read_notes([newcomer, *roster], discord_names) if each.decision is Sureness.CONFIDENT]
    assert after == before


@TRIED
@given(rosters())
def test_nobody_means_itself_and_every_name_given_is_in_the_roster(roster: list[NotedCharacter]) -> None:
    labels = {each.label for each in roster}
    for reading in read_notes(roster):
        assert {*reading.targets, *reading.suggestions} <= labels - {reading.character}


@TRIED
@given(rosters())
def test_what_is_not_certain_says_why(roster: list[NotedCharacter]) -> None:
    for reading in read_notes(roster):
        assert (reading.why_not is None) == (reading.decision is Sureness.CONFIDENT)
        assert reading.evidence


@TRIED
@given(st.sampled_from([name for name in NAMES if fold_accents(name) != name]), notes())
def test_a_name_without_its_accents_means_the_only_one_who_is_called_so(name: str, note: str) -> None:
    assume(name_key(fold_accents(name)) not in DEFAULT_VOCABULARY.categories)
    roster = [
        NotedCharacter(f"{name}-Hyjal", name, "Hyjal", note),
        NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", f"Alt of {fold_accents(name)}"),
    ]
    reading = read_notes(roster)[-1]
    assert (reading.decision, reading.targets) == (Sureness.CONFIDENT, (f"{name}-Hyjal",))


_SPELLINGS = (
    ("Opal", "Ópal", "Òpal", "Öpal"),
    ("Wolff", "Wólff", "Wölff"),
    ("Thorn", "Þorn", "Thórn"),
    ("發財", "发财", "發财"),
)


@TRIED
@given(
    st.sampled_from(_SPELLINGS),
    st.data(),
    st.sampled_from(("{}", "Alt of {}", "{}'s alt", "{} tank", "@{}", "Main: {}")),
)
def test_of_names_that_differ_in_spelling_alone_only_the_one_that_is_written_is_certain(
    spellings: tuple[str, ...], data: st.DataObject, form: str
) -> None:
    names = data.draw(st.lists(st.sampled_from(spellings), min_size=2, unique=True))
    written = data.draw(st.sampled_from(spellings))
    roster = [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", "") for name in names]
    reading = read_notes([*roster, NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", form.format(written))])[-1]
    assert (reading.decision is Sureness.CONFIDENT) == (written in names)
    assert reading.targets[:1] == ((f"{written}-Hyjal",) if written in names else ())


@TRIED
@given(rosters(), DISCORD_NAMES, st.sampled_from(("Öpal", "Bräkk", "Thorn", "Кіп")))
def test_a_newcomer_with_another_spelling_of_a_name_turns_no_certain_reading_into_another(
    roster: list[NotedCharacter], discord_names: list[str], name: str
) -> None:
    before = read_notes(roster, discord_names)
    after = read_notes([*roster, NotedCharacter(f"{name}-Kilrogg", name, "Kilrogg", "")], discord_names)
    for was, now in zip(before, after, strict=False):
        written = name_key(name) in name_key(was.note or "")
        if was.decision is Sureness.CONFIDENT and now.decision is Sureness.CONFIDENT and not written:
            assert set(was.targets) & set(now.targets) or was.person == now.person, (was, now)


@TRIED
@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    parse_note(text)
    roster = [NotedCharacter("Opal-Hyjal", "Opal", "Hyjal", ""), NotedCharacter("Zork", "Zork", None, text)]
    assert len(read_notes(roster, ["Opal", text])) == 2


_OTHERS = sorted(
    {word for word, category in DEFAULT_VOCABULARY.entries if category in (Category.RELATION, Category.COMPANY)}
    - {word for word, category in DEFAULT_VOCABULARY.entries if category is Category.STATUS}
)
_OTHERS_FORMS = (
    "{name}'s {word}",
    "{word} {name}",
    "{word}: {name}",
    "{name} {word}",
    "alt of {name}'s {word}",
    "{name}s {word}",
)


@TRIED
@given(st.sampled_from(_OTHERS), st.sampled_from(_OTHERS_FORMS), st.sampled_from(["Brakk", "Kipper", "Zuzu"]))
def test_a_note_with_a_word_of_relation_or_company_never_surely_means_whom_it_names(
    word: str, form: str, name: str
) -> None:
    roster = [NotedCharacter(f"{each}-Hyjal", each, "Hyjal", "") for each in ("Brakk", "Kipper", "Opal")]
    about = NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", form.format(name=name, word=word))
    assert read_notes([*roster, about])[-1].decision is not Sureness.CONFIDENT


_SECOND = sorted(word for word, category in DEFAULT_VOCABULARY.entries if category is Category.SECOND_NAME)


@TRIED
@given(
    st.sampled_from(_SECOND), st.sampled_from(("{word} {name}", "{word}: {name}", "{name} ({word})", "({word} {name})"))
)
def test_a_past_or_second_name_neither_means_somebody_nor_a_stranger(word: str, form: str) -> None:
    roster = [NotedCharacter("Brakk-Hyjal", "Brakk", "Hyjal", "")]
    for name in ("Brakk", "Quorvex"):
        about = NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", form.format(name=name, word=word))
        reading = read_notes([*roster, about])[-1]
        assert reading.decision in (Sureness.SUGGESTED, Sureness.NOBODY)
        assert reading.kind != UNKNOWN_NAME


@TRIED
@given(rosters(), DISCORD_NAMES, st.sampled_from(NAMES), st.sampled_from(("{}", "{} [GM]", "~{}~", "Not {}")))
def test_a_stranger_on_discord_who_shares_a_name_never_turns_one_certain_reading_into_another(
    roster: list[NotedCharacter], discord_names: list[str], name: str, form: str
) -> None:
    assume(name in {each.name for each in roster})
    before = read_notes(roster, discord_names)
    after = read_notes(roster, [*discord_names, form.format(name)])
    for was, now in zip(before, after, strict=True):
        if was.decision is Sureness.CONFIDENT and now.decision is Sureness.CONFIDENT:
            assert now.person == was.person or set(was.targets) & set(now.targets), (was, now)
