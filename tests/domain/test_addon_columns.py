"""Entries are checked column by column where they can be, and come out as they do one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.addon_entries import row
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.entries import read_characters
from sv_common.guild_sync.sources.models import AddonCharacter

_NAMES = (
    "Brightmane",
    "Opal",
    "Kip",
    "Näl",
    "opal",
    " Kip",
    "Opal-Draenor",
    "Kip-Area 52",
    "Bright mane",
    "",
    "x" * 60,
)
_TEXTS = (
    "",
    "Mito",
    " alt of Mito ",
    "|cff00ff00Mito|r",
    "a||b",
    "tw\0o",
    "half \ud800",
    "n" * 300,
    "two\nlines",
    "Unknown",
)
_ANYTHING: tuple[object, ...] = (None, True, False, 0, 3, 9, 10, 80, 99, 201, 3.0, 2.5, -1, "3", [], {}, 10**20)
_FIELDS = ("realm", "note", "officerNote", "rank", "rankName", "level", "class", "classFile", "guid", "lastOnline")
_FLAGS = ("noteVisible", "canViewNote", "officerNoteVisible", "canViewOfficerNote")
_LIKELY: dict[str, tuple[object, ...]] = {
    "realm": ("Area52", "Area 52", "Draenor", None),
    "rank": (0, 3, 9, 99, None),
    "level": (0, 1, 80, 200, None),
    "class": ("Druid", "Unknown", None),
    "classFile": ("DRUID", "TINKER", None),
    "lastOnline": ("Online", "5h", "2d 4h", "long ago", None),
    **dict.fromkeys(_FLAGS, (True, False, None)),
}


@st.composite
def _rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Entries of which most are right, so that both ways of reading are taken."""
    has_faults = draw(st.integers(0, 3)) == 0
    rows = []
    for name in draw(
        st.lists(st.sampled_from(_NAMES if has_faults else _NAMES[:4]), min_size=1, max_size=5, unique=True)
    ):
        fields: dict[str, Any] = {}
        for field in draw(st.lists(st.sampled_from((*_FIELDS, *_FLAGS)), unique=True)):
            likely = _LIKELY.get(field, _TEXTS[:5])
            fields[field] = draw(st.sampled_from((*likely, *_TEXTS, *_ANYTHING) if has_faults else likely))
        rows.append(row(name, **fields))
    return rows


def _read(rows: Sequence[object]) -> object:
    try:
        return read_characters(rows)
    except BadInput as refused:
        return str(refused), refused.problems


@given(_rows())
def test_an_export_comes_out_as_its_entries_do_one_by_one(rows: list[dict[str, Any]]) -> None:
    one_by_one: list[Mapping[str, object]] = [MappingProxyType(each) for each in rows]  # no plain dictionaries
    assert _read(rows) == _read(one_by_one)


_values = st.sampled_from([*_TEXTS, *_NAMES, None])
_characters = st.builds(
    AddonCharacter,
    st.sampled_from(_NAMES[:6]),
    *[st.one_of(st.sampled_from(["Area52", "Mito", None]), _values)] * 3,
    st.sampled_from([None, 0, 3, 9, 10, 99, True]),
    st.one_of(st.none(), _values),
    st.sampled_from([None, 1, 80, 0, 201]),
    *[st.one_of(st.sampled_from(["Druid", None]), _values)] * 2,
    st.sampled_from([None, 0, 5, -1, 10**8]),
)


@given(st.lists(_characters, min_size=1, max_size=4))
def test_checked_characters_come_out_as_they_do_beside_an_entry_of_the_addon(characters: list[AddonCharacter]) -> None:
    together, mixed = _read(characters), _read([*characters, row("Last")])
    if isinstance(mixed, tuple) and mixed and isinstance(mixed[0], AddonCharacter):
        assert together == mixed[:-1]
    else:
        assert together == mixed
