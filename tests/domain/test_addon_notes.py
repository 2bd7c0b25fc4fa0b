"""How notes are read: as the game shows them, and as unknown where whoever exported could not see them."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from domain.addon_entries import one, row
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.entries import read_characters, strip_markup
from sv_common.guild_sync.sources.addon.export import AddonExport, read_addon_export_json
from sv_common.guild_sync.sources.models import AddonCharacter


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Brightmane", "Brightmane"),
        ("|cffff0000Red|r tail", "Red tail"),
        ("|cFFA1b2C3Red |cff00ff00green|r", "Red green"),
        ("|cnPURE_GREEN_COLOR:Green|r", "Green"),
        ("|cnIQ4:Epic|r", "Epic"),
        ("|cff0070dd|Hitem:19019::::|h[Thunderfury]|h|r", "[Thunderfury]"),
        ("|Hplayer:Opal|hOpal|h and |Hplayer:Kip|hKip|h", "Opal and Kip"),
        ("|TInterface\\Icons\\Temp:16:16|t tank", " tank"),
        ("|A:groupfinder-icon:16:16|a heal", " heal"),
        ("Opal || Kip", "Opal | Kip"),
        ("||cffff0000 typed by hand||r", "|cffff0000 typed by hand|r"),
        ("||||", "||"),
        ("|||cffff0000x|r", "|x"),
        ("a | b", "a | b"),
        ("|cff00 cut", "|cff00 cut"),
        ("|Hitem:1 cut", "|Hitem:1 cut"),
        ("|Tcut", "|Tcut"),
        ("ends in |", "ends in |"),
    ],
)
def test_markup_is_shown_as_the_game_shows_it(text: str, shown: str) -> None:
    assert strip_markup(text) == shown


def test_markup_is_removed_in_linear_time() -> None:
    begin = time.process_time()
    for text in ("|H" * 200_000, "|cn" * 200_000, "|T" + "a" * 400_000, "|" * 400_001):
        strip_markup(text)
    assert time.process_time() - begin < 2


def test_notes_lose_markup_and_outer_blanks_only() -> None:
    character = one(note="  |cffff0000 Alt  of Robin |r ", officerNote="a || b ")
    assert (character.note, character.officer_note) == ("Alt  of Robin", "a | b")


def exported(rows: list[dict[str, object]], *, seen: bool | None, officer_seen: bool | None) -> AddonExport:
    head = {"canViewNotes": seen, "canViewOfficerNotes": officer_seen}
    return read_addon_export_json(json.dumps({"characters": rows} | head).encode())


def notes(*rows: dict[str, object], seen: bool | None = None) -> list[tuple[str | None, str | None]]:
    named = [row(f"Opal{chr(97 + number)}", **fields) for number, fields in enumerate(rows)]
    export = exported(named, seen=seen, officer_seen=seen)
    return [(character.note, character.officer_note) for character in export.characters]


NOTHING_SEEN: dict[str, object] = {"note": "", "officerNote": ""}


def test_officer_notes_are_unknown_when_all_are_empty() -> None:
    assert notes({"officerNote": ""}, {"officerNote": " "}) == [("Robin", None)] * 2


def test_an_empty_officer_note_is_known_when_another_one_was_seen() -> None:
    assert notes({"officerNote": ""}, {"officerNote": "trusted"}) == [("Robin", ""), ("Robin", "trusted")]


def test_public_notes_are_unknown_when_all_are_empty() -> None:
    assert notes(NOTHING_SEEN, NOTHING_SEEN) == [(None, None)] * 2


def test_an_empty_public_note_is_known_when_another_one_was_seen() -> None:
    assert notes({"note": ""}, {"note": "Robin"}) == [("", "trusted"), ("Robin", "trusted")]


def test_an_empty_public_note_of_a_single_entry_is_known() -> None:
    assert notes(NOTHING_SEEN) == [("", None)]


def test_a_note_that_is_missing_is_unknown_whatever_else_was_seen() -> None:
    assert notes({"note": None, "officerNote": None}, {}) == [(None, None), ("Robin", "trusted")]


def test_a_note_of_markup_alone_is_empty() -> None:
    assert notes({"note": "|cffff0000|r"}, {})[0][0] == ""


def test_the_export_can_say_that_empty_notes_were_seen() -> None:
    assert notes(NOTHING_SEEN, NOTHING_SEEN, seen=True) == [("", "")] * 2


def test_the_export_can_say_that_no_notes_were_seen() -> None:
    assert notes({}, {"note": ""}, seen=False) == [(None, None)] * 2


def test_an_entry_can_say_so_for_itself_against_the_export() -> None:
    told = notes(
        {**NOTHING_SEEN, "noteVisible": True, "officerNoteVisible": True},
        {**NOTHING_SEEN, "canViewNote": True, "canViewOfficerNote": True},
        {"noteVisible": True, "officerNoteVisible": False},
        NOTHING_SEEN,
        seen=False,
    )
    assert told == [("", ""), ("", ""), ("Robin", None), (None, None)]


def test_characters_keep_what_was_settled_when_they_were_made() -> None:
    settled = [
        AddonCharacter("Opal", "Area52", "", "", None, None, None, None),
        AddonCharacter("Kip", "Area52", "|r typed", None, None, None, None, None),
    ]
    assert list(read_characters(settled)) == settled


markup = st.sampled_from(
    ["|", "||", "|r", "|h", "|t", "|cffff0000", "|cnRED:", "|Hx|h", "|Ta|t", "Robin", " ", "c", "T"]
)
note_texts = st.lists(markup, max_size=6).map("".join) | st.text(max_size=20)


entries = st.fixed_dictionaries(
    {"name": st.text(st.characters(categories=["L"]), min_size=1, max_size=12)},
    optional={
        "realm": st.sampled_from(["Area52", "Kel'Thuzad", "", None]),
        "note": st.none() | note_texts,
        "officerNote": st.none() | note_texts,
        "rank": st.integers(0, 9),
        "level": st.integers(0, 90),
        "lastOnline": st.just("Online") | st.from_regex(r"([0-9]{1,7}d )?[0-9]{1,8}h", fullmatch=True),
        "noteVisible": st.booleans(),
    },
)


@settings(deadline=None, max_examples=thoroughness.examples(150))
@given(st.lists(entries, min_size=1, max_size=5), st.none() | st.booleans(), st.none() | st.booleans())
def test_reading_what_was_read_changes_nothing(
    rows: list[dict[str, object]], seen: bool | None, officer_seen: bool | None
) -> None:
    try:
        once = exported(rows, seen=seen, officer_seen=officer_seen).characters
    except BadInput:
        return
    assert read_characters(once) == once


@settings(deadline=None, max_examples=thoroughness.examples(100))
@given(st.text(st.characters(exclude_characters="|")))
def test_text_without_markup_stays_as_it_is(text: str) -> None:
    assert strip_markup(text) == text
    assert strip_markup(text.replace("a", "||")) == text.replace("a", "|")
