"""Turns an export of the PATTSync addon into checked characters: all of them, or a list of what is wrong and none.

An export is uploaded by a person and can hold anything. Its characters are read in `entries`, and everything else here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.sources.addon.entries import MAX_CHARACTERS, characters_of, known_label
from sv_common.guild_sync.sources.addon.fields import (
    MAX_LABEL_LETTERS,
    Fields,
    Problems,
    export_again,
    kind_of_value,
    refuse_too_much_json,
)
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.addon.saved_variables import (
    LuaTable,
    LuaValue,
    parse_saved_variables,
    where_to_find_it,
)
from sv_common.guild_sync.sources.models import AddonCharacter

ADDON_VARIABLE = "PATTSyncDB"
"""The global variable that the addon saves, as its .toc file declares."""

CLOSING_VARIABLE = "PATTSyncEnd"
"""The variable that the addon saves last. It repeats the export's id and number of characters: the file is whole."""

_LAST_SECOND_OF_9999 = 253_402_300_799
_HIGHEST_REGION = 255


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
    characters = characters_of(rows, problems, *visible)
    result = AddonExport(
        characters=characters,
        export_id=head.label("exportId"),
        exported_at=head.whole_number("exportTime", 0, _LAST_SECOND_OF_9999),
        guild_name=known_label(head.label("guildName")),
        realm=head.label("realm"),
        region=head.whole_number("region", 1, _HIGHEST_REGION),
    )
    problems.refuse_if_any()
    return result


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
