"""Writes the guild as the game client saves the addon's data (`SavedVariables/PATTSync.lua`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.simulators.world import GuildWorld
from sv_common.guild_sync.sources.models import CLASS_NAMES

Style: TypeAlias = Literal["current", "older"]
"""What wrote the file: the present addon in a client of today, which does not indent; or the first addon in an old
client, with tabs, and a comment on each list item."""

LuaValue: TypeAlias = "str | bool | int | float | Sequence[LuaValue] | Mapping[str, LuaValue]"

HOUR_MS = 60 * 60 * 1000
ADDON_VERSION = "2.1.0"
INTERFACE = 120100
_REGIONS = {"us": 1, "kr": 2, "eu": 3, "tw": 4}
"""The client's own numbers (GetCurrentRegion)."""

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


def render(
    world: GuildWorld,
    *,
    style: Style = "current",
    sees_notes: bool = True,
    sees_officer_notes: bool = True,
    exported_at_ms: int | None = None,
    language: str = "enUS",
) -> str:
    """Write the file that an uploader's client would save.

    Notes that the uploader may not see are empty; only the present addon says so, and leaves officer notes out.
    `exported_at_ms` (milliseconds since 1970, UTC) is the world's present unless given; `language` names the realms.
    """
    exported_at = world.now_ms if exported_at_ms is None else exported_at_ms
    hidden = [key for key, seen in (("note", sees_notes), ("officerNote", sees_officer_notes)) if not seen]
    locale = f"{language[:2]}_{language[2:]}"
    rows = [_row(world, each, exported_at, locale) | dict.fromkeys(hidden, "") for each in world.characters]
    export: dict[str, LuaValue] = {
        "exportTime": exported_at // 1000,
        "guildName": world.guild_name,
        "memberCount": len(rows),
        "characters": rows,
    }
    if style == "older":
        return saved_variables({"PATTSyncDB": {"lastExport": export}}, style)
    export |= _present_head(world, rows, exported_at, language)
    export["canViewOfficerNotes"] = sees_officer_notes
    export["characters"] = [
        _present_row(*pair, sees_officer_notes) for pair in zip(world.characters, rows, strict=True)
    ]
    end = {key: export[key] for key in ("exportId", "memberCount")}
    return saved_variables({"PATTSyncDB": {"lastExport": export}, "PATTSyncEnd": end}, style)


def saved_variables(variables: Mapping[str, LuaValue], style: Style = "current") -> str:
    """Write global variables as the client writes a SavedVariables file, with its leading empty line."""
    lines = [""]
    for name, value in variables.items():
        lines.extend(_assignment(f"{name} = ", value, "", 0, style))
    return "\n".join(lines) + "\n"


def _row(world: GuildWorld, character: WorldCharacter, exported_at: int, locale: str) -> dict[str, LuaValue]:
    return {
        "name": character.name,
        "realm": character.realm.normalized_in(locale),
        "note": _as_typed(character.note),
        "officerNote": _as_typed(character.officer_note),
        "rank": character.rank,
        "rankName": world.rank_names[character.rank],
        "level": character.level,
        "class": CLASS_NAMES[character.class_id],
        "lastOnline": _time_away(exported_at - character.last_login_ms),
    }


def _present_head(
    world: GuildWorld, rows: Sequence[dict[str, LuaValue]], exported_at: int, language: str
) -> dict[str, LuaValue]:
    """The fields that the first addon did not write. Public notes count as seen where there is one."""
    digest = hashlib.sha256(repr((exported_at, rows)).encode()).hexdigest()
    head: dict[str, LuaValue] = {
        "formatVersion": 2,
        "addonVersion": ADDON_VERSION,
        "interface": INTERFACE,
        "language": language,
        "exportId": f"{exported_at // 1000:x}-{digest[:6]}",
        "realm": world.realm.normalized_in(f"{language[:2]}_{language[2:]}"),
        "region": _REGIONS[world.region],
    }
    return head | ({"canViewNotes": True} if any(row["note"] for row in rows) else {})


def _present_row(character: WorldCharacter, row: dict[str, LuaValue], sees_officer_notes: bool) -> dict[str, LuaValue]:
    token = CLASS_NAMES[character.class_id].replace(" ", "").upper()
    present = row | {"guid": character.guid, "classFile": token}
    return present if sees_officer_notes else {key: value for key, value in present.items() if key != "officerNote"}


def _as_typed(note: str) -> str:
    """Double the vertical bars, as the game does to tell a player's bar from its own color codes."""
    return note.replace("|", "||")


def _time_away(milliseconds: int) -> str:
    if milliseconds <= 0:
        return "Online"
    days, hours = divmod(milliseconds // HOUR_MS, 24)
    return f"{days}d {hours}h" if days else f"{hours}h"


def _assignment(prefix: str, value: LuaValue, end: str, depth: int, style: Style) -> Iterator[str]:
    indent = "\t" * depth if style == "older" else ""
    if isinstance(value, (str, bool, int, float)):
        yield f"{indent}{prefix}{_scalar(value)}{end}"
        return
    yield f"{indent}{prefix}{{"
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _assignment(f'["{key.translate(_ESCAPES)}"] = ', item, ",", depth + 1, style)
    else:
        for number, item in enumerate(value, start=1):
            yield from _assignment("", item, f", -- [{number}]" if style == "older" else ",", depth + 1, style)
    yield f"{indent}}}{end}"


def _scalar(value: str | float) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)
