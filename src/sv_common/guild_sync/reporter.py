"""What officers read on Discord: a short summary after a sync, and a digest of the day that grows with the news.

Both are kept before they are sent (`outbox.py`), mention nobody, and show names and notes as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sv_common.db.pool import Connection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.engine.command import AUTOMATION
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.issues.reports import CheckReport, RuleCheck
from sv_common.guild_sync.notifications import announcements
from sv_common.guild_sync.notifications.announcements import GrowingDigest
from sv_common.guild_sync.notifications.digest import Move, MovedIssues, digest
from sv_common.guild_sync.notifications.outbox import deliver
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.sources.discord.message import Announcement, plain
from sv_common.guild_sync.sources.ports import Announcer

SQL = load_sql(__package__, "reporter.sql")

MOST_LINES = 15
"""Issues of one rule and move that a digest names; Discord's limits may leave room for fewer."""


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
    """Post a summary to the guild's audit channel if it is notable and there is a channel; say whether it was posted.

    What cannot be posted now is kept for a day and tried again. Raises a `SourceError` when Discord cannot be reached.
    """
    body = summary_text(check, fixes)
    if announcer is None or guild.audit_channel_id is None or body is None:
        return False
    async with pool.connection() as conn:
        announcement = Announcement(plain(title), body, nonce=f"patt-sync-{run_id}")
        await announcements.keep_summary(conn, guild.id, guild.audit_channel_id, announcement)
    await deliver(pool, announcer, guild.id)
    return True


async def send_digest(pool: Pool, announcer: Announcer | None, *, guild_id: int, page_url: str | None = None) -> int:
    """Tell a guild's officers what is new, and what could not be told before; return how many messages changed.

    All news of a day (in UTC) are one message, which is rewritten while they grow. When it was deleted, the next news
    begin another. Nothing is done without an audit channel. Raises a `SourceError` when Discord cannot be reached.
    """
    async with pool.connection() as conn:
        guild = await guilds.get(conn, guild_id)
    if announcer is None or guild.audit_channel_id is None:
        return 0
    changed = await deliver(pool, announcer, guild_id)  # a first post that is under way has to end before it may grow
    for _ in range(2):  # once more when the message turns out to be deleted
        if not await _take_up_news(pool, guild, guild.audit_channel_id, page_url):
            break
        changed += await deliver(pool, announcer, guild_id)
    return changed


async def preview_digest(pool: Pool, *, guild_id: int, page_url: str | None = None) -> Announcement | None:
    """Return what `send_digest` would say now; None when there is no news."""
    async with pool.snapshot() as conn:
        guild = await guilds.get(conn, guild_id)
        news = await announcements.untold(conn, guild_id)
        growing = await announcements.digest_that_grows(conn, guild_id)
        if news is None:
            return None
        first = growing.first_event if growing and not growing.is_over else news[0]
        return await _written(conn, guild, (first, news[1]), page_url)


def summary_text(check: CheckReport, fixes: FixReport) -> str | None:
    """Return the summary, or None when nothing opened, closed, was fixed, failed or is held."""
    lines = [
        *(line for each in check.checks if (line := _line(each))),
        *_fix_lines(fixes),
        *(f"⚠ {plain(error)}" for error in check.errors),
    ]
    return "\n".join(lines) or None


async def _take_up_news(pool: Pool, guild: Guild, channel_id: str, page_url: str | None) -> bool:
    """Keep what no digest covers yet, in the digest of the day or a new one; say whether there was anything."""
    async with pool.connection() as conn:
        await guilds.lock(conn, guild.id)
        news = await announcements.untold(conn, guild.id)
        growing = await announcements.digest_that_grows(conn, guild.id)
        if news is None and growing is not None and growing.is_in_doubt:
            return await _tell_anew(conn, guild, growing, page_url)
        if news is None or (growing is not None and growing.is_under_way and not growing.is_posted):
            return False
        if growing is not None and _has_ended(growing, channel_id):
            await announcements.close(conn, growing.id)
            growing = None
        covers = (growing.first_event if growing else news[0], news[1])
        written = await _written(conn, guild, covers, page_url)
        has_news = bool(written.sections) or (growing is not None and growing.is_posted)
        content = written if has_news else None
        if growing is None:
            await announcements.begin_digest(conn, guild.id, channel_id, content, nonce=written.nonce, covers=covers)
        else:
            return await announcements.grow_digest(conn, growing.id, channel_id, content, last_event=covers[1])
    return True


async def _tell_anew(conn: Connection, guild: Guild, growing: GrowingDigest, page_url: str | None) -> bool:
    """Keep once more what a digest says whose message may show an older text."""
    covers = (growing.first_event, growing.last_event)
    written = await _written(conn, guild, covers, page_url)
    return await announcements.grow_digest(conn, growing.id, growing.channel_id, written, last_event=covers[1])


def _has_ended(growing: GrowingDigest, channel_id: str) -> bool:
    """Whether news begin another message: what nobody has seen yet goes on growing, on another day or channel too."""
    return growing.is_posted and (growing.is_over or growing.channel_id != channel_id)


async def _written(conn: Connection, guild: Guild, covers: tuple[int, int], page_url: str | None) -> Announcement:
    moved = await _moved(conn, guild.id, covers)
    row = await (await conn.execute(SQL["open_now"], {"guild_id": guild.id})).fetchone()
    return digest(
        guild.name,
        datetime.now(UTC).date(),
        moved,
        int(row[0]) if row else 0,
        rule_names={rule.issue_type: rule.name for rule in RULES.values()},
        page_url=page_url,
        nonce=f"patt-digest-{covers[0]}",
    )


async def _moved(conn: Connection, guild_id: int, covers: tuple[int, int]) -> Sequence[MovedIssues]:
    values: Mapping[str, object] = {
        "guild_id": guild_id,
        "first": covers[0],
        "last": covers[1],
        "automation": AUTOMATION,
        "most": MOST_LINES,
    }
    rows = await (await conn.execute(SQL["moved"], values)).fetchall()
    return [MovedIssues(issue_type, Move(move), total, summaries) for issue_type, move, total, summaries in rows]


def _line(check: RuleCheck) -> str | None:
    moves = check.moves
    parts = [
        f"{count} {word}"
        for count, word in (
            (moves.opened, "new"),
            (moves.recurred, "back again"),
            (moves.reopened, "reopened"),
            (moves.resolved, "resolved"),
        )
        if count
    ]
    return f"**{_rule_name(check.issue_type)}**: {', '.join(parts)}" if parts else None


def _fix_lines(fixes: FixReport) -> Sequence[str]:
    words = {
        FixOutcome.FIXED: "fixed by itself",
        FixOutcome.HELD: "held for an officer",
        FixOutcome.FAILED: "could not be fixed",
        FixOutcome.UNVERIFIED: "could not be verified on Discord",
    }
    counts = Counter((r.issue_type, r.outcome) for r in fixes.results if r.outcome in words)
    return [
        f"**{_rule_name(issue_type)}**: {count} {words[outcome]}"
        for (issue_type, outcome), count in sorted(counts.items())
    ]


def _rule_name(issue_type: str) -> str:
    rule = RULES.get(issue_type)
    return plain(rule.name if rule else issue_type)
