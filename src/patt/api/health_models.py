"""What the API tells of a guild's health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import ConfigDict, Field

from patt.api.models import Answer
from sv_common.guild_sync.domain.freshness import Source

_SHARE = {
    "counted": 200,
    "healthy": 181,
    "percent": 90,
    "unlinked": 12,
    "troubled": 7,
    "noted": 5,
    "left_out": {"left": 31, "gone": 2},
}
_SOURCE = {
    "source": "addon_notes",
    "last": "2026-11-14T20:15:00Z",
    "age_s": 795_600,
    "expected_every_s": 259_200,
    "stale_after_s": 604_800,
    "is_stale": True,
    "error": None,
}


def _example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [example]})


class ShareAnswer(Answer):
    """How many are linked and consistent: linked to a player, and no issue about them is open but for information."""

    model_config = _example(_SHARE)

    counted: int
    healthy: int = Field(description="Linked, and without an open issue.")
    percent: int | None = Field(description="The share, rounded down; null where nobody counts.")
    unlinked: int = Field(description="Linked to no player.")
    troubled: int = Field(description="Linked, with an open issue.")
    noted: int = Field(description="How many of the healthy have an open issue for information only.")
    left_out: dict[str, int] = Field(
        description="Who does not count, by why: left, gone (Battle.net says so), bots, guests (without a guild role)."
    )


class SourceAnswer(Answer):
    """How old a source's data is."""

    model_config = _example(_SOURCE)

    source: Source
    last: datetime | None = Field(description="When its data is from; null where there was none yet.")
    age_s: int | None = Field(description="Its age in seconds.")
    expected_every_s: int = Field(description="How often it is expected, in seconds.")
    stale_after_s: int = Field(description="From which age on it is stale, in seconds.")
    is_stale: bool
    error: str | None = Field(description="Why the last try since then failed, if one did.")


class SelfFixedAnswer(Answer):
    """Fixes that automation made of one rule."""

    model_config = _example({"issue_type": "note_mismatch", "fixed": 14, "undone": 1})

    issue_type: str
    fixed: int
    undone: int = Field(description="How many of them were taken back.")


class HealthAnswer(Answer):
    """How healthy a guild's data is now."""

    model_config = _example(
        {
            "guild_id": 1,
            "characters": _SHARE,
            "members": {**_SHARE, "left_out": {"bots": 3, "guests": 40, "left": 12}},
            "sources": [_SOURCE],
            "fixed_since": "2026-11-17",
            "fixed": 14,
            "fixed_by_itself": [{"issue_type": "note_mismatch", "fixed": 14, "undone": 1}],
        }
    )

    guild_id: int
    characters: ShareAnswer
    members: ShareAnswer
    sources: Sequence[SourceAnswer]
    fixed_since: date = Field(description="The first day (UTC) of the week that `fixed` counts; today is the last.")
    fixed: int = Field(description="Fixes that automation made in this week.")
    fixed_by_itself: Sequence[SelfFixedAnswer]


class RuleTrendAnswer(Answer):
    """How the open issues of one rule moved."""

    model_config = _example({"issue_type": "orphan_wow", "name": "Unlinked WoW Character", "open": [14, 14, 12]})

    issue_type: str
    name: str
    open: Sequence[int] = Field(description="How many were open at the end of each of the days.")


class TrendsAnswer(Answer):
    """How many issues were open at the end of each day (UTC), oldest first; the last day is today so far."""

    model_config = _example(
        {
            "guild_id": 1,
            "days": ["2026-11-21", "2026-11-22", "2026-11-23"],
            "total": [20, 19, 15],
            "rules": [{"issue_type": "orphan_wow", "name": "Unlinked WoW Character", "open": [14, 14, 12]}],
        }
    )

    guild_id: int
    days: Sequence[date]
    total: Sequence[int]
    rules: Sequence[RuleTrendAnswer]
