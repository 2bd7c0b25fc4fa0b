"""The fixes: one door for each rule that has one, the run of all automatic ones, and an officer's commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.core.errors import BadInput, PattError, Refused, reason_of
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.progress import OnProgress, Progress, ignore_progress
from sv_common.guild_sync.engine import interrupted, undo_preview
from sv_common.guild_sync.engine import undo as undoing
from sv_common.guild_sync.engine.command import Command, FixRun, Guard, unguarded
from sv_common.guild_sync.engine.fix import fix_issues
from sv_common.guild_sync.engine.interrupted import Finished
from sv_common.guild_sync.engine.planning import Planning, plan_fixes
from sv_common.guild_sync.engine.results import FixOutcome, FixReport, FixResult, UndoReport
from sv_common.guild_sync.engine.undo_preview import UndoPreview
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rulebook.parameter import RuleSettings, budget_of
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import read_settings
from sv_common.guild_sync.rules import RULES, rule_named
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)

BY_ACCOUNT: Final = "orphan_wow"
"""The rule whose fixes link characters to the owner of their account."""


async def mitigate_note_mismatch(pool: Pool, issue_row: Any, *, guild_id: int | None = None) -> bool:
    """Unlink the character from the wrong player, and link it to the one that its note names, if it names one."""
    return await _mitigate("note_mismatch", pool, issue_row, guild_id)


async def mitigate_orphan_wow(pool: Pool, issue_row: Any, *, guild_id: int | None = None) -> bool:
    """Link the character to the one person that its note or its name means. True if linked."""
    return await _mitigate("orphan_wow", pool, issue_row, guild_id)


async def mitigate_orphan_discord(pool: Pool, issue_row: Any, *, guild_id: int | None = None) -> bool:
    """Make the member a player with the unlinked characters that mean them. An officer's command."""
    return await _mitigate("orphan_discord", pool, issue_row, guild_id)


async def mitigate_role_mismatch(
    pool: Pool, issue_row: Any, discord_bot: DiscordSource | None, *, guild_id: int | None = None
) -> bool:
    """Give the member the role of their highest rank, then take wrong managed ones."""
    return await _mitigate("role_mismatch", pool, issue_row, guild_id, discord_bot)


async def mitigate_departed_with_roles(
    pool: Pool, issue_row: Any, discord_bot: DiscordSource | None, *, guild_id: int | None = None
) -> bool:
    """Take the managed roles of a member whose player has left the guild."""
    return await _mitigate("departed_with_roles", pool, issue_row, guild_id, discord_bot)


async def mitigate_account_conflict(pool: Pool, issue_row: Any, *, guild_id: int | None = None) -> bool:
    """Merge two players who are on one account. An officer's command. True if merged."""
    return await _mitigate("account_conflict", pool, issue_row, guild_id)


async def mitigate_link_contradicts_proof(pool: Pool, issue_row: Any, *, guild_id: int | None = None) -> bool:
    """Link the character to the member who has proven it. An officer's command, but for what joined the guild since."""
    return await _mitigate("link_contradicts_proof", pool, issue_row, guild_id)


async def run_auto_mitigations(
    pool: Pool, *, guild_id: int | None = None, discord_bot: DiscordSource | None = None
) -> FixReport:
    """Fix every open issue of the automatic rules; leave to an officer what is not certain.

    One failure never stops the rest. At most `automatic_fix_limit` fixes of a rule run at once (by default 10 or 5 % of
    the roster, whichever is more); above it the whole batch needs review. No player is ever created.
    """
    results: list[FixResult] = []
    for each in await guilds.guild_ids(pool, guild_id):
        async with pool.reading(each) as guild:
            rules = await _automatic_rules(guild)
            # A rule without an open issue may get one by the fix of another, so each is asked again when its turn comes.
            if not await lifecycle.is_any_open(guild, rules):
                continue
            automated = await _limited(guild, rules)
        for issue_type, automation in automated.items():
            results += await _fix_automatically(pool, RULES[issue_type], each, automation, discord_bot)
    return FixReport(results)


class Automation(NamedTuple):
    """How a rule's fixes are automatic: at most so many at once, and for which command."""

    limit: int
    command: Command


async def automated_rules(guild: GuildConnection) -> dict[str, Automation]:
    """Return the rules with automatic fixes in a guild, in their order."""
    return await _limited(guild, await _automatic_rules(guild))


async def _automatic_rules(guild: GuildConnection) -> dict[str, tuple[RuleSettings, Command]]:
    settings = await read_settings(guild, RULES.values())
    found = {
        rule.issue_type: (mine, Command.automation())
        for rule in RULES.values()
        if rule.may_be_automatic and (mine := settings[rule.issue_type]).is_enabled and mine.auto_mitigate
    }
    unlinked = settings[BY_ACCOUNT]
    if BY_ACCOUNT not in found and unlinked.is_enabled and await switch.mode_of(guild) == "automatic":
        found[BY_ACCOUNT] = unlinked, Command.automation(only_by_account=True)
    return {name: found[name] for name in RULES if name in found}


async def _limited(guild: GuildConnection, rules: Mapping[str, tuple[RuleSettings, Command]]) -> dict[str, Automation]:
    roster_size = await guilds.roster_size(guild)
    return {
        name: Automation(budget_of(settings.parameters, roster_size).limit, command)
        for name, (settings, command) in rules.items()
    }


async def fix_one(
    pool: Pool,
    issue_id: int,
    *,
    actor: str,
    guild_id: int | None = None,
    discord_bot: DiscordSource | None = None,
    seen: Seen | None = None,
    plan_key: str | None = None,
    guard: Guard = unguarded,
) -> FixResult:
    """Fix one issue on an officer's command. `plan_key` is that of the plan that was shown: another one is not applied.

    Raises `NotFound`, `PlanStale` where it is not as it was `seen`, and what the guard of the rows refuses.
    """
    async with pool.reading(await lifecycle.guild_of(pool, issue_id, guild_id)) as guild:
        issue = await lifecycle.get(guild, issue_id)
    command = Command(actor, seen={issue.id: plan_key} if plan_key is not None else {})
    run = FixRun(
        RULES, rule_named(issue.issue_type), issue.guild_id, [issue.id], command, discord_bot, None, seen, guard
    )
    return (await fix_issues(pool, run))[0]


async def fix_all(
    pool: Pool, issue_type: str, *, actor: str, guild_id: int, discord_bot: DiscordSource | None = None
) -> FixReport:
    """Fix all open issues of one rule of one guild on an officer's command, by evidence alone. Raises `NotFound`."""
    rule = rule_named(issue_type)
    issue_ids = await _open_issue_ids(pool, guild_id, issue_type)
    run = FixRun(RULES, rule, guild_id, issue_ids, Command(actor, is_bulk=True), discord_bot)
    return FixReport(await fix_issues(pool, run))


async def fix_selected(
    pool: Pool,
    issue_ids: Sequence[int],
    *,
    actor: str,
    guild_id: int,
    discord_bot: DiscordSource | None = None,
    seen: Mapping[int, str] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> FixReport:
    """Fix exactly these issues of one guild, rule by rule, on an officer's command and by evidence alone.

    `seen` holds the keys of plans that were previewed: an issue for which another plan would be carried out now is left
    alone. Progress counts all issues together. Raises `NotFound`, before anything is done, if any of the issues
    is not the guild's.
    """
    command = Command(actor, is_bulk=True, seen=seen or {})
    results: list[FixResult] = []
    async with pool.reading(guild_id) as guild:
        selected = _by_rule(await lifecycle.get_all(guild, issue_ids))
    for issue_type, issues in selected.items():
        rule = RULES.get(issue_type)
        if rule is None:
            results += [_without_a_rule(issue) for issue in issues]
            continue
        further = _further(on_progress, len(results), len(issue_ids))
        ids = [issue.id for issue in issues]
        run = FixRun(RULES, rule, guild_id, ids, command, discord_bot, on_progress=further)
        try:
            results += await fix_issues(pool, run)
        except Refused as refusal:  # takes nothing back of what others have done
            results += [FixResult(number, issue_type, FixOutcome.REFUSED, str(refusal)) for number in ids]
    place = {issue_id: number for number, issue_id in enumerate(dict.fromkeys(issue_ids))}
    return FixReport(sorted(results, key=lambda result: place[result.issue_id]))


async def preview_selected(pool: Pool, issue_ids: Sequence[int], *, guild_id: int) -> dict[str, Planning]:
    """Return what `fix_selected` would do, by rule, in the order of the registry. Raises like it."""
    command = Command("preview", is_bulk=True)
    async with pool.reading(guild_id) as guild:
        return {
            issue_type: await plan_fixes(guild, RULES[issue_type], issues, command)
            if issue_type in RULES
            else Planning((), [_without_a_rule(issue) for issue in issues], ())
            for issue_type, issues in _by_rule(await lifecycle.get_all(guild, issue_ids)).items()
        }


async def preview_one(pool: Pool, issue_id: int, *, guild_id: int | None = None) -> Planning:
    """Return what `fix_one` would do. Raises `NotFound`."""
    async with pool.reading(await lifecycle.guild_of(pool, issue_id, guild_id)) as guild:
        issue = await lifecycle.get(guild, issue_id)
        return await plan_fixes(guild, rule_named(issue.issue_type), [issue], Command("preview"))


async def preview_all(pool: Pool, issue_type: str, *, guild_id: int) -> Planning:
    """Return what `fix_all` would do. Raises `NotFound`."""
    rule = rule_named(issue_type)
    async with pool.reading(guild_id) as guild:
        issues = await lifecycle.open_of_rule(guild, issue_type)
        return await plan_fixes(guild, rule, issues, Command("preview", is_bulk=True))


async def undo(
    pool: Pool,
    attempt_id: int,
    *,
    actor: str,
    guild_id: int | None = None,
    discord_bot: DiscordSource | None = None,
    seen: Seen | None = None,
    partly: bool = False,
    guard: Guard = unguarded,
    reason: str = "",
) -> UndoReport:
    """Undo an attempt exactly, or `partly` the people that can be undone. What a member has said needs a `reason`.

    Raises `NotFound`, `Refused`, also for what the guard of the rows refuses, and `PlanStale`, also where it is not as it
    was `seen`.
    """
    return await undoing.undo(
        pool,
        RULES,
        [attempt_id],
        actor=actor,
        guild_id=await attempts.guild_of(pool, attempt_id, guild_id),
        source=discord_bot,
        seen=seen,
        partly=partly,
        guard=guard,
        reason=reason,
    )


async def undo_together(
    pool: Pool,
    attempt_ids: Sequence[int],
    *,
    actor: str,
    guild_id: int | None = None,
    discord_bot: DiscordSource | None = None,
    partly: bool = False,
    guard: Guard = unguarded,
    reason: str = "",
) -> UndoReport:
    """Undo exactly these attempts at once, such as a batch, or one with the later ones that stand in its way.

    Whole or not at all, or `partly` what can be undone. Raises like `undo`, and `BadInput` for none.
    """
    return await undoing.undo(
        pool,
        RULES,
        attempt_ids,
        actor=actor,
        guild_id=await attempts.guild_of(pool, _first(attempt_ids), guild_id),
        source=discord_bot,
        partly=partly,
        guard=guard,
        reason=reason,
    )


async def preview_undo_together(
    pool: Pool,
    attempt_ids: Sequence[int],
    *,
    guild_id: int | None = None,
    discord_bot: DiscordSource | None = None,
    guard: Guard = unguarded,
) -> UndoPreview:
    """Return what `undo_together` would put back now, or why it cannot, and do nothing. Raises like it."""
    number = await attempts.guild_of(pool, _first(attempt_ids), guild_id)
    return await undo_preview.preview_undo(pool, attempt_ids, guild_id=number, source=discord_bot, guard=guard)


def _first(attempt_ids: Sequence[int]) -> int:
    if not attempt_ids:
        raise BadInput(tr("No change is named. Name the attempts to undo."))
    return attempt_ids[0]


async def finish_interrupted(pool: Pool, discord_bot: DiscordSource, *, guild_id: int | None = None) -> Finished:
    """Look up, and finish as seen, the role changes and their undos that a process left behind when it died."""
    numbers = await attempts.guilds_with_unfinished(pool) if guild_id is None else [guild_id]
    return await interrupted.finish_interrupted(pool, RULES, discord_bot, numbers)


async def preview_undo(
    pool: Pool,
    attempt_id: int,
    *,
    guild_id: int | None = None,
    discord_bot: DiscordSource | None = None,
    guard: Guard = unguarded,
) -> UndoPreview:
    """Return what `undo` would put back now, or why it cannot, and do nothing. Raises `NotFound`."""
    number = await attempts.guild_of(pool, attempt_id, guild_id)
    return await undo_preview.preview_undo(pool, [attempt_id], guild_id=number, source=discord_bot, guard=guard)


def _further(on_progress: OnProgress, before: int, total: int) -> OnProgress:
    """Tell the progress of a part as that of the whole."""
    return lambda part: on_progress(Progress(before + part.done, total, part.doing))


async def _fix_automatically(
    pool: Pool, rule: RuleDefinition, guild_id: int, automation: Automation, discord_bot: DiscordSource | None
) -> Sequence[FixResult]:
    issue_ids = await _open_issue_ids(pool, guild_id, rule.issue_type)
    if not issue_ids:
        return []
    try:
        return await fix_issues(
            pool, FixRun(RULES, rule, guild_id, issue_ids, automation.command, discord_bot, automation.limit)
        )
    except Exception as error:  # one rule's failure never stops the others
        raise_if_lost(error)
        if isinstance(error, PattError):  # as when another process holds the guild; the next run does it
            log.warning("automatic_fixes_put_off", rule=rule.issue_type, guild_id=guild_id, error=type(error).__name__)
        else:
            log.exception("automatic_fixes_failed", rule=rule.issue_type, guild_id=guild_id)
        reason = reason_of(error)
        return [FixResult(issue_id, rule.issue_type, FixOutcome.FAILED, reason) for issue_id in issue_ids]


async def _open_issue_ids(pool: Pool, guild_id: int, issue_type: str) -> list[int]:
    async with pool.reading(guild_id) as guild:
        return [issue.id for issue in await lifecycle.open_of_rule(guild, issue_type)]


def _by_rule(issues: Sequence[Issue]) -> dict[str, list[Issue]]:
    """These issues by rule: rules in the registry's order, those that are no more at the end."""
    found: dict[str, list[Issue]] = {issue_type: [] for issue_type in RULES}
    for issue in issues:
        found.setdefault(issue.issue_type, []).append(issue)
    return {issue_type: of_rule for issue_type, of_rule in found.items() if of_rule}


def _without_a_rule(issue: Issue) -> FixResult:
    reason = tr("The rule “{rule}” no longer exists. Dismiss the issue.", rule=issue.issue_type)
    return FixResult(issue.id, issue.issue_type, FixOutcome.REFUSED, reason)


async def _mitigate(
    issue_type: str, pool: Pool, issue_row: Any, guild_id: int | None, discord_bot: DiscordSource | None = None
) -> bool:
    mitigate = RULES[issue_type].mitigate_fn
    return mitigate is not None and await mitigate(pool, issue_row, discord_bot, guild_id=guild_id)
