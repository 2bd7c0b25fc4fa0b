"""Turns an export of the PATTSync addon into checked characters: all of them, or a list of what is wrong and none.

An export is uploaded by a person and can hold anything. Whatever leaves this module fits the database's columns, names
each character once, and tells a note that is empty from a note that the uploader was not allowed to see.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.sources.addon.columns import are_settled, columns_of
from sv_common.guild_sync.sources.addon.fields import (
    MAX_LABEL_LETTERS,
    Fields,
    Problems,
    export_again,
    hours_away,
    kind_of_value,
    label_fault,
    name_fault,
    refuse_too_much_json,
    shown,
)
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.addon.saved_variables import (
    LuaTable,
    LuaValue,
    parse_saved_variables,
    where_to_find_it,
)
from sv_common.guild_sync.sources.models import CLASS_NAMES, GUILD_MASTER_RANK, LOWEST_RANK, AddonCharacter

ADDON_VARIABLE = "PATTSyncDB"
"""The global variable that the addon saves, as its .toc file declares."""

CLOSING_VARIABLE = "PATTSyncEnd"
"""The variable that the addon saves last. It repeats the export's id and number of characters: the file is whole."""

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

_LAST_SECOND_OF_9999 = 253_402_300_799
_HIGHEST_REGION = 255


_MARKUP = re.compile(
    r"\|\|"
    r"|\|c[0-9A-Fa-f]{8}|\|cn[^|:]*:|\|r"
    r"|\|H[^|]*\|h|\|h"
    r"|\|T[^|]*\|t|\|A[^|]*\|a"
)


@dataclass(frozen=True, slots=True)
class AddonExport:
    """The last export in a SavedVariables file of the addon.

    `exported_at` is in seconds since 1970, UTC, by the game server's clock or else by that of the uploader's machine.
    `region` is the client's number (1 US, 2 KR, 3 EU, 4 TW, 5 CN). Only `characters` is in every export.
    """

    characters: tuple[AddonCharacter, ...]
    export_id: str | None = None
    exported_at: int | None = None
    guild_name: str | None = None
    realm: str | None = None
    region: int | None = None

    @property
    def origin(self) -> ExportOrigin:
        return ExportOrigin(self.guild_name, self.realm, self.region)

    @property
    def seen_at(self) -> datetime | None:
        return None if self.exported_at is None else datetime.fromtimestamp(self.exported_at, UTC)

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the export says, whatever its order. Without what later versions read besides: they know what was sent."""
        characters = [asdict(character) for character in self.characters]
        for each in characters:
            del each["hours_away"]
        said = [self.export_id, self.exported_at, characters]
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_addon_export(source: bytes) -> AddonExport:
    """Read the addon's SavedVariables file as the game wrote it. Raises BadInput with every problem that was found."""
    export = _last_export(source)
    return _read_export(export, _listed_characters(export))


def read_addon_export_json(source: bytes) -> AddonExport:
    """Read an export sent as JSON: an object with the fields of `lastExport`, its characters a list.

    Raises BadInput. Its limits are those of the file, and it is measured before anything is made of it.
    """
    refuse_too_much_json(source)
    try:
        export = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise BadInput(tr("The body is no JSON that can be read. Send the addon's file as it is, or JSON.")) from error
    if not isinstance(export, dict):
        kind = kind_of_value(export)
        raise BadInput(tr("The body is {kind} and must be an object with a list of characters.", kind=kind))
    characters = export.get("characters")
    if not isinstance(characters, list):
        raise BadInput(tr("The field characters is {kind} and must be a list.", kind=kind_of_value(characters)))
    return _read_export(export, characters)


def _read_export(export: Mapping[Any, object], rows: Sequence[object]) -> AddonExport:
    problems = Problems()
    head = Fields(export, problems)
    announced = head.whole_number("memberCount", 0, MAX_CHARACTERS)
    if announced is not None and announced != len(rows):  # entries were lost on the way
        head.report(
            tr(
                "memberCount says {announced} characters and the list has {n}",
                announced=number(announced),
                n=number(len(rows)),
            )
        )
    visible = head.flag("canViewNotes", "canViewPublicNotes"), head.flag("canViewOfficerNotes", "canViewOfficerNote")
    characters = _characters(rows, problems, *visible)
    result = AddonExport(
        characters=characters,
        export_id=head.label("exportId"),
        exported_at=head.whole_number("exportTime", 0, _LAST_SECOND_OF_9999),
        guild_name=_known(head.label("guildName")),
        realm=head.label("realm"),
        region=head.whole_number("region", 1, _HIGHEST_REGION),
    )
    problems.refuse_if_any()
    return result


def read_characters(rows: Iterable[object]) -> tuple[AddonCharacter, ...]:
    """Check the entries of an export, given as the addon writes them or as AddonCharacters, which are settled already.

    An empty note counts as seen where its entry says so, or another entry proves that such notes were visible. Raises
    BadInput with a problem for each fault, naming the entry and the field.
    """
    problems = Problems()
    characters = _characters(rows, problems, None, None)
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


def _last_export(source: bytes) -> LuaTable:
    variables = parse_saved_variables(source)
    if ADDON_VARIABLE not in variables:
        found = ", ".join(name[:MAX_LABEL_LETTERS] for name in islice(variables, 3)) or tr("nothing")
        fault = tr(
            "This file belongs to another addon: it saves {found} and not {variable}. Choose PATTSync.lua.",
            found=found,
            variable=ADDON_VARIABLE,
        )
        raise BadInput(where_to_find_it(fault))
    database = variables[ADDON_VARIABLE]
    export = database.get("lastExport") if isinstance(database, dict) else database
    if export is None:
        raise BadInput(
            tr(
                "The addon has not exported yet. Open the game, type /pattsync force, wait for its message, "
                "log out or type /reload, and upload the file again."
            )
        )
    if not isinstance(export, dict):
        fault = tr("The addon's last export is {kind} and must be a table.", kind=kind_of_value(export))
        raise BadInput(export_again(fault))
    _check_closing(export, variables.get(CLOSING_VARIABLE))
    return export


def _check_closing(export: LuaTable, closing: LuaValue) -> None:
    """Refuse a file without the end that belongs to its export. Before format 2 the addon wrote neither."""
    if export.get("formatVersion") is None:
        return
    repeated = ("exportId", "memberCount")
    if not isinstance(closing, dict):
        fault = tr("The file is not whole: its closing mark {mark} is missing.", mark=CLOSING_VARIABLE)
    elif any(closing.get(field) != export.get(field) for field in repeated):
        fault = tr("The file is not whole: its closing mark {mark} belongs to another export.", mark=CLOSING_VARIABLE)
    else:
        return
    remedy = tr("The game was still writing it, or the copy was cut. Log out or type /reload, then upload it again.")
    raise BadInput(f"{fault} {remedy}")


def _listed_characters(export: LuaTable) -> list[object]:
    """Give the entries in order. A gap would mean that entries were lost on the way."""
    characters = export.get("characters")
    if not isinstance(characters, dict):
        raise BadInput(export_again(tr("The last export has no list of characters.")))
    numbers = range(1, len(characters) + 1)
    if characters.keys() != set(numbers):
        raise BadInput(export_again(tr("The characters of the last export are not numbered from 1 without gaps.")))
    return [characters[number] for number in numbers]


def _characters(
    rows: Iterable[object], problems: Problems, notes_visible: bool | None, officer_notes_visible: bool | None
) -> tuple[AddonCharacter, ...]:
    """The flags say whether the uploader could see the notes; None: the export does not say."""
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
    rank_names = [_known(name) if rank is None else name for rank, name in zip(ranks, columns.rank_names, strict=True)]
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
        rank_name=_known(rank_name) if rank is None else rank_name,
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
    return _CLASS_OF_TOKEN.get(token or "", _known(shown))


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


def _known(label: str | None) -> str | None:
    return None if label == _UNKNOWN_LABEL else label
