"""What pages say for what the engine keeps: an issue's details, kinds of evidence, pipelines and jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from patt.tasks import Task
from sv_common.guild_sync.identity_engine import Evidence
from sv_common.guild_sync.insights.activity import Pipeline
from sv_common.guild_sync.issues.explanation import Saying, Source
from sv_common.guild_sync.roster.uploads import UploadState

_LABELS = {
    "character": "Character",
    "note": "Guild note",
    "named": "The note names",
    "player": "Player",
    "link_source": "How it was linked",
    "linked_under": "Note when it was linked",
    "is_decided": "Linked by a person",
    "gives": "What the role gives here",
    "has_left": "All characters have left",
    "basis": "The link rests on",
    "basis_note": "Note when it was linked",
    "confirmed_by": "Confirmed by",
    "ranks": "Ranks",
    "role": "Discord role",
    "formerly": "Former name of",
    "weight": "Its rank",
    "candidates": "Could mean",
    "resembles": "Looks like",
    "own_name_is_player": "Bears its player's Discord name",
    "member": "Discord member",
    "roles": "Guild roles on Discord",
    "rank": "Rank in the game",
    "right_role": "Role of that rank",
    "has_right_role": "Has that role",
    "wrong_roles": "Other guild roles held",
    "last_login_timestamp": "Last login",
    "player_active_on": "The player is active on",
}
_LINK_SOURCES = {
    "manual": "by hand",
    "officer_fix": "by an officer's fix",
    "bulk_fix": "by an officer's fix of many at once",
    "auto_fix": "by an automatic fix",
    "full_match": "by a full match",
}

UPLOAD_STATES: Mapping[UploadState, str] = {
    "received": "waiting",
    "done": "done",
    "superseded": "superseded",
    "refused": "refused",
    "failed": "given up",
}

SOURCES: Mapping[Source, str] = {
    Source.ROSTER: "In the game",
    Source.NOTE: "Guild note",
    Source.DISCORD: "On Discord",
    Source.RANKS: "Rank table",
    Source.RECORD: "In PATT",
    Source.OFFICER: "By an officer",
}
"""Where something is said about the subject of an issue."""

KINDS_OF_EVIDENCE = {
    Evidence.KNOWN_PLAYER: (
        "Known players",
        "Characters are linked to players who are there already; nobody is created.",
    ),
    Evidence.DISCORD_MEMBER: (
        "New players who are on Discord",
        "A player is created for a Discord member whose name or main the characters lead to.",
    ),
    Evidence.MAIN: (
        "New players by their main",
        "A player is created because notes name one main; nobody on Discord has its name.",
    ),
    Evidence.NICKNAME: (
        "New players by a nickname",
        "A player is created because several notes hold the same unknown word. Look at these closely.",
    ),
}
"""The kinds of evidence of a full match: a heading, and what it means."""

PIPELINES: Mapping[Pipeline, str] = {
    "addon_upload": "Addon upload",
    "battlenet_sync": "Battle.net",
    "discord_sync": "Discord",
    "sweep": "Daily check",
    "full_match": "Full match",
}

TASKS: Mapping[str, str] = {
    Task.UPLOADS: "Process uploads",
    Task.BATTLE_NET: "Sync with Battle.net",
    Task.DISCORD: "Sync with Discord",
    Task.SWEEP: "Daily check",
    Task.FULL_MATCH: "Full match",
    Task.DIGEST: "Send the digest",
    Task.JOBS: "Scans and fixes",
    Task.PLAN: "Enqueue what is due",
}


def by_source(sayings: Sequence[Saying]) -> list[tuple[str, list[str]]]:
    """Return what is said, in its order, with the source named once for what follows on it."""
    return [
        (SOURCES[source], [saying.sentence for saying in group])
        for source, group in groupby(sayings, key=lambda saying: saying.source)
    ]


def details_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the details that tell a person something, each with its label; numbers of rows are left out."""
    known = [key for key in _LABELS if key in details]
    others = [key for key in details if key not in _LABELS and not key.endswith("_id") and key != "verdict"]
    return [
        (_LABELS.get(key, key.replace("_", " ").capitalize()), words)
        for key in [*known, *others]
        if (words := _words(key, details[key]))
    ]


def _words(key: str, value: Any) -> str:
    if key == "last_login_timestamp" and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    if key == "link_source":
        return _LINK_SOURCES.get(value, str(value))
    if key == "note" and value == "":
        return "(empty)"
    return _plain(value)


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            name = value.get("label") or value.get("name") or ""
            return f"{name}: {value['evidence']}" if value.get("evidence") else str(name)
        case Sequence() if not isinstance(value, str):
            return "; ".join(_plain(each) for each in value)
        case _:
            return str(value)
