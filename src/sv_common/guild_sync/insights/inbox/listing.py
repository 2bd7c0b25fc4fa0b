"""The Inbox's list, with what stands above it: how far the guild is, old sources, held batches, refused lists, the full match."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.core.language import mark, number, percent, tr, tr_n
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.insights.coverage import match_counts, match_sentence
from sv_common.guild_sync.insights.health import Health, health
from sv_common.guild_sync.insights.inbox import wording
from sv_common.guild_sync.insights.inbox.board import SQL, Board, read_board
from sv_common.guild_sync.insights.inbox.entries import entries_of
from sv_common.guild_sync.insights.inbox.model import (
    Entry,
    EntryGroup,
    HeldBatch,
    Inbox,
    MatchOutlook,
    RefusedLoss,
    SafeFix,
    SafeFixes,
    StaleSource,
)
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import tell_closed
from sv_common.guild_sync.issues.model import SubjectKind
from sv_common.guild_sync.roster import guilds, held_losses
from sv_common.guild_sync.roster.loss import LARGEST_SHARE
from sv_common.guild_sync.rulebook.parameter import budget_of
from sv_common.guild_sync.rulebook.settings import read_settings
from sv_common.guild_sync.rules import RULES

MOST_OF_A_LOSS = 50
_MISSING = {
    "battlenet": mark(
        "{n} of {known} known characters are missing from Battle.net’s roster. More than {share} at once counts "
        "as a failed fetch: no one was marked as gone."
    ),
    "discord": mark(
        "{n} of {known} known Discord members are missing from Discord’s list. More than {share} at once counts "
        "as a failed fetch: no one was marked as gone."
    ),
}


async def inbox(guild: GuildConnection) -> Inbox:
    """Return all that is open as questions, in a number of statements that depends on nothing but the rules."""
    board = await read_board(guild)
    return await inbox_of(guild, board, entries_of(board))


async def inbox_of(guild: GuildConnection, board: Board, entries: Sequence[Entry]) -> Inbox:
    """Return the list, from what was read of it."""
    now = await health(guild)
    return Inbox(
        guild_id=guild.id,
        known=now.characters.counted - now.characters.unlinked,
        total=now.characters.counted,
        fixed_this_week=now.fixed,
        sources=_stale(now),
        held=await _held(guild, board),
        losses=await _losses(guild),
        match=_match(board.resolver),
        doubts=list(dict.fromkeys(board.doubts.values())),
        groups=[
            EntryGroup(group, tr(name), [entry for entry in entries if entry.group is group])
            for group, name in wording.GROUPS.items()
        ],
    )


async def safe_fixes(guild: GuildConnection) -> SafeFixes:
    """Return the ready fixes that rest on certain evidence, with each change that they would make."""
    board = await read_board(guild)
    return _fixes(board, [entry for entry in entries_of(board) if entry.is_safe])


async def ready_fixes(guild: GuildConnection, keys: Collection[int]) -> SafeFixes:
    """Return those of some questions that are ready, in the same way."""
    board = await read_board(guild)
    return _fixes(board, [entry for entry in entries_of(board) if entry.key in keys])


def _fixes(board: Board, entries: Sequence[Entry]) -> SafeFixes:
    return SafeFixes(
        board.guild_id,
        [
            SafeFix(entry.key, entry.question, entry.does, board.ready[entry.key].sentences, entry.plan_key)
            for entry in entries
            if entry.does is not None and entry.plan_key is not None
        ],
    )


async def entry_with(guild: GuildConnection, entries: Sequence[Entry], issue_id: int) -> Entry:
    """Return the question that an issue belongs to. Raises `NotFound`, and `PlanStale` where it is not open any more."""
    found = next((entry for entry in entries if issue_id in entry.issue_ids), None)
    if found is not None:
        return found
    issue = await lifecycle.get(guild, issue_id)
    raise PlanStale(tr("This question is closed: {how}.", how=await tell_closed(guild, issue.id)))


def _stale(now: Health) -> list[StaleSource]:
    return [StaleSource(age, *wording.stale(age)) for age in now.sources if age.is_stale]


async def _held(guild: GuildConnection, board: Board) -> list[HeldBatch]:
    """Return, by rule, the safe fixes that are more than automation may apply at once."""
    settings, size = await read_settings(guild, RULES.values()), await guilds.roster_size(guild)
    upload = await guild.row(SQL["last_upload"])
    batches = []
    for issue_type, planning in board.plannings.items():
        rule, chosen = RULES[issue_type], settings[issue_type]
        limit = budget_of(chosen.parameters, size).limit
        safe = [fix.issue.id for fix in planning.ready if board.is_safe(fix)]
        is_automatic = rule.may_be_automatic and chosen.is_enabled and chosen.auto_mitigate
        if is_automatic and len(safe) > limit:
            by, at = upload if upload is not None and rule.subject is SubjectKind.CHARACTER else (None, None)
            sentence = tr_n(
                "{n} change at once is more than {limit}: held for you.",
                "{n} changes at once are more than {limit}: held for you.",
                len(safe),
                limit=number(limit),
            )
            batches.append(HeldBatch(issue_type, len(safe), limit, safe, by, at, sentence))
    return batches


async def _losses(guild: GuildConnection) -> list[RefusedLoss]:
    found = []
    for loss in await held_losses.all_of(guild):
        if loss.released_at is None:
            count = len(loss.subject_ids)
            sentence = tr(
                _MISSING[loss.source], n=number(count), known=number(loss.known), share=percent(LARGEST_SHARE)
            )
            people = (await held_losses.subjects(guild, loss))[:MOST_OF_A_LOSS]
            found.append(RefusedLoss(loss.source, loss.key, count, loss.known, loss.refused_at, sentence, people))
    return found


def _match(resolver: Resolver) -> MatchOutlook | None:
    linked, players, created = match_counts(resolver)
    return MatchOutlook(linked, players, created, match_sentence(linked, players)) if linked else None
