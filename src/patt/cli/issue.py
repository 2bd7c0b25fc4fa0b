"""Rules, scans, issues and fixes on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.options import (
    DryRunOption,
    GuildOption,
    JsonOption,
    PageOption,
    actor,
    guild_number,
    row_number,
    with_services,
)
from patt.cli.output import as_json as as_plain_json
from patt.cli.output import print_json, say, table
from patt.cli.telling import say_result, tell_story, tell_undo
from sv_common.guild_sync import issues as issue_life
from sv_common.guild_sync import mitigations, overview
from sv_common.guild_sync.domain.issue import Issue, IssueState
from sv_common.guild_sync.domain.report import CheckReport, FixOutcome, FixReport, FixResult
from sv_common.guild_sync.fixes.planning import Planning
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issue_story import IssueStory, issue_story
from sv_common.guild_sync.overview import FindingFilter, FindingsPage, IssueView, RuleOverview
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.store import guilds

IssueArgument = Annotated[int, typer.Argument(parser=row_number, metavar="ISSUE", help="Number of the issue.")]
RuleArgument = Annotated[str, typer.Argument(metavar="ISSUE_TYPE", help="A rule, such as orphan_wow.")]
_BAD = (FixOutcome.REFUSED, FixOutcome.FAILED, FixOutcome.UNVERIFIED, FixOutcome.HELD)


def rules(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show every rule with its counts."""

    async def work(services: Services) -> list[RuleOverview]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await overview.rule_overviews(conn, number)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [
        (r.issue_type, r.severity, "by itself" if r.auto_mitigate else "by hand" if r.is_fixable else "no fix",
         r.open, r.waiting, r.dismissed, r.resolved, r.fixes_worked)
        for r in found
    ]  # fmt: skip
    table("rule", "severity", "fix", "open", "waiting", "dismissed", "resolved (30 days)", "fixes (90 days)", rows=rows)


def scan(
    issue_type: Annotated[str | None, typer.Argument(help="One rule only.")] = None,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for issues now; nothing is fixed. Exit code 1 when a rule could not conclude."""
    chosen = [rule_named(issue_type).issue_type] if issue_type else None

    async def work(services: Services) -> CheckReport:
        return await run_integrity_check(services.pool, guild_id=guild, issue_types=chosen)

    report = with_services(work)
    if as_json:
        print_json(report)
    else:
        rows = [
            (c.guild_id, c.issue_type, c.moves.found, c.moves.opened, c.moves.reopened, c.moves.resolved, c.error)
            for c in report.checks
        ]
        table("guild", "rule", "found", "new", "back again", "resolved", "error", rows=rows)
    if report.errors:
        raise typer.Exit(1)


def issues(
    issue_type: Annotated[str | None, typer.Option("--rule", help="One rule only.")] = None,
    state: Annotated[IssueState, typer.Option(help="Which issues.")] = IssueState.OPEN,
    page: PageOption = 1,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """List issues, newest first."""
    chosen = rule_named(issue_type).issue_type if issue_type else None

    async def work(services: Services) -> FindingsPage:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await overview.findings_page(conn, number, FindingFilter(state, chosen), number=page)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [(i.id, i.severity, i.issue_type, i.summary, i.waiting_reason) for i in found.items]
    table("issue", "severity", "rule", "what", "why it waits", rows=rows)
    say(f"{found.total} {state} issues; page {found.number} of {found.pages}.")


def show(issue: IssueArgument, as_json: JsonOption = False) -> None:
    """Show one issue: why it is there, who could be meant, and everything that happened to it."""

    async def work(services: Services) -> tuple[IssueView, IssueStory]:
        async with services.pool.snapshot() as conn:
            view = await overview.issue_view(conn, issue)
            return view, await issue_story(services.pool, issue)

    view, told = with_services(work)
    if as_json:
        print_json(view)
        return
    found = view.issue
    say(f"Issue {found.id}, {found.issue_type}, {found.severity}, {found.state}: {found.summary}")
    tell_story(told)
    if found.waiting_reason:
        say(f"  It waits: {found.waiting_reason}")
    for event in view.events:
        say(f"  {event.at:%Y-%m-%d %H:%M} {event.event} by {event.actor}{': ' + event.reason if event.reason else ''}")
    for attempt in view.attempts:
        undone = f"; undone by {attempt.undone_by}" if attempt.undone_by else ""
        say(f"  Attempt {attempt.id} by {attempt.actor}: {attempt.outcome}. {attempt.reason}{undone}")


def fix(issue: IssueArgument, dry_run: DryRunOption = False, as_json: JsonOption = False) -> None:
    """Fix one issue. Exit code 1 when it could not be fixed; the sentence says why."""
    if dry_run:
        _show_preview(with_services(lambda services: mitigations.preview_one(services.pool, issue)), as_json)
        return

    async def work(services: Services) -> FixResult:
        return await mitigations.fix_one(services.pool, issue, actor=actor(), discord_bot=services.outside.discord)

    _show_results(FixReport([with_services(work)]), as_json)


def fix_all(
    issue_type: RuleArgument, dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False
) -> None:
    """Fix all open issues of one rule, by evidence alone; what is not certain stays open with its reason."""

    async def preview(services: Services) -> Planning:
        number = await guild_number(services, guild)
        return await mitigations.preview_all(services.pool, issue_type, guild_id=number)

    async def work(services: Services) -> FixReport:
        number = await guild_number(services, guild)
        bot = services.outside.discord
        return await mitigations.fix_all(services.pool, issue_type, actor=actor(), guild_id=number, discord_bot=bot)

    rule_named(issue_type)
    if dry_run:
        _show_preview(with_services(preview), as_json)
    else:
        _show_results(with_services(work), as_json)


def undo(
    attempt: Annotated[int, typer.Argument(parser=row_number, metavar="ATTEMPT", help="Number of the attempt.")],
    dry_run: DryRunOption = False,
    partly: Annotated[
        bool, typer.Option("--partly", help="Undo what can be, person by person; the rest later.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take back a fix or a full match, exactly. Exit code 1 when it cannot be taken back; the sentence says why."""
    if dry_run:
        _show_undo(attempt, as_json)
        return
    report = with_services(
        lambda services: mitigations.undo(
            services.pool, attempt, actor=actor(), discord_bot=services.outside.discord, partly=partly
        )
    )
    if as_json:
        print_json(report)
        return
    for sentence in report.sentences:
        say(sentence)
    for sentence in report.left:
        say(f"Left as it is: {sentence}")


def _show_undo(attempt: int, as_json: bool) -> None:
    preview = with_services(
        lambda services: mitigations.preview_undo(services.pool, attempt, discord_bot=services.outside.discord)
    )
    if as_json:
        told = {
            "attempt_id": attempt,
            "obstacle": preview.obstacle,
            "effects": preview.effects,
            "later": preview.later,
            "parts": preview.parts,
            "blocked": preview.blocked,
        }
        print_json(told)
    else:
        tell_undo(preview)
    if preview.obstacle is not None:
        raise typer.Exit(1)


def dismiss(
    issue: IssueArgument,
    reason: Annotated[str, typer.Option(help="Why, in a few words.")],
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Wake it on this day (UTC).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Set an issue aside as it is now; when it becomes another, it is open again."""
    end = until.replace(tzinfo=UTC) if until else None

    async def work(services: Services) -> Issue:
        async with services.pool.connection() as conn:
            known = await issue_life.get(conn, issue)
            await guilds.lock(conn, known.guild_id)
            return await issue_life.dismiss(conn, issue, actor=actor(), reason=reason, until=end)

    _show_issue(with_services(work), as_json)


def wake(
    issue: IssueArgument,
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "By hand.",
    as_json: JsonOption = False,
) -> None:
    """End a dismissal."""

    async def work(services: Services) -> Issue:
        async with services.pool.connection() as conn:
            known = await issue_life.get(conn, issue)
            await guilds.lock(conn, known.guild_id)
            return await issue_life.wake(conn, issue, actor=actor(), reason=reason)

    _show_issue(with_services(work), as_json)


def resolve(
    issue: IssueArgument,
    reason: Annotated[str, typer.Option(help="What was done about it.")],
    as_json: JsonOption = False,
) -> None:
    """Close an issue by hand. It opens again if the next scan still finds it."""

    async def work(services: Services) -> Issue:
        async with services.pool.connection() as conn:
            known = await issue_life.get(conn, issue)
            await guilds.lock(conn, known.guild_id)
            return await issue_life.resolve_by_hand(conn, issue, guild_id=None, actor=actor(), reason=reason)

    _show_issue(with_services(work), as_json)


def _show_issue(issue: Issue, as_json: bool) -> None:
    if as_json:
        print_json({**as_plain_json(issue), "state": issue.state})
    else:
        say(f"Issue {issue.id} is {issue.state}: {issue.summary}")


def _show_preview(planning: Planning, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "ready": [
                    {"issue_id": f.issue.id, "reason": f.plan.reason, "steps": f.plan.as_json()} for f in planning.ready
                ],
                "settled": [
                    {"issue_id": r.issue_id, "outcome": r.outcome, "reason": r.reason} for r in planning.settled
                ],
                "no_longer_found": [issue.id for issue in planning.gone],
            }
        )
        return
    for fix in planning.ready:
        say(f"Issue {fix.issue.id} would be fixed: {fix.plan.reason}")
        for step in fix.plan.steps:
            say(f"  {step.describe()}")
    for result in planning.settled:
        say(f"Issue {result.issue_id} would be left: {result.reason}")
    for gone in planning.gone:
        say(f"Issue {gone.id} is no longer so and would be closed.")
    say(f"{len(planning.ready)} would be fixed; nothing was changed.")


def _show_results(report: FixReport, as_json: bool) -> None:
    if as_json:
        print_json([{**_result_json(result)} for result in report.results])
    else:
        for result in report.results:
            say_result(result)
        say(f"{report.count(FixOutcome.FIXED)} of {len(report.results)} fixed.")
    if any(result.outcome in _BAD for result in report.results):
        raise typer.Exit(1)


def _result_json(result: FixResult) -> dict[str, object]:
    return {
        "issue_id": result.issue_id,
        "issue_type": result.issue_type,
        "outcome": result.outcome,
        "reason": result.reason,
        "attempt_id": result.attempt_id,
        "steps": result.plan.as_json() if result.plan else [],
    }
