"""How far a guild's set-up has come, by what is stored; no source is asked."""

from __future__ import annotations

from dataclasses import dataclass

from patt.config import Settings
from patt.setup.wizard import STEPS
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.roster.guilds import Guild

SQL = load_sql(__package__, "progress.sql")
_OPTIONAL = frozenset({"export"})
"""Steps that a guild may do without for a long time: companions send exports."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What of a guild is there already."""

    characters: int = 0
    profiles: int = 0
    members: int = 0
    ranks: int = 0
    undecided: int = 0
    named: int = 0
    keys: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps that are done, by their names, and what is known of the guild; None while there is none."""

    guild: Guild | None
    done: frozenset[str]
    counts: Counts = Counts()

    @property
    def has_begun(self) -> bool:
        """Whether something was set up that only the set-up asks for."""
        return bool(self.done & {"battlenet", "discord", "guild"})

    @property
    def next_step(self) -> str | None:
        """The first step that is to be done; None where only such are left that can wait."""
        return self.step_after(None)

    def step_after(self, name: str | None) -> str | None:
        """Return the first step after another that is not done; then the first of all."""
        names = [step.name for step in STEPS]
        later = names[names.index(name) + 1 :] if name in names else []
        missing = [each for each in (*later, *names) if each not in self.done and each != name]
        return next((each for each in missing if each in later or each not in _OPTIONAL), None)


async def progress_of(pool: Pool, settings: Settings, guild_id: int | None) -> Progress:
    """Return how far the set-up of a guild has come; without one, which credentials are stored. Raises `NotFound`."""
    done = {
        "battlenet": bool(settings.blizzard_client_id and settings.blizzard_client_secret),
        "discord": bool(settings.discord_bot_token),
        "address": "base_url" in settings.model_fields_set,
    }
    if guild_id is None:
        return Progress(None, _true(done))
    async with pool.reading(guild_id) as here:
        guild, standings = await guilds.get(here), await runs.standings(here)
        counts = await here.one(Counts, SQL["counts"]) or Counts()
    read = {name for name, standing in standings.items() if standing.last_good is not None}
    done |= {
        "guild": True,
        "server": guild.discord_guild_id is not None,
        "channel": guild.audit_channel_id is not None,
        "roster": "battlenet_sync" in read,
        "export": counts.named > 0,
        "ranks": counts.ranks > 0 and counts.undecided == 0,
        "members": "discord_sync" in read,
        "key": counts.keys > 0,
    }
    return Progress(guild, _true(done), counts)


def _true(done: dict[str, bool]) -> frozenset[str]:
    return frozenset(name for name, is_done in done.items() if is_done)
