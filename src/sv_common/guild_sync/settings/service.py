"""Changing a guild's settings: first what would come of it, then exactly that, and every change can be taken back.

A preview really makes the change, looks at the guild and mends what mends itself, in a transaction that is rolled back.
Saving does the same and keeps it, unless something else would come of it now than what was seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.guild_sync.core.errors import PlanStale, reason_of
from sv_common.guild_sync.core.progress import Count
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.fix_roles import fix_on_discord
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.settings import changes
from sv_common.guild_sync.settings.changes import NewSettingChange
from sv_common.guild_sync.settings.differences import Difference
from sv_common.guild_sync.settings.model import RuleSetting, Setting
from sv_common.guild_sync.settings.readings import ReadingChange, readings_changed
from sv_common.guild_sync.settings.requests import (
    SettingRequest,
    Wanted,
    current_setting,
    differences_between,
    read_request,
    write,
)
from sv_common.guild_sync.settings.trial import (
    IssueEffect,
    Move,
    Sight,
    counts_of,
    effects_between,
    look_and_mend,
    open_now,
)
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)

_NOTHING_WOULD: Final = "No issue would open or be resolved."


@dataclass(frozen=True, slots=True)
class SettingReport:
    """What a change of the settings would do, or did. `change_id` is what to undo; None for a preview.

    `notices` are sentences that an administrator should read, `unrelated` those of what the next look would do without the
    change too; `key` is what saving is compared with.
    """

    guild_id: int
    wanted: Wanted
    effects: Sequence[IssueEffect]
    readings: Sequence[ReadingChange]
    notices: tuple[str, ...]
    unrelated: tuple[str, ...]
    key: str
    change_id: int | None = None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is set now, and what would be."""
        return self.wanted.differences

    @property
    def counts(self) -> dict[Move, int]:
        """How many issues open, are resolved, and are fixed by themselves."""
        return counts_of(self.effects)

    @property
    def sentence(self) -> str:
        """Say what would come of it, or what came of it."""
        return _would(self.counts) if self.change_id is None else _did(self.counts)


async def preview_setting(
    pool: Pool, request: SettingRequest, *, guild_id: int | None = None, with_discord: bool = False
) -> SettingReport:
    """Return exactly what `save_setting` would do now, and do nothing. Raises like `read_request`.

    `with_discord`: whether a bot is there that could carry out fixes on Discord.
    """

    async def carry_out(guild: GuildConnection) -> SettingReport:
        return (await _carry_out(guild.conn, guild.id, request, "preview", with_discord=with_discord))[0]

    return await pool.rehearse(await guilds.resolve_guild(pool, guild_id), carry_out, alone=True)


async def save_setting(
    pool: Pool,
    request: SettingRequest,
    *,
    actor: str,
    guild_id: int | None = None,
    seen: str | None = None,
    discord_bot: DiscordSource | None = None,
) -> SettingReport:
    """Change a setting, look at the guild at once, fix what fixes itself, and remember who changed it.

    `seen` is the key of the preview. Raises like `read_request`, and `PlanStale` where something else would come of it
    than what was seen: then nothing is changed.
    """
    async with pool.connection() as conn:
        number = await guilds.lock_the_only(conn, guild_id)
        report, sight = await _carry_out(conn, number, request, actor, with_discord=discord_bot is not None)
        if seen not in (None, report.key):
            raise PlanStale(
                "The settings or the data have changed since the preview, so nothing was saved. Look at the preview again."
            )
        change_id = await changes.add(conn, _kept(number, report.wanted), actor=actor)
    left = await _mend_on_discord(pool, number, sight, discord_bot) if discord_bot is not None else []
    return replace(report, change_id=change_id, notices=(*report.notices, *left))


@contextlib.asynccontextmanager
async def recorded(conn: Connection, guild_id: int, about: Setting, *, actor: str) -> AsyncIterator[None]:
    """Remember what is changed inside of a setting that somebody changes without a preview, if anything is.

    Nothing is looked at again: the next scan does that. `about` says which rule, ranks or word it is.
    """
    await guilds.lock(conn, guild_id)
    before = await current_setting(conn, guild_id, about)
    yield
    after = await current_setting(conn, guild_id, about)
    differences = await differences_between(conn, guild_id, before, after)
    if differences:
        await changes.add(conn, _kept(guild_id, Wanted(before, after, differences)), actor=actor)


async def _carry_out(
    conn: Connection, guild_id: int, request: SettingRequest, actor: str, *, with_discord: bool
) -> tuple[SettingReport, Sight]:
    """Look with the settings as they are, so that what has changed since the last look counts for nobody; change; look again."""
    wanted = await read_request(conn, guild_id, request)
    logged = await open_now(conn, guild_id)
    before = await look_and_mend(conn, guild_id)
    readings = await readings_changed(conn, guild_id, wanted.after)
    await write(conn, guild_id, wanted.after, actor=actor)
    after = await look_and_mend(conn, guild_id)
    found = await effects_between(conn, guild_id, before, after)
    effects = [effect for effect in found if with_discord or not effect.on_discord]
    notices = (
        *_of_a_rule(wanted, before),
        *_without_bot(found, with_discord=with_discord),
        *after.notices,
    )
    key = _key(wanted, effects, readings)
    unrelated = tuple(_in_any_case(logged, before))
    return SettingReport(guild_id, wanted, effects, readings, notices, unrelated, key), after


async def _mend_on_discord(pool: Pool, guild_id: int, sight: Sight, source: DiscordSource) -> list[str]:
    """Carry out the fixes that are left for Discord; return why some could not be."""
    results: list[FixResult] = []
    for issue_type, fixes in sight.on_discord.items():
        if fixes:
            results += await _fix_on_discord(pool, guild_id, issue_type, fixes, source)
    unseen = [result.reason for result in results if result.outcome is FixOutcome.UNVERIFIED]
    undone = [r.reason for r in results if r.outcome not in (FixOutcome.FIXED, FixOutcome.UNVERIFIED)]
    return [
        *([f"{len(undone)} could not be fixed on Discord: {undone[0]}"] if undone else []),
        *([f"{len(unseen)} could not be verified on Discord: {unseen[0]}"] if unseen else []),
    ]


async def _fix_on_discord(
    pool: Pool, guild_id: int, issue_type: str, fixes: Sequence[PlannedFix], source: DiscordSource
) -> list[FixResult]:
    try:
        return await fix_on_discord(
            pool, RULES, RULES[issue_type], guild_id, fixes, Command.automation(), source, Count(len(fixes))
        )
    except Exception as error:  # the settings are saved by now, whatever becomes of a fix
        log.exception("automatic_fixes_failed", rule=issue_type, guild_id=guild_id)
        return [fix.result(FixOutcome.FAILED, reason_of(error)) for fix in fixes]


def _of_a_rule(wanted: Wanted, before: Sight) -> list[str]:
    """What becomes of the open issues of a rule that is switched off."""
    was, will_be = wanted.before, wanted.after
    if not isinstance(was, RuleSetting) or not isinstance(will_be, RuleSetting):
        return []
    if will_be.wishes.is_enabled or not was.wishes.is_enabled:
        return []
    count = sum(issue.issue_type == will_be.issue_type for issue in before.open.values())
    if count == 0:
        return ["Nothing of this rule is open. It is not looked for any more until the rule is switched on again."]
    stay = "stays open as it is" if count == 1 else "stay open as they are"
    sentence = (
        f"{_issues(count)} of this rule {stay}: nobody looks again, and nothing is resolved or fixed by itself, until the "
        "rule is switched on again. An officer can still fix, dismiss or resolve."
    )
    return [sentence]


def _without_bot(found: Sequence[IssueEffect], *, with_discord: bool) -> list[str]:
    waiting = sum(effect.on_discord for effect in found)
    if with_discord or not waiting:
        return []
    return [f"{_issues(waiting)} could be fixed on Discord, and no Discord bot is set up: set PATT_DISCORD_BOT_TOKEN."]


def _in_any_case(logged: Mapping[str, Issue], settled: Sight) -> list[str]:
    """What the next look would do without the change, which is none of its effects and happens along with it."""
    opens, goes = len(settled.open.keys() - logged.keys()), len(logged.keys() - settled.open.keys())
    if not opens + goes:
        return []
    sentence = (
        f"Whether this is saved or not, the next look at the guild opens {_issues(opens)} and settles {goes}: the data has "
        "changed since the last one."
    )
    return [sentence]


def _key(wanted: Wanted, effects: Sequence[IssueEffect], readings: Sequence[ReadingChange]) -> str:
    """SHA-256 of the change and of all that comes of it."""
    told = [
        [wanted.after.kind, wanted.after.subject, wanted.undoes],
        wanted.before.as_json(),
        wanted.after.as_json(),
        [[effect.issue_hash, effect.move, effect.steps] for effect in effects],
        [[each.character_id, each.after] for each in readings],
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _kept(guild_id: int, wanted: Wanted) -> NewSettingChange:
    return NewSettingChange(
        guild_id,
        wanted.after.kind,
        wanted.after.subject,
        wanted.before.as_json(),
        wanted.after.as_json(),
        wanted.sentence,
        wanted.undoes,
    )


def _would(counts: dict[Move, int]) -> str:
    moves = _joined(("open", counts[Move.OPENS]), ("resolve", counts[Move.RESOLVES]))
    fixed = counts[Move.FIXED]
    if not moves:
        return f"{_issues(fixed)} would be fixed by {_themselves(fixed)}." if fixed else _NOTHING_WOULD
    return (
        f"This would {moves}, and {fixed} more would be fixed by {_themselves(fixed)}."
        if fixed
        else f"This would {moves}."
    )


def _did(counts: dict[Move, int]) -> str:
    moves = _joined(("opened", counts[Move.OPENS]), ("resolved", counts[Move.RESOLVES]))
    fixed = counts[Move.FIXED]
    if not moves:
        return f"Saved. It fixed {_issues(fixed)}." if fixed else "Saved. No issue opened or was resolved."
    return f"Saved. It {moves}, and fixed {fixed} more." if fixed else f"Saved. It {moves}."


def _joined(*moves: tuple[str, int]) -> str:
    """Such as `open 14 issues and resolve 3`; moves that no issue makes are left out."""
    made = [(verb, count) for verb, count in moves if count]
    words = [f"{verb} {_issues(count) if place == 0 else count}" for place, (verb, count) in enumerate(made)]
    return " and ".join(words)


def _issues(count: int) -> str:
    return f"{count} issue" if count == 1 else f"{count} issues"


def _themselves(count: int) -> str:
    return "itself" if count == 1 else "themselves"
