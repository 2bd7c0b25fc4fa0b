"""Rules, scans, issues, fixes and the full match."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.output import JsonOption, print_json, say, show, show_rows, table
from patt.cli.output import as_json as as_data
from patt.cli.runner import DryRunOption, GuildOption, PageOption, actor, call, read, row_number
from patt.cli.speech.dialogue import agrees
from patt.cli.speech.issues import say_issue, say_match, say_result, say_undo
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.describe import plan_as_json
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.kept_texts import REOPENED
from sv_common.guild_sync.core.language import day_and_time, mark, number, tr, tr_in, tr_n
from sv_common.guild_sync.core.undo_offer import read_ranges
from sv_common.guild_sync.engine.planning import Planning
from sv_common.guild_sync.engine.results import FixOutcome, FixReport, FixResult
from sv_common.guild_sync.engine.undo_preview import UndoPreview
from sv_common.guild_sync.identity_engine import MatchReport, preview_matching
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.coverage import Coverage, coverage
from sv_common.guild_sync.insights.everyone.verified import Verified, verified
from sv_common.guild_sync.insights.findings import FindingFilter, IssueView
from sv_common.guild_sync.insights.issue import IssueDetails, issue_details
from sv_common.guild_sync.insights.last_change import last_change_of
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle as issue_life
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.scheduler import run_full_match

IssueArgument = Annotated[int, typer.Argument(parser=row_number, metavar="ISSUE", help=mark("Number of the issue."))]
_BAD = (FixOutcome.REFUSED, FixOutcome.FAILED, FixOutcome.UNVERIFIED, FixOutcome.HELD)


def rules(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    def cells(each: findings.RuleOverview) -> tuple[object, ...]:
        kind = tr("automatic") if each.auto_mitigate else tr("manual") if each.is_fixable else tr_in("fix", "none")
        counts = each.open, each.waiting, each.dismissed, each.resolved, each.fixes_worked
        return each.issue_type, each.severity, kind, *counts

    async def overview(here: GuildConnection) -> tuple[Sequence[findings.RuleOverview], Coverage, Verified]:
        return await findings.rule_overviews(here), await coverage(here), await verified(here)

    found, known, proven = read(guild, overview)
    columns = (
        tr("rule"),
        tr("severity"),
        tr_in("column", "fix"),
        tr("open"),
        tr("needs review"),
        tr("dismissed"),
        tr("resolved (30 days)"),
        tr("fixes (90 days)"),
    )
    show_rows(found, as_json, columns, cells)
    if not as_json:
        say(" ".join([known.sentence, *([known.next_action.sentence] if known.next_action else [])]))
        say(f"{proven.sentence}.")


def scan(
    issue_type: Annotated[str | None, typer.Argument(help=mark("One rule only."))] = None,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    selected = [rule_named(issue_type).issue_type] if issue_type else None
    report = call(lambda services: run_integrity_check(services.pool, guild_id=guild, issue_types=selected))
    rows = [
        (c.guild_id, c.issue_type, c.moves.found, c.moves.opened, c.moves.recurred, c.moves.resolved, c.error)
        for c in report.checks
    ]
    columns = (
        tr("guild"),
        tr("rule"),
        tr("found"),
        tr_in("column", "new"),
        tr("found again"),
        tr("resolved"),
        tr("error"),
    )
    show(report, as_json, lambda _: table(*columns, rows=rows))
    if report.errors:
        raise typer.Exit(1)


def issues(
    issue_type: Annotated[str | None, typer.Option("--rule", help=mark("One rule only."))] = None,
    state: Annotated[IssueState, typer.Option(help=mark("Which issues."))] = IssueState.OPEN,
    page: PageOption = 1,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    def lines(found: findings.FindingsPage) -> None:
        rows = [(i.id, i.severity, i.issue_type, i.summary, i.review_reason) for i in found.items]
        table(tr("issue"), tr("severity"), tr("rule"), tr("what"), tr("needs review because"), rows=rows)
        say(_how_many(found, state))

    wanted = FindingFilter(state, rule_named(issue_type).issue_type if issue_type else None)
    show(read(guild, findings.findings_page, wanted, number=page), as_json, lines)


def _how_many(found: findings.FindingsPage, state: IssueState) -> str:
    of = {"page": number(found.number), "pages": number(found.pages)}
    match state:
        case IssueState.OPEN:
            return tr_n(
                "{n} open issue; page {page} of {pages}.", "{n} open issues; page {page} of {pages}.", found.total, **of
            )
        case IssueState.DISMISSED:
            return tr_n(
                "{n} dismissed issue; page {page} of {pages}.",
                "{n} dismissed issues; page {page} of {pages}.",
                found.total,
                **of,
            )
        case IssueState.RESOLVED:
            return tr_n(
                "{n} resolved issue; page {page} of {pages}.",
                "{n} resolved issues; page {page} of {pages}.",
                found.total,
                **of,
            )


def show_issue(issue: IssueArgument, as_json: JsonOption = False) -> None:
    async def whole(services: Services) -> tuple[IssueView, IssueDetails]:
        number = await issue_life.guild_of(services.pool, issue, None)
        async with services.pool.reading(number) as guild:
            return await findings.issue_view(guild, issue), await issue_details(services.pool, issue, guild_id=number)

    view, details = call(whole)
    show(view, as_json, lambda _: say_issue(view, details))


def fix(issue: IssueArgument, dry_run: DryRunOption = False, as_json: JsonOption = False) -> None:
    if dry_run:
        _show_preview(call(lambda services: mitigations.preview_one(services.pool, issue)), as_json)
    else:
        fixed = call(
            lambda services: mitigations.fix_one(
                services.pool, issue, actor=actor(), discord_bot=services.sources.discord
            )
        )
        _show_results([fixed], as_json)


def fix_all(
    issue_type: Annotated[str, typer.Argument(metavar="ISSUE_TYPE", help=mark("A rule, such as orphan_wow."))],
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    async def fixed(services: Services) -> Planning | FixReport:
        pool, bot = services.pool, services.sources.discord
        number = await guilds.resolve_guild(pool, guild)
        if dry_run:
            return await mitigations.preview_all(pool, issue_type, guild_id=number)
        return await mitigations.fix_all(pool, issue_type, actor=actor(), guild_id=number, discord_bot=bot)

    rule_named(issue_type)
    result = call(fixed)
    if isinstance(result, Planning):
        _show_preview(result, as_json)
    else:
        _show_results(result.results, as_json)


def undo(
    attempt: Annotated[
        str | None,
        typer.Argument(
            metavar="ATTEMPT", help=mark("Number of the attempt, or several: 812-815,820. None: your last change.")
        ),
    ] = None,
    dry_run: DryRunOption = False,
    partly: Annotated[bool, typer.Option("--partly", help=mark("Undo what can be undone, person by person."))] = False,
    with_later: Annotated[
        bool,
        typer.Option("--with-later", help=mark("Also undo the later changes that stand in the way, and nothing else.")),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help=mark("Do not ask before your last change is undone."))] = False,
    reason: Annotated[str, typer.Option(help=mark("Why. Needed for what a member has said of themselves."))] = "",
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    if attempt is None:
        fields = _last_change(guild, is_asked=not (yes or dry_run), as_json=as_json)
        if "events" in fields:
            _undo_words(read_ranges(fields["events"]), guild, dry_run=dry_run, as_json=as_json)
            return
        attempt = fields["attempts"]
    numbers = read_ranges(attempt)
    if dry_run or with_later:
        preview = call(
            lambda services: mitigations.preview_undo_together(
                services.pool, numbers, guild_id=guild, discord_bot=services.sources.discord
            )
        )
        if dry_run:
            _show_undo(preview, as_json)
            return
        numbers = [each.id for each in preview.together.attempts] if preview.together else numbers
    report = call(
        lambda services: mitigations.undo_together(
            services.pool,
            numbers,
            actor=actor(),
            guild_id=guild,
            discord_bot=services.sources.discord,
            partly=partly,
            reason=reason,
        )
    )
    if as_json:
        print_json(report)
    else:
        for sentence in (
            *report.sentences,
            *(tr("Not undone: {sentence}", sentence=sentence) for sentence in report.left),
        ):
            say(sentence)
    if report.is_stopped:
        raise typer.Exit(1)


def _last_change(guild: int | None, *, is_asked: bool, as_json: bool) -> Mapping[str, str]:
    """Name the operator's last change, ask, and return what its undo is about. Raises `Refused` where there is none."""
    change = read(guild, last_change_of, actor())
    if change is None or change.undo is None:
        raise Refused(tr("You have changed nothing that can be undone. Name an attempt: patt undo NUMBER"))
    if not as_json:
        say(tr("Your last change, {at}: {what}.", at=day_and_time(change.at), what=change.what))
    if not change.undo.fields:
        raise Refused(
            tr("It is a setting. Undo it with: patt settings undo {change}", change=change.undo.post.split("/")[-2])
        )
    if is_asked and not agrees(tr("Undo it?"), default=False):
        raise typer.Abort
    return change.undo.fields


def _undo_words(event_ids: Sequence[int], guild: int | None, *, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        say(tr("Each issue would be as it was before."))
        return

    async def undone(services: Services) -> issue_life.UndoneWords:
        number = await issue_life.guild_of_event(services.pool, event_ids[0], guild)
        async with services.pool.writing(number) as here:
            return await issue_life.undo_words(here, event_ids, actor=actor())

    done = call(undone)
    show(done, as_json, lambda _: say(tr_n("Undone for {n} issue.", "Undone for {n} issues.", len(done.issue_ids))))
    for sentence in () if as_json else done.left.values():
        say(tr("Left alone: {sentence}", sentence=sentence))


def _show_undo(preview: UndoPreview, as_json: bool) -> None:
    names = ("obstacle", "effects", "later", "together", "parts", "blocked", "needs_reason")
    ids = [each.id for each in preview.attempts]
    together = [each.id for each in preview.together.attempts] if preview.together else None
    data = {"attempt_ids": ids, **_fields(preview, *names), "together": together}
    show(data, as_json, lambda _: say_undo(preview))
    if preview.obstacle is not None:
        raise typer.Exit(1)


def dismiss(
    issue: IssueArgument,
    reason: Annotated[str, typer.Option(help=mark("The reason, in a few words."))],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=mark("Reopen it on this day (UTC)."))
    ] = None,
    as_json: JsonOption = False,
) -> None:
    end = until.replace(tzinfo=UTC) if until else None
    _change(issue_life.dismiss, issue, as_json, reason=reason, until=end)


def reopen(
    issue: IssueArgument,
    reason: Annotated[str, typer.Option(help=mark("The reason, in a few words."))] = REOPENED,
    as_json: JsonOption = False,
) -> None:
    _change(issue_life.reopen, issue, as_json, reason=reason)


def resolve(
    issue: IssueArgument,
    reason: Annotated[str, typer.Option(help=mark("What you did about it."))],
    as_json: JsonOption = False,
) -> None:
    _change(issue_life.resolve_manually, issue, as_json, reason=reason)


def dismissals(
    idle: Annotated[bool, typer.Option("--idle", help=mark("Only dismissals that no longer hide anything."))] = False,
    page: PageOption = 1,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    found = read(guild, findings.dismissals, only_idle=idle, number=page)
    if as_json:
        print_json(found)
        return
    items = [(each.issue, each.why_idle) for each in found.items]
    rows = [(i.id, i.summary, i.dismissed_by, i.dismissed_reason, why_idle) for i, why_idle in items]
    table(tr("issue"), tr("what"), tr("dismissed by"), tr("reason"), tr("hides nothing because"), rows=rows)
    say(
        tr_n(
            "{n} dismissal; page {page} of {pages}.",
            "{n} dismissals; page {page} of {pages}.",
            found.total,
            page=number(found.number),
            pages=number(found.pages),
        )
    )


def match(dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    async def matched(services: Services) -> MatchReport:
        if dry_run:
            return await preview_matching(services.pool, guild_id=guild)
        return (await run_full_match(services.pool, guild_id=guild, sources=services.sources, actor=actor()))[1]

    report = call(matched)
    if as_json:
        groups = [_fields(group, "name", "reason", "creates_player", "steps") for group in report.groups]
        left_alone = [_fields(group, "name", "reason") for group in report.left_alone]
        print_json({**_fields(report, "counts", "attempt_id"), "groups": groups, "left_alone": left_alone})
    else:
        say_match(report, is_preview=dry_run)


def _change(change: Callable[..., Awaitable[Issue]], issue: int, as_json: bool, **values: object) -> None:
    async def changed(services: Services) -> Issue:
        async with services.pool.writing(await issue_life.guild_of(services.pool, issue, None)) as guild:
            return await change(guild, issue, actor=actor(), **values)

    now = call(changed)
    data = {**as_data(now), "state": now.state}
    show(data, as_json, lambda _: say(_stands(now)))


def _stands(now: Issue) -> str:
    match now.state:
        case IssueState.OPEN:
            return tr("Issue {issue} is open: {summary}", issue=now.id, summary=now.summary)
        case IssueState.DISMISSED:
            return tr("Issue {issue} is dismissed: {summary}", issue=now.id, summary=now.summary)
        case IssueState.RESOLVED:
            return tr("Issue {issue} is resolved: {summary}", issue=now.id, summary=now.summary)


def _fields(value: object, *names: str) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}


def _show_preview(planning: Planning, as_json: bool) -> None:
    if as_json:
        ready = [
            {"issue_id": f.issue.id, "reason": f.plan.reason, "steps": plan_as_json(f.plan)} for f in planning.ready
        ]
        settled = [_fields(result, "issue_id", "outcome", "reason") for result in planning.settled]
        print_json({"ready": ready, "settled": settled, "no_longer_found": [issue.id for issue in planning.gone]})
        return
    for fix in planning.ready:
        say(tr("Issue {issue} would be fixed: {reason}", issue=fix.issue.id, reason=fix.plan.reason))
        for sentence in fix.sentences:
            say(f"  {sentence}")
    for result in planning.settled:
        say(tr("Issue {issue} would stay open: {reason}", issue=result.issue_id, reason=result.reason))
    for gone in planning.gone:
        say(tr("Issue {issue} is already resolved and would be closed.", issue=gone.id))
    would = tr_n("{n} would be fixed.", "{n} would be fixed.", len(planning.ready))
    say(would + " " + tr("Nothing was changed."))


def _show_results(results: Sequence[FixResult], as_json: bool) -> None:
    if as_json:
        names = ("issue_id", "issue_type", "outcome", "reason", "attempt_id")
        steps = [plan_as_json(result.plan) if result.plan else [] for result in results]
        print_json([_fields(each, *names) | {"steps": done} for each, done in zip(results, steps, strict=True)])
    else:
        for result in results:
            say_result(result)
        fixed = sum(result.outcome is FixOutcome.FIXED for result in results)
        say(tr_n("{fixed} of {n} fixed.", "{fixed} of {n} fixed.", len(results), fixed=number(fixed)))
    if any(result.outcome in _BAD for result in results):
        raise typer.Exit(1)
