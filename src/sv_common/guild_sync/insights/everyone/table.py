"""The list of people as a table for a spreadsheet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sv_common.guild_sync.insights.everyone.summary import PersonSummary

COLUMNS = (
    "kind",
    "number",
    "name",
    "characters",
    "character_names",
    "main",
    "class",
    "rank",
    "last_seen",
    "proofs",
    "discord_name",
    "is_on_discord",
    "is_on_hiatus",
    "away_until",
    "is_inactive",
    "open_issues",
)


def table_of(people: Sequence[PersonSummary]) -> Iterator[Sequence[Any]]:
    """Return one row for each person, in the order of `COLUMNS`."""
    for each in people:
        yield (
            each.kind.value,
            each.id,
            each.name,
            each.characters,
            ", ".join(f"{character.name}-{character.realm}" for character in each.played),
            each.main_name and f"{each.main_name}-{each.main_realm}",
            each.main_class,
            each.rank,
            _moment(each.last_login_timestamp),
            ", ".join(each.proofs),
            each.discord_name,
            each.is_on_discord,
            each.is_away,
            each.away_until,
            each.is_inactive,
            each.open_issues,
        )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
