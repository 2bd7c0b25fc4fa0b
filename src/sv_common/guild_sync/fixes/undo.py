"""Taking back an attempt: every row as it was, or a sentence why not."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.checking import look_again
from sv_common.guild_sync.domain.errors import Refused
from sv_common.guild_sync.domain.report import UndoReport
from sv_common.guild_sync.fixes import discord_steps
from sv_common.guild_sync.fixes.recording import Rules, concerned_by
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store import attempts, discord, guilds, journal
from sv_common.guild_sync.store.attempts import Attempt
from sv_common.guild_sync.store.links import Change


async def undo(
    pool: Pool,
    rules: Rules,
    attempt_id: int,
    *,
    actor: str,
    guild_id: int | None = None,
    source: DiscordSource | None = None,
    seen: Seen | None = None,
) -> UndoReport:
    """Put back exactly what an attempt changed, look again at the rules concerned, and remember who undid it.

    Automation does not repeat a plan that was undone. Raises `NotFound`; `Refused` when there is nothing to undo or it
    was undone before; `PlanStale` when a row has changed since, or the issue is no longer as it was `seen`; `SourceError`
    when Discord does not let it be done. What was put back on Discord until then is remembered, so that another undo does
    the rest.
    """
    async with pool.connection() as conn:
        known = await attempts.get(conn, attempt_id, guild_id)
    async with pool.connection() as conn:
        await guilds.lock(conn, known.guild_id)
        attempt = await attempts.get(conn, attempt_id, guild_id)
        check_undoable(attempt)
        await check_unchanged(conn, attempt.issue_id, seen)
        half = await _put_back(conn, attempt, actor, source)
        await _look_again(conn, rules, attempt)
    if half is not None:
        raise half
    return UndoReport(attempt_id, [f"Taken back: {step['sentence']}" for step in reversed(attempt.plan)])


def check_undoable(attempt: Attempt) -> None:
    """Raise `Refused` where an attempt was undone before, or changed nothing."""
    if attempt.undone_at is not None:
        raise Refused(
            f"Attempt {attempt.id} was undone already, by {attempt.undone_by} on {attempt.undone_at:%Y-%m-%d}."
        )
    if not attempt.changes:
        raise Refused(f"Attempt {attempt.id} changed nothing ({attempt.reason}), so there is nothing to undo.")


async def _put_back(
    conn: Connection, attempt: Attempt, actor: str, source: DiscordSource | None
) -> discord_steps.HalfPutBack | None:
    """Put everything back and mark the attempt as undone; return what stopped it after a part that cannot be unsaid."""
    try:
        async with conn.transaction():
            await put_rows_back(conn, attempt)
            await attempts.mark_undone(conn, attempt.id, actor=actor)
            await _put_back_roles(conn, attempt, actor, source)
    except discord_steps.HalfPutBack as half:
        await attempts.add_changes(conn, attempt.id, half.changes)
        if half.roles is not None:
            await discord.set_roles(conn, attempt.guild_id, {_role_changes(attempt)[0]["id"]: half.roles})
        return half
    return None


async def put_rows_back(conn: Connection, attempt: Attempt) -> None:
    """Put back the rows that an attempt changed, all or none. Raises `PlanStale`.

    Issues are about the players again that were deleted and are there again.
    """
    await journal.put_back(conn, attempt.changes, written_at=attempt.started_at)
    changes = [change for change in attempt.changes if change["table"] == "issue"]
    await issues.point_again(conn, {change["id"]: (change["before"] or {})["player_id"] for change in changes})


async def _put_back_roles(conn: Connection, attempt: Attempt, actor: str, source: DiscordSource | None) -> None:
    changes = _role_changes(attempt)
    if not changes:
        return
    run, member = await _on_discord(conn, attempt, changes, source)
    why = f"PATT, {actor}: undo of attempt {attempt.id}"
    roles = await run.put_back(member, changes, reason=why)
    await discord.set_roles(conn, attempt.guild_id, {member.row_id: roles})


async def check_roles_can_go_back(conn: Connection, attempt: Attempt, source: DiscordSource | None) -> None:
    """Ask Discord whether the roles that an attempt changed can be put back. Raises `Refused` and `SourceError`."""
    changes = _role_changes(attempt)
    if changes:
        run, member = await _on_discord(conn, attempt, changes, source)
        await run.turns_back(member, changes)


async def _on_discord(
    conn: Connection, attempt: Attempt, changes: Sequence[Change], source: DiscordSource | None
) -> tuple[discord_steps.RoleRun, discord_steps.Member]:
    if source is None:
        raise Refused(
            "No Discord bot is set up, so roles cannot be put back. Set PATT_DISCORD_BOT_TOKEN and try again."
        )
    row_id = changes[0]["id"]
    address = (await discord.addresses(conn, attempt.guild_id, [row_id]))[row_id]
    return discord_steps.RoleRun(source), discord_steps.Member(
        row_id, address.discord_id, address.discord_guild_id or ""
    )


def _role_changes(attempt: Attempt) -> list[Change]:
    """The changes made on Discord; those of one attempt are of one member."""
    return [change for change in attempt.changes if change["table"] == "role"]


async def _look_again(conn: Connection, rules: Rules, attempt: Attempt) -> None:
    rule = rules.get(attempt.issue_type)
    await look_again(conn, list(rules.values()) if rule is None else concerned_by(rules, rule), attempt.guild_id, {})
