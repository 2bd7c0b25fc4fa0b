"""What becomes of text, and of files that are not whole, on the way from the client to the reader."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import thoroughness
from addon.client import Client, Member, Style, guild_of
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.entries import strip_markup
from sv_common.guild_sync.sources.addon.export import CLOSING_VARIABLE, read_addon_export

names = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=31)
awkward = st.text(st.sampled_from("\"'\\\n\r\t|cHrTh[]{},-=aé은🐉\x01\x7f\u2028"), max_size=31)
notes = texts | awkward


@settings(deadline=None, max_examples=thoroughness.examples(60))
@given(names, notes, notes, st.sampled_from(["current", "older"]))
@example("Brightmane", 'a"b\\c\nd|e', "|cffff0000x|r ||", "current")
@example("Brightmane", "]]--[[", "\\n\\", "older")
def test_names_and_notes_survive_the_way_through_lua_and_the_file(
    name: str, note: str, officer_note: str, style: Style
) -> None:
    member = Member(name, note=note, officer_note=officer_note)
    first = Client([member, Member("Opal", realm="Draenor", note="Robin", officer_note="x")]).export(style)
    reloaded = Client(saved=first).log_out(style, order=1)
    for saved in (first, reloaded):
        character = read_addon_export(saved).characters[0]
        assert (character.name, character.realm) == (name, "Area52")
        assert character.note == strip_markup(note).strip()
        assert character.officer_note == strip_markup(officer_note).strip()


def test_a_file_that_was_cut_anywhere_is_refused() -> None:
    saved = Client(guild_of(2)).export()
    for length in range(len(saved.rstrip())):
        with pytest.raises(BadInput):
            read_addon_export(saved[:length])


def test_a_file_that_lost_its_end_is_refused_by_name() -> None:
    saved = Client(guild_of(2)).export()
    whole_database = saved[: saved.index(CLOSING_VARIABLE.encode())]
    with pytest.raises(BadInput, match="The file is not whole: its closing mark PATTSyncEnd is missing"):
        read_addon_export(whole_database)


def test_a_file_made_of_two_exports_is_refused_by_name() -> None:
    end = CLOSING_VARIABLE.encode()
    first, second = Client(guild_of(2)).export(), Client(guild_of(3)).export()
    mixed = first[: first.index(end)] + second[second.index(end) :]
    with pytest.raises(BadInput, match="The file is not whole: its closing mark PATTSyncEnd belongs to another export"):
        read_addon_export(mixed)


def test_the_order_of_the_two_variables_does_not_matter() -> None:
    saved = Client(guild_of(2)).export()
    at = saved.index(CLOSING_VARIABLE.encode())
    assert read_addon_export(saved[at:] + saved[:at]) == read_addon_export(saved)
