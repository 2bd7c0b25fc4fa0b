"""Undoing attempts: every row as it was, or a sentence why not; in parts, where an officer says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import CLAIM, Attempt
from sv_common.guild_sync.changes.changeset import NameOf, RowChange, fold
from sv_common.guild_sync.changes.describe import Names, describe
from sv_common.guild_sync.core.errors import PattError, PlanStale, Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.engine.command import Guard, Rules, unguarded
from sv_common.guild_sync.engine.results import UndoReport
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.engine.undo_roles import check_roles_can_go_back, check_undoable, undo_roles
from sv_common.guild_sync.engine.undoing.blockers import in_the_way, in_the_way_of_parts
from sv_common.guild_sync.engine.undoing.parts import undo_parts, undo_whole
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.sources.ports import DiscordSource


async def undo(
    pool: Pool,
    rules: Rules,
    attempt_ids: Sequence[int],
    *,
    actor: str,
    guild_id: int,
    source: DiscordSource | None = None,
    seen: Seen | None = None,
    partly: bool = False,
    guard: Guard = unguarded,
    reason: str = "",
) -> UndoReport:
    """Undo exactly what attempts changed, rescan the affected rules, and record who undid it.

    All rows are undone in one transaction, whole or not at all; then roles on Discord, newest first. `partly` undoes what can
    be, person by person; the rest can be undone later. `seen` is that of the issue of a single attempt. Automation does not
    repeat an undone plan. What a member has said of their own characters is undone with a `reason` only, which is kept and shown.

    Raises `NotFound`; `Refused` when there is nothing to undo or it was undone before, and what the guard of the rows refuses;
    `Busy` while another process changes the member's roles; `PlanStale`, which names who changed a row since, or when the issue
    is not as it was `seen`; `SourceError` when Discord does not allow it. What was undone on Discord until then is recorded, so
    that another undo does the rest; what of several was undone before such an error, the report says, with the error.
    """
    async with pool.writing(guild_id, alone=False) as guild:
        known = await attempts.get_all(guild, attempt_ids)
    reason = _checked(reason, known)
    on_discord = [attempt for attempt in known if attempt.is_on_discord]
    in_rows = [attempt.id for attempt in known if not attempt.is_on_discord]
    if len(known) == 1 and on_discord:
        undone = await undo_roles(pool, rules, known[0], source, actor=actor, seen=seen)
        return UndoReport([undone.id], _sentences(undone))
    if on_discord and not partly:
        await check_roles_can_go_back(pool, on_discord, source)
    report = UndoReport([], [])
    if in_rows:
        report = await _undo_in_rows(pool, rules, guild_id, in_rows, actor, seen, guard, partly=partly, reason=reason)
    for attempt in on_discord:
        try:
            undone = await undo_roles(pool, rules, attempt, source, actor=actor, seen=None)
        except PattError as error:
            if not partly and not report.attempt_ids:
                raise
            report = replace(
                report,
                left=[*report.left, tr("Attempt {attempt}: {error}", attempt=attempt.id, error=error)],
                is_stopped=not partly,
            )
            if not partly:
                break
        else:
            ids, lines = [*report.attempt_ids, undone.id], [*report.sentences, *_sentences(undone)]
            report = replace(report, attempt_ids=ids, sentences=lines)
    if not report.attempt_ids:
        raise PlanStale(report.left[0])
    return report


async def _undo_in_rows(
    pool: Pool,
    rules: Rules,
    guild_id: int,
    attempt_ids: Sequence[int],
    actor: str,
    seen: Seen | None,
    guard: Guard,
    *,
    partly: bool,
    reason: str,
) -> UndoReport:
    async with pool.writing(guild_id) as guild:
        found = await attempts.get_all(guild, attempt_ids)
        if len(found) == 1:
            await check_unchanged(guild, found[0].issue_id, seen)
        async with guard(guild):
            report = await (
                _undo_what_can_be(guild, found, actor, reason)
                if partly
                else _undo_whole(guild, found, actor, guard, reason)
            )
        kinds = {attempt.issue_type for attempt in found}
        await rescan(guild, rules, kinds.pop() if len(kinds) == 1 else "")
    return report


async def _undo_whole(
    guild: GuildConnection, found: Sequence[Attempt], actor: str, guard: Guard, reason: str
) -> UndoReport:
    for attempt in found:
        check_undoable(attempt)
    sentences = await _told(guild, found)
    try:
        async with guild.savepoint():
            await undo_whole(guild, found, actor=actor)
    except PlanStale as error:
        raise PlanStale((await in_the_way(guild, found, guard)).sentence or str(error)) from error
    await attempts.mark_undone(guild, [attempt.id for attempt in found], actor=actor, reason=reason)
    return UndoReport([attempt.id for attempt in found], sentences)


async def _undo_what_can_be(guild: GuildConnection, found: Sequence[Attempt], actor: str, reason: str) -> UndoReport:
    """Undo the parts that can be. Raises `PlanStale` where none can."""
    undoable, left = sort_out(found)
    names = await attempts.names_of(guild, undoable)
    put_back = await undo_parts(guild, undoable, actor=actor)
    blocked = await in_the_way_of_parts(guild, undoable, put_back.blocked)
    left += [f"{Names(names).people(each.part.player_ids)}: {each.reason}" for each in blocked]
    if not put_back.done:
        raise PlanStale(blocked[0].reason if blocked else left[0])
    keys = {change.key for change in put_back.undone}
    whole = [each.id for each in undoable if all(row.key in keys for row in each.rows)]
    in_part = [each for each in undoable if each.id not in whole and any(row.key in keys for row in each.rows)]
    await attempts.mark_undone(guild, whole, actor=actor, reason=reason)
    await attempts.mark_undone_in_part(guild, in_part, keys, actor=actor, reason=reason)
    return UndoReport([*whole, *(each.id for each in in_part)], _again(put_back.undone, names), left)


def why_reason_is_needed(found: Sequence[Attempt]) -> str | None:
    """Return what of these attempts a member has said of their own characters, and still stands; None for nothing."""
    said = next((each for each in found if each.issue_type == CLAIM and each.undone_at is None), None)
    if said is None:
        return None
    return tr("{member} said that of their own characters.", member=name_of(said.actor, begins=True))


def _checked(reason: str, found: Sequence[Attempt]) -> str:
    """Return the reason. Raises `Refused` where one is needed and none is given, and `BadInput` for one that cannot be used."""
    needed, given = why_reason_is_needed(found), checked_reason(reason)
    if needed is not None and not given:
        raise Refused(f"{needed} {tr('Give a reason to undo that.')}")
    return given


def sort_out(found: Sequence[Attempt]) -> tuple[list[Attempt], list[str]]:
    """Return the attempts in which something is left to be undone, and why the others are not. Raises it for a single one."""
    undoable, left = [], []
    for attempt in found:
        try:
            check_undoable(attempt)
        except PattError as error:
            if len(found) == 1:
                raise
            left.append(str(error))
        else:
            undoable.append(attempt)
    return undoable, left


async def _told(guild: GuildConnection, found: Sequence[Attempt]) -> list[str]:
    names = await attempts.names_of(guild, found) if any(attempt.undone for attempt in found) else {}
    return [
        sentence
        for attempt in found
        for sentence in (_again(attempt.rows, names) if attempt.undone else _sentences(attempt))
    ]


def _again(rows: Sequence[RowChange], names: NameOf) -> list[str]:
    return [
        tr("{what}: {after} again.", what=each.what, after=each.after)
        for each in describe((row.inverse for row in fold(rows)), names)
    ]


def _sentences(attempt: Attempt) -> list[str]:
    """What was done of the plan, last first; of role changes only those that were made."""
    changed = {role.role_id for role in attempt.roles}
    done = [each for each in attempt.plan if each["table"] != "role" or each["after"]["role_id"] in changed]
    return [tr("Undone: {sentence}", sentence=each["sentence"]) for each in reversed(done)]
