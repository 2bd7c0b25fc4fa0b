"""Undoing role changes on Discord: recorded, made, verified, recorded; never inside a transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import RoleChange
from sv_common.guild_sync.changes.roles import Member, RoleOutcome, RoleRun, is_seen, taken_together, to_put_back
from sv_common.guild_sync.core.errors import Busy, Refused, SourceError
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.core.undo_offer import TOO_LATE
from sv_common.guild_sync.engine.command import Rules
from sv_common.guild_sync.engine.interrupted import finish_of_member, put_back
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.engine.role_records import member_at, member_lock, recorded
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.sources.ports import DiscordSource

_NO_BOT = mark("No Discord bot is set up, so roles cannot be put back. Set PATT_DISCORD_BOT_TOKEN and try again.")
_LOOKED_UP_LATER = mark("What the member holds now is looked up and recorded with the next sync.")


def check_undoable(attempt: Attempt) -> None:
    """Raise `Refused` where an attempt was undone before, is too old or not finished, or changed nothing."""
    if attempt.undone_at is not None:
        raise Refused(
            tr(
                "Attempt {attempt} was undone already, by {officer} on {day}.",
                attempt=attempt.id,
                officer=name_of(attempt.undone_by or ""),
                day=day(attempt.undone_at),
            )
        )
    if attempt.is_too_late:
        raise Refused(tr("Attempt {attempt}: {error}", attempt=attempt.id, error=tr(TOO_LATE)))
    if attempt.outcome == "running":
        raise Busy(
            tr(
                "Attempt {attempt} is under way, or was interrupted. With the next sync it is looked up on Discord and "
                "finished; then it can be undone.",
                attempt=attempt.id,
            )
        )
    if attempt.undoing_at is not None:
        raise Busy(
            tr(
                "An undo of attempt {attempt} by {officer} is under way, or was interrupted. With the next sync it "
                "is looked up on Discord and finished.",
                attempt=attempt.id,
                officer=name_of(attempt.undoing_by or ""),
            )
        )
    if not attempt.rows and not attempt.roles:
        raise Refused(
            tr(
                "Attempt {attempt} changed nothing ({reason}), so there is nothing to undo.",
                attempt=attempt.id,
                reason=attempt.reason,
            )
        )


async def undo_roles(
    pool: Pool, rules: Rules, known: Attempt, source: DiscordSource | None, *, actor: str, seen: Seen | None
) -> Attempt:
    """Put back the roles that an attempt changed, and return it as it was found. Raises like `undo`."""
    if source is None:
        raise Refused(tr(_NO_BOT))
    async with member_lock(pool, known.member_id):
        for finished in await finish_of_member(pool, rules, source, known.guild_id, known.member_id):
            if finished.id == known.id and finished.undone_by == actor:
                return finished  # the same person has requested it before, and only the response was lost
        async with pool.writing(known.guild_id, alone=False) as guild:
            attempt = await attempts.get(guild, known.id)
            check_undoable(attempt)
            await check_unchanged(guild, attempt.issue_id, seen)
            member = await member_at(guild, known.member_id)
        run = RoleRun(source)
        changes = roles_to_put_back(attempt, await run.look(member))
        await run.check(member, changes)
        async with pool.writing(attempt.guild_id) as guild:
            await check_unchanged(guild, attempt.issue_id, seen)
            await attempts.mark_undoing(guild, attempt.id, actor=actor)
        why = tr("PATT, {actor}: undo of attempt {attempt}", actor=actor, attempt=attempt.id)
        outcome = await run.make(member, changes, reason=why)
        await _record(pool, rules, attempt, member, outcome, actor)
        return attempt


async def check_roles_can_go_back(pool: Pool, found: Sequence[Attempt], source: DiscordSource | None) -> None:
    """Ask Discord whether the roles that attempts changed can be put back, one attempt after the other, newest first.

    Raises `Refused` and `SourceError`.
    """
    on_discord = [attempt for attempt in found if attempt.is_on_discord]
    if not on_discord:
        return
    if source is None:
        raise Refused(tr(_NO_BOT))
    run = RoleRun(source)
    held: dict[int, set[str]] = {}
    for attempt in on_discord:
        check_undoable(attempt)
        async with pool.reading(attempt.guild_id) as guild:
            member = await member_at(guild, attempt.member_id)
        if member.row_id not in held:
            held[member.row_id] = {*await run.look(member)}
        changes = roles_to_put_back(attempt, held[member.row_id])
        await run.check(member, changes)
        held[member.row_id] = after(held[member.row_id], changes)


def after(held: Collection[str], changes: Sequence[RoleChange]) -> set[str]:
    """Return the roles that a member has after changes."""
    taken = {role.role_id for role in changes if not role.held}
    return ({*held} | {role.role_id for role in changes if role.held}) - taken


def roles_to_put_back(attempt: Attempt, held: Collection[str]) -> list[RoleChange]:
    """Return what puts the roles back, nothing where all are back. Raises `Refused` where some were changed since.

    Of an unverified attempt it is unknown which of its changes were made, so those that are not there do not count.
    """
    first = {role.role_id: role for role in reversed(attempt.roles)}
    is_back = not any(is_seen(role, held) for role in first.values())
    is_as_written = all(is_seen(role, held) for role in taken_together(attempt.roles))
    if not is_back and not is_as_written and attempt.outcome != FixOutcome.UNVERIFIED:
        member = attempt.roles[0].member
        raise Refused(
            tr("The roles of {member} were changed on Discord since, so this can no longer be undone.", member=member)
            if member
            else tr("The roles of the member were changed on Discord since, so this can no longer be undone.")
        )
    return to_put_back(attempt.roles, held)


async def _record(pool: Pool, rules: Rules, attempt: Attempt, member: Member, outcome: RoleOutcome, actor: str) -> None:
    """Raises `SourceError` where not everything was put back."""

    async def write(guild: GuildConnection) -> None:
        if outcome.roles is not None:
            await members.set_roles(guild, {member.row_id: outcome.roles})
        if outcome.error is None:
            await attempts.mark_undone(guild, [attempt.id], actor=actor)
        elif not outcome.is_unverified:
            # What is seen counts, or what Discord confirmed where that cannot be seen.
            made = outcome.changes if outcome.roles is None else put_back(attempt, outcome.roles)
            await attempts.stop_undoing(guild, attempt.id, made)
        await rescan(guild, rules, attempt.issue_type)

    await recorded(pool, attempt.guild_id, write)
    if outcome.is_unverified:
        raise SourceError(f"{outcome.error} {tr(_LOOKED_UP_LATER)}")
    if outcome.error is not None:
        raise SourceError(outcome.error)
