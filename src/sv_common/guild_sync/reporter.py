"""Reports to officers on Discord: a short summary after a sync, and a digest of the day that grows with the news.

Both are stored before they are sent (`outbox.py`), mention no member, and show names and notes unformatted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.language import mark, number, tr
from sv_common.guild_sync.engine.command import AUTOMATION
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.insights.coverage import Coverage, counts_by_basis
from sv_common.guild_sync.issues.model import Severity
from sv_common.guild_sync.issues.reports import CheckReport, RuleCheck
from sv_common.guild_sync.notifications import announcements
from sv_common.guild_sync.notifications.digest import ChangedIssues, IssueChange, digest
from sv_common.guild_sync.notifications.outbox import deliver
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.rules import RULES, is_for_officers
from sv_common.guild_sync.sources.discord.message import Announcement, plain
from sv_common.guild_sync.sources.ports import Announcer

SQL = load_sql(__package__, "reporter.sql")

MOST_LINES = 15
"""Issues of one rule and change that a digest lists; Discord's limits may leave room for fewer."""


async def send_sync_summary(
    pool: Pool,
    announcer: Announcer | None,
    guild: Guild,
    title: str,
    check: CheckReport,
    fixes: FixReport,
    *,
    run_id: int,
) -> bool:
    """Post a summary to the guild's audit channel if it is notable and there is a channel; return whether it was posted.

    A failed post is tried again for a day. Raises a `SourceError` when Discord cannot be reached.
    """
    body = summary_text(check, fixes)
    if announcer is None or guild.audit_channel_id is None or body is None:
        return False
    async with pool.writing(guild.id, alone=False) as here:
        announcement = Announcement(plain(title), body, nonce=f"patt-sync-{run_id}")
        await announcements.store_summary(here, guild.audit_channel_id, announcement)
    await deliver(pool, announcer, guild.id)
    return True


async def send_digest(pool: Pool, announcer: Announcer | None, *, guild_id: int, page_url: str | None = None) -> int:
    """Report a guild's news, and what could not be sent before; return how many messages changed.

    All news of a day (in UTC) are one message, which is edited as they grow. After it was deleted, the next news begin
    another. Nothing is done without an audit channel. Raises a `SourceError` when Discord cannot be reached.
    """
    async with pool.reading(guild_id) as here:
        guild = await guilds.get(here)
    if announcer is None or guild.audit_channel_id is None:
        return 0
    changed = await deliver(pool, announcer, guild_id)  # a first post has to end before it may grow
    for _ in range(2):  # once more if the message was deleted
        if not await _add_news(pool, guild, guild.audit_channel_id, page_url):
            break
        changed += await deliver(pool, announcer, guild_id)
    return changed


async def preview_digest(pool: Pool, *, guild_id: int, page_url: str | None = None) -> Announcement | None:
    """Return the digest that `send_digest` would send now; None without news."""
    async with pool.reading(guild_id) as here:
        guild = await guilds.get(here)
        news = await announcements.unreported(here)
        current = await announcements.open_digest(here)
        if news is None:
            return None
        first = current.first_event if current and not current.is_over else news[0]
        return await _written(here, guild, (first, news[1]), page_url)


def summary_text(check: CheckReport, fixes: FixReport) -> str | None:
    """Return the summary, or None when nothing opened, closed, was fixed, failed or needs review."""
    checks = [each for each in check.checks if not is_for_officers(each.issue_type)]
    lines = [
        *(line for each in checks if (line := _line(each))),
        *_fix_lines(fixes),
        *(f"⚠ {plain(error)}" for error in CheckReport(_alarming(checks)).errors),
    ]
    return "\n".join(lines) or None


async def _add_news(pool: Pool, guild: Guild, channel_id: str, page_url: str | None) -> bool:
    """Add events that no digest covers to the digest of the day or a new one; return whether there is something to send."""
    async with pool.writing(guild.id) as here:
        news = await announcements.unreported(here)
        current = await announcements.open_digest(here)
        if news is None and current is not None and current.is_in_doubt:
            covers = (current.first_event, current.last_event)
            written = await _written(here, guild, covers, page_url)
            return await announcements.extend_digest(
                here, current.id, current.channel_id, written, last_event=covers[1]
            )
        if news is None or (current is not None and current.is_under_way and not current.is_posted):
            return False
        is_elsewhere = current is not None and (current.is_over or current.channel_id != channel_id)
        if current is not None and current.is_posted and is_elsewhere:  # one that was never posted goes on growing
            await announcements.close(here, current.id)
            current = None
        covers = (current.first_event if current else news[0], news[1])
        written = await _written(here, guild, covers, page_url)
        has_news = bool(written.sections) or (current is not None and current.is_posted)
        content = written if has_news else None
        if current is None:
            await announcements.start_digest(here, channel_id, content, nonce=written.nonce, covers=covers)
        else:
            return await announcements.extend_digest(here, current.id, channel_id, content, last_event=covers[1])
    return True


async def _written(here: GuildConnection, guild: Guild, covers: tuple[int, int], page_url: str | None) -> Announcement:
    """Write the digest, without what is for officers alone: anyone may be in the channel."""
    async with here.for_others():
        rows = await here.rows(SQL["changed"], first=covers[0], last=covers[1], automation=AUTOMATION, most=MOST_LINES)
        open_now = int(await here.value(SQL["open_now"]))
    return digest(
        guild.name,
        datetime.now(UTC).date(),
        [ChangedIssues(rule, IssueChange(change), total, summaries) for rule, change, total, summaries in rows],
        open_now,
        Coverage(await counts_by_basis(here), None).sentence,
        rule_names={rule.issue_type: rule.name for rule in RULES.values()},
        page_url=page_url,
        nonce=f"patt-digest-{covers[0]}",
    )


def _alarming(checks: Sequence[RuleCheck]) -> list[RuleCheck]:
    """Leave out what a rule for information could not tell: that is no alarm."""
    told_only = {rule.issue_type for rule in RULES.values() if rule.severity == Severity.INFO}
    return [check for check in checks if check.issue_type not in told_only or not check.error]


def _line(check: RuleCheck) -> str | None:
    moves = check.moves
    parts = [
        tr(counted, n=number(count))
        for count, counted in (
            (moves.opened, mark("{n} new")),
            (moves.recurred, mark("{n} back again")),
            (moves.reopened, mark("{n} reopened")),
            (moves.resolved, mark("{n} resolved")),
        )
        if count
    ]
    return f"**{_rule_name(check.issue_type)}**: {', '.join(parts)}" if parts else None


def _fix_lines(fixes: FixReport) -> Sequence[str]:
    words = {
        FixOutcome.FIXED: mark("{n} fixed automatically"),
        FixOutcome.HELD: mark("{n} held for review"),
        FixOutcome.FAILED: mark("{n} could not be fixed"),
        FixOutcome.UNVERIFIED: mark("{n} could not be verified on Discord"),
    }
    told = [each for each in fixes.results if each.outcome in words and not is_for_officers(each.issue_type)]
    counts = Counter((each.issue_type, each.outcome) for each in told)
    return [
        f"**{_rule_name(issue_type)}**: {tr(words[outcome], n=number(count))}"
        for (issue_type, outcome), count in sorted(counts.items())
    ]


def _rule_name(issue_type: str) -> str:
    rule = RULES.get(issue_type)
    return plain(rule.name if rule else issue_type)
