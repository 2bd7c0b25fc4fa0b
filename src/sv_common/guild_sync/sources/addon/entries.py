"""The characters of an export, checked one by one or as columns: all of them, or a list of what is wrong and none.

Whatever leaves this module fits the database's columns, names each character once, and tells a note that is empty from a note
that the uploader was not allowed to see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.sources.addon.columns import are_settled, columns_of
from sv_common.guild_sync.sources.addon.fields import (
    Fields,
    Problems,
    export_again,
    hours_away,
    kind_of_value,
    label_fault,
    name_fault,
    shown,
)
from sv_common.guild_sync.sources.models import CLASS_NAMES, GUILD_MASTER_RANK, LOWEST_RANK, AddonCharacter

MAX_CHARACTERS = 20_000
"""Most entries of one upload. The game allows a guild 1,000 characters."""

HIGHEST_LEVEL = 200
"""Levels above this are nonsense, whatever expansion the game has reached."""

# What PATTSync 1.0.0 writes for a rank, and for a class, rank or guild name, that the client did not tell.
_UNKNOWN_RANK = 99
_RANKS = range(GUILD_MASTER_RANK, LOWEST_RANK + 1)
_LEVELS = range(1, HIGHEST_LEVEL + 1)
_UNKNOWN_LABEL = "Unknown"

_CLASS_OF_TOKEN = {name.replace(" ", "").upper(): name for name in CLASS_NAMES.values()}

_MARKUP = re.compile(
    r"\|\|"
    r"|\|c[0-9A-Fa-f]{8}|\|cn[^|:]*:|\|r"
    r"|\|H[^|]*\|h|\|h"
    r"|\|T[^|]*\|t|\|A[^|]*\|a"
)


def read_characters(rows: Iterable[object]) -> tuple[AddonCharacter, ...]:
    """Check the entries of an export, given as the addon writes them or as AddonCharacters, which are settled already.

    An empty note counts as seen where its entry says so, or another entry proves that such notes were visible. Raises
    BadInput with a problem for each fault, naming the entry and the field.
    """
    problems = Problems()
    characters = characters_of(rows, problems, None, None)
    problems.refuse_if_any()
    return characters


def strip_markup(text: str) -> str:
    """Give a text as the game shows it: no colors, links, textures or atlas icons, and `||` as one `|`.

    Source: warcraft.wiki.gg, UI escape sequences. A sequence that is not complete is kept, as players can type one.
    """
    if "|" not in text:
        return text
    return _MARKUP.sub(lambda found: "|" if found[0] == "||" else "", text)


def _as_shown(note: str) -> str:
    return strip_markup(note).strip()


class _Entry(NamedTuple):
    """A checked entry whose empty notes may still turn out to be unknown; a flag of None leaves that open."""

    fields: Fields
    character: AddonCharacter
    note_visible: bool | None
    officer_note_visible: bool | None


def characters_of(
    rows: Iterable[object], problems: Problems, notes_visible: bool | None, officer_notes_visible: bool | None
) -> tuple[AddonCharacter, ...]:
    """Return the entries as characters, and add to the problems what is wrong with them.

    The flags say whether the uploader could see the notes; None: the export does not say.
    """
    listed = _bounded(rows)
    if (settled := _without_fault(listed, notes_visible, officer_notes_visible)) is not None:
        return settled
    numbered = enumerate(listed, start=1)
    entries = [entry for number, row in numbered if (entry := _entry(number, row, problems)) is not None]
    _report_duplicates(entries, problems)
    return _settled(entries, notes_visible, officer_notes_visible)


def _without_fault(
    rows: Sequence[object], notes_visible: bool | None, officer_notes_visible: bool | None
) -> tuple[AddonCharacter, ...] | None:
    """Return what comes of entries of which none has a fault; None where they have to be looked at one by one."""
    if all(isinstance(row, AddonCharacter) for row in rows):
        characters = tuple(row for row in rows if isinstance(row, AddonCharacter))
        return characters if are_settled(characters, _RANKS, _LEVELS, _UNKNOWN_LABEL) else None
    columns = columns_of(rows, _as_shown, {*_RANKS, _UNKNOWN_RANK}, {0, *_LEVELS})
    if columns is None:
        return None
    any_note, any_officer_note = any(columns.notes) or len(rows) == 1, any(columns.officer_notes)
    notes = _seen(columns.notes, columns.notes_visible, _first(notes_visible, any_note))
    officer_notes = _seen(
        columns.officer_notes, columns.sees_officer_notes, _first(officer_notes_visible, any_officer_note)
    )
    ranks = [None if rank == _UNKNOWN_RANK else rank for rank in columns.ranks]
    rank_names = [
        known_label(name) if rank is None else name for rank, name in zip(ranks, columns.rank_names, strict=True)
    ]
    class_names = list(zip(columns.classes, columns.class_tokens, strict=True))
    classes = {named: _class_called(*named) for named in set(class_names)}
    return tuple(
        map(
            AddonCharacter,
            *(columns.names, columns.realms, notes, officer_notes, ranks, rank_names),
            [level or None for level in columns.levels],
            map(classes.__getitem__, class_names),
            *(columns.guids, columns.hours_away),
        )
    )


def _seen(notes: Sequence[str | None], visible: Sequence[bool | None], otherwise: bool) -> Sequence[str | None]:
    """The notes that were seen; `otherwise` counts where the entry does not say whether."""
    return [note if (otherwise if sees is None else sees) else None for note, sees in zip(notes, visible, strict=True)]


def _bounded(rows: Iterable[object]) -> Sequence[object]:
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        fault = tr("The characters are {kind} and must be a list.", kind=kind_of_value(rows))
        raise BadInput(export_again(fault))
    listed = rows if isinstance(rows, list | tuple) else list(islice(rows, MAX_CHARACTERS + 1))
    if not listed:
        fault = tr("The export has no characters. Open the guild window once in the game.")
        raise BadInput(export_again(fault))
    if len(listed) > MAX_CHARACTERS:
        fault = tr("The export has more than {n} characters, more than any guild.", n=number(MAX_CHARACTERS))
        raise BadInput(export_again(fault))
    return listed


def _entry(number: int, row: object, problems: Problems) -> _Entry | None:
    """Check one entry. None stands for an entry without a usable name; its other fields are checked all the same."""
    if isinstance(row, AddonCharacter):
        # Its notes are display text already: cleaning `|r` out of what was `||r` would change them.
        fields = Fields(_as_written(row), problems, number)
        entry = _Entry(fields, _character(fields, str), note_visible=True, officer_note_visible=True)
    elif isinstance(row, Mapping):
        fields = Fields(row, problems, number)
        character = _character(fields, _as_shown)
        visible = fields.flag("noteVisible", "canViewNote"), fields.flag("officerNoteVisible", "canViewOfficerNote")
        entry = _Entry(fields, character, *visible)
    else:
        problems.add(
            tr(
                "entry {number}: is {kind} and must be a table with at least a name; "
                "correct it, or export again with /pattsync force.",
                number=number,
                kind=kind_of_value(row),
            )
        )
        return None
    return entry if entry.character.name else None


def _as_written(character: AddonCharacter) -> dict[str, object]:
    return {
        "name": character.name,
        "realm": character.realm,
        "note": character.note,
        "officerNote": character.officer_note,
        "rank": character.rank,
        "rankName": character.rank_name,
        "level": character.level,
        "class": character.class_name,
        "guid": character.guid,
        "lastOnline": None if character.hours_away is None else f"{character.hours_away}h",
    }


def _character(fields: Fields, as_shown: Callable[[str], str]) -> AddonCharacter:
    """Read an entry. The name is empty where there is none that can be used; `as_shown` turns a note into display text."""
    name, realm = _identity(fields)
    rank = None if fields.raw("rank") == _UNKNOWN_RANK else fields.whole_number("rank", GUILD_MASTER_RANK, LOWEST_RANK)
    rank_name = fields.label("rankName")
    return AddonCharacter(
        name=name,
        realm=realm,
        note=fields.note("note", as_shown),
        officer_note=fields.note("officerNote", as_shown),
        rank=rank,
        rank_name=known_label(rank_name) if rank is None else rank_name,
        # PATTSync 1.0.0 writes 0 for a level that the client did not tell; no character has it.
        level=fields.whole_number("level", 0, HIGHEST_LEVEL) or None,
        class_name=_class_name(fields),
        guid=fields.label("guid"),
        hours_away=hours_away(fields.raw("lastOnline")),
    )


def _class_name(fields: Fields) -> str | None:
    """Give the class in English, by the client's token where there is one: the other field is in the client's language."""
    return _class_called(fields.label("class"), fields.label("classFile"))


def _class_called(shown: str | None, token: str | None) -> str | None:
    return _CLASS_OF_TOKEN.get(token or "", known_label(shown))


def _identity(fields: Fields) -> tuple[str, str | None]:
    """Give name and realm. A name may be written as `Name-Realm`; no character's own name has a hyphen."""
    realm = fields.label("realm")
    if fields.raw("name") is None:
        fields.report(tr("has no name"))
    written = fields.text("name")
    if written is None:
        return "", realm
    name, _, suffix = written.strip().partition("-")
    name = fields.without(name, name_fault("name", name)) or ""
    suffix = fields.without(suffix.strip(), label_fault("name", suffix)) or ""
    if realm and suffix and realm_key(realm) != realm_key(suffix):
        fields.report(tr("name says realm {one} and realm says {other}", one=shown(suffix), other=shown(realm)))
    return name, realm or suffix or None


def _report_duplicates(entries: Iterable[_Entry], problems: Problems) -> None:
    first: dict[tuple[str, str], _Entry] = {}
    for entry in entries:
        key = (realm_key(entry.character.realm or ""), name_key(entry.character.name))
        earlier = first.setdefault(key, entry)
        if earlier is not entry:
            problems.add(
                tr(
                    "{entry}: name and realm are those of {earlier}; keep one of the two entries.",
                    entry=entry.fields.where,
                    earlier=earlier.fields.where,
                )
            )


def _settled(
    entries: list[_Entry], notes_visible: bool | None, officer_notes_visible: bool | None
) -> tuple[AddonCharacter, ...]:
    """Decide which empty notes are known to be empty. The client gives "" for a note that it may not show."""
    any_note = any(entry.character.note for entry in entries) or len(entries) == 1
    any_officer_note = any(entry.character.officer_note for entry in entries)
    settled = []
    for _, character, note_visible, officer_note_visible in entries:
        note = character.note if _first(note_visible, notes_visible, any_note) else None
        sees_officer_note = _first(officer_note_visible, officer_notes_visible, any_officer_note)
        officer_note = character.officer_note if sees_officer_note else None
        settled.append(replace(character, note=note, officer_note=officer_note))
    return tuple(settled)


def _first(*flags: bool | None) -> bool:
    """The first flag that says anything."""
    return next((flag for flag in flags if flag is not None), False)


def known_label(label: str | None) -> str | None:
    """Return a label; None where the client did not tell it."""
    return None if label == _UNKNOWN_LABEL else label
