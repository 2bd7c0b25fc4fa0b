"""How often each source is expected and from which age its data is stale: one table for page, doctor, metrics and planner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sv_common.guild_sync.core.language import mark, tr


class Source(StrEnum):
    """Where a guild's data comes from."""

    NOTES = "addon_notes"
    ROSTER = "battlenet_roster"
    MEMBERS = "discord_members"
    PROFILES = "battlenet_profiles"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How often a source is expected, and from which age on its data is stale: when several times were missed in a row.

    `advice` is what an officer can do then, in English.
    """

    pipeline: str
    expected_every: timedelta
    stale_after: timedelta
    advice: str

    @property
    def remedy(self) -> str:
        """What an officer can do then, in the language of the task."""
        return tr(self.advice)


FRESHNESS: Mapping[Source, Freshness] = {
    # An officer plays at least once a week, and the companion sends what the addon wrote.
    Source.NOTES: Freshness(
        "addon_upload",
        timedelta(days=3),
        timedelta(days=7),
        mark(
            "An officer types /pattsync and then /reload in the game, with “patt watch” running; or run: patt upload FILE"
        ),
    ),
    Source.ROSTER: Freshness(
        "battlenet_sync",
        timedelta(hours=6),
        timedelta(days=1),
        mark("Keep “patt serve” running. “patt doctor” shows problems. To sync now: patt sync battlenet"),
    ),
    Source.MEMBERS: Freshness(
        "discord_sync",
        timedelta(minutes=15),
        timedelta(hours=2),
        mark("Keep “patt serve” running. “patt doctor” shows problems. To sync now: patt sync discord"),
    ),
    # Read along with the roster: of a small guild in which everybody sleeps, the newest one is days old.
    Source.PROFILES: Freshness(
        "profiles",
        timedelta(hours=6),
        timedelta(days=5),
        mark("They come with the roster. See its last run in the Log."),
    ),
}
