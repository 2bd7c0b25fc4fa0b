"""Laws of matching an upload with the roster, over generated realms, rosters and clients' languages."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.roster.characters import PresentCharacter
from sv_common.guild_sync.roster.upload_matching import Matching, match_upload
from sv_common.guild_sync.sources.models import AddonCharacter, Realm, RealmIndex

LANGUAGES = 3
OWN_NAMES: tuple[tuple[str, ...], ...] = (
    ("Area 52", "Area 52", "Зона 52"),
    ("Gordunni", "Gordunni", "Гордунни"),
    ("Azjol-Nerub", "Azjol-Nerub", "Азжол-Неруб"),
    ("Chants éternels", "Chants éternels", "Вечная Песня"),
    ("Kel'Thuzad", "Kel'Thuzad", "Кел'Тузад"),
    ("달그늘", "Moonshade", "Лунная Тень"),
)
SHARED_NAMES = ("Arena", "Soul.Flayer", "Area-52", "gordunni")
NAMES = ("Mito", "Мито", "mitö", "미토", "Zoë")


@dataclass(frozen=True)
class Case:
    """An upload with the truth: which of its entries is which character of the roster; the others are not in it."""

    rows: list[AddonCharacter]
    present: list[PresentCharacter]
    realms: list[Realm]
    truth: dict[AddonCharacter, int]

    def matching(self, index: RealmIndex) -> Matching:
        return match_upload(self.rows, self.present, index)


def _realms(names: list[tuple[str, ...]]) -> list[Realm]:
    slugs = ("area-52", "gordunni", "azjolnerub", "chants-éternels", "kelthuzad", "moonshade")
    return [Realm(number + 1, slug, each) for number, (slug, each) in enumerate(zip(slugs, names, strict=True))]


def _written(name: str) -> str:
    """The form that the client writes into its roster."""
    return name.replace(" ", "").replace("-", "").replace(".", "")


@st.composite
def cases(draw: st.DrawFn, *, has_shared_names: bool, is_complete: bool) -> Case:
    """Draw a roster and what a client exports of it, with strangers among it; ids mean something or do not."""
    names = list(OWN_NAMES)
    if has_shared_names:
        names = [tuple(draw(st.sampled_from((each, *SHARED_NAMES))) for each in own) for own in OWN_NAMES]
    realms = _realms(names)
    people = draw(st.lists(st.tuples(st.sampled_from(realms), st.sampled_from(NAMES)), unique=True, max_size=9))
    language = draw(st.integers(0, LANGUAGES - 1))
    ids_are_true = draw(st.booleans())
    rows, present, truth = [], [], {}
    for number, (realm, name) in enumerate(people):
        is_in_roster = draw(st.booleans())
        if is_in_roster:
            realm_name = draw(st.sampled_from((None, realm.names[0])))
            present.append(_present(number, realm, name, realm_name))
        if not (is_in_roster and is_complete) and draw(st.booleans()):
            continue
        guid = draw(st.sampled_from((None, f"Player-1-{number if ids_are_true else 5000 + number:08X}")))
        row = _row(name, _written(realm.names[language]), guid)
        rows.append(row)
        if is_in_roster:
            truth[row] = number
    written = [(name_key(row.name), realm_key(row.realm or "")) for row in rows]
    assume(len(set(written)) == len(written))  # the reader of uploads refuses such a file
    return Case(draw(st.permutations(rows)), present, realms, truth)


def _present(number: int, realm: Realm, name: str, realm_name: str | None) -> PresentCharacter:
    return PresentCharacter(
        number, name, name_key(name), realm.slug, realm_key(realm.slug), realm_name, realm.realm_id, number, *[None] * 3
    )


def _row(name: str, realm: str | None, guid: str | None) -> AddonCharacter:
    return AddonCharacter(name, realm, "note", None, None, None, None, None, guid)


def _is_right(case: Case, matching: Matching) -> bool:
    return all(case.truth.get(row) == known.id for row, known in matching.matched)


@given(cases(has_shared_names=False, is_complete=False))
def test_with_the_realms_known_every_entry_reaches_its_own_character_and_a_stranger_nobody(case: Case) -> None:
    matching = case.matching(RealmIndex(case.realms))
    assert {row: known.id for row, known in matching.matched} == case.truth


@given(cases(has_shared_names=True, is_complete=True))
def test_a_name_that_two_realms_share_leads_no_entry_to_somebody_elses_character(case: Case) -> None:
    assert _is_right(case, case.matching(RealmIndex(case.realms)))


@given(cases(has_shared_names=False, is_complete=True), st.integers(0, 5))
def test_with_few_realms_known_or_none_no_entry_reaches_somebody_elses_character(case: Case, known: int) -> None:
    assert _is_right(case, case.matching(RealmIndex(case.realms[:known])))


@given(cases(has_shared_names=True, is_complete=False), st.integers(0, 6))
def test_every_entry_has_one_fate_and_no_character_two_entries(case: Case, known: int) -> None:
    matching = case.matching(RealmIndex(case.realms[:known]))
    fates = [[row.name for row, _ in matching.matched], matching.unknown, matching.ambiguous, matching.doubtful]
    assert sum(map(len, fates)) == len(case.rows)
    characters = [character.id for _, character in matching.matched]
    assert len(characters) == len(set(characters))


@given(cases(has_shared_names=True, is_complete=False))
def test_the_order_of_the_entries_does_not_matter(case: Case) -> None:
    index = RealmIndex(case.realms)
    turned = Case(case.rows[::-1], case.present[::-1], case.realms[::-1], case.truth)
    assert set(case.matching(index).matched) == set(turned.matching(index).matched)
