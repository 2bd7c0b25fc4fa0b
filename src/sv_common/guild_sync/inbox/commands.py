"""The commands of the Inbox. Each refuses what is no longer as it was seen, and says what to undo and what to open next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.changeset import Changeset, PlanClass
from sv_common.guild_sync.core.errors import BadInput, PattError, PlanStale, Refused
from sv_common.guild_sync.core.language import day, mark, tr, tr_n
from sv_common.guild_sync.core.text import enumerated
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_attempts, undo_of_events
from sv_common.guild_sync.engine.command import Command, FixRun, Guard, unguarded
from sv_common.guild_sync.engine.fix import fix_in_database
from sv_common.guild_sync.engine.planning import PlannedFix, plan_fixes
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.identity.decisions import LinkCharacter, LinkCharacterToMember, ManualDecision, NewPlayer
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity_engine import decide_in_transaction
from sv_common.guild_sync.inbox.order import Order, read_order
from sv_common.guild_sync.insights.inbox.listing import entry_with
from sv_common.guild_sync.insights.inbox.model import Answered, Entry, SetApart
from sv_common.guild_sync.insights.inbox.wording import why_snoozed
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen, check_all_unchanged, tell_closed
from sv_common.guild_sync.issues.model import IssueState
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.sources.ports import DiscordSource

MOST_NAMED = 3
STAYS_OPEN = mark("The question stays open.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedReady(FixReport):
    """What became of fixes that were ready; `next` is the question to open now."""

    guild_id: int
    next: int | None
    questions: Annotated[int, Field(description="How many questions are left.")]

    @computed_field
    @property
    def sentence(self) -> str:
        """What came of it, for an officer."""
        if len(self.results) == 1:
            return self.results[0].sentence
        return FixReport(self.results).sentence


async def answer(
    pool: Pool,
    issue_id: int,
    decision: ManualDecision,
    *,
    actor: str,
    guild_id: int | None = None,
    seen: Seen | None = None,
    along: Sequence[int] = (),
    guard: Guard = unguarded,
) -> Answered:
    """Answer a question with a decision about who it is about.

    `along` are the other issues that were shown with the question: those that are certain now, because a note names the player
    of the answer, are fixed in the same transaction, by their notes.

    With `remember_note`, and with another name for a new player, the key may be that of the plan without them: that is what
    was shown. Raises like `apply_decision`, `Refused` for a decision about others, and `PlanStale` where the question is not
    as it was `seen`, with who did what since.
    """
    order = await read_order(pool, await lifecycle.guild_of(pool, issue_id, guild_id), [issue_id])
    async with pool.writing(order.guild_id) as guild, guard(guild):
        await check_all_unchanged(guild, order.entry.issue_ids, seen)
        wanted = await _as_shown(guild, decision)
        report = await decide_in_transaction(guild, wanted, actor=actor)
        if not _is_about(decision, report.plan, order.entry, await resolver_of(guild)):
            raise Refused(
                tr(
                    "This decision is about others than “{question}”. Nothing was changed.",
                    question=order.entry.question,
                )
            )
        attempts, also = await _settle_along(guild, order.entry, along, actor=actor)
        is_open = await order.still_open(guild)
    told = " ".join(filter(None, (_told(report.plan), _told_also(also))))
    closed = [number for number in order.entry.issue_ids if number not in is_open]
    return Answered(
        order.guild_id,
        order.entry.key,
        told if closed else f"{told} {tr(STAYS_OPEN)}",
        undo_of_attempts([*([report.attempt_id] if report.attempt_id is not None else []), *attempts]),
        closed,
        [each.issue.id for each in also],
        order.next(is_open),
        order.questions(is_open),
    )


async def dismiss(
    pool: Pool,
    issue_id: int,
    *,
    reason: str,
    until: date | None = None,
    actor: str,
    guild_id: int | None = None,
    seen: Seen | None = None,
) -> Answered:
    """Dismiss all issues of a question, for ever or until a day. Raises `NotFound`, `BadInput` and `PlanStale`."""
    order = await read_order(pool, await lifecycle.guild_of(pool, issue_id, guild_id), [issue_id])
    end = datetime.combine(until, time(), UTC) if until is not None else None
    async with pool.writing(order.guild_id) as guild:
        await check_all_unchanged(guild, order.entry.issue_ids, seen)
        await lifecycle.dismiss_many(guild, order.entry.issue_ids, actor=actor, reason=reason, until=end)
        undo = undo_of_events(await lifecycle.last_words(guild, order.entry.issue_ids))
        is_open = await order.still_open(guild)
    sentence = (
        tr("Snoozed until {day}.", day=day(until))
        if until is not None
        else tr("Dismissed: {reason}", reason=reason.strip())
    )
    return _set_apart(order, sentence, undo, is_open)


async def snooze(
    pool: Pool, issue_id: int, *, until: date, actor: str, guild_id: int | None = None, seen: Seen | None = None
) -> Answered:
    """Dismiss a question until a day, on which it comes back. Raises like `dismiss`."""
    today = datetime.now(UTC).date()
    if until <= today:
        raise BadInput(tr("The day on which the question comes back must lie ahead."))
    reason = why_snoozed(until, today)
    return await dismiss(pool, issue_id, reason=reason, until=until, actor=actor, guild_id=guild_id, seen=seen)


async def set_apart(
    pool: Pool,
    issue_ids: Sequence[int],
    *,
    reason: str,
    until: date | None = None,
    actor: str,
    guild_id: int | None = None,
) -> SetApart:
    """Dismiss all issues of several questions at once, for ever or until a day.

    Raises `NotFound`, `BadInput` without questions, and `PlanStale` where one of them is closed; then nothing is changed.
    """
    if not issue_ids:
        raise BadInput(tr("No question is selected. Select the questions first."))
    order = await read_order(pool, await lifecycle.guild_of(pool, issue_ids[0], guild_id), issue_ids)
    end = datetime.combine(until, time(), UTC) if until is not None else None
    async with pool.writing(order.guild_id) as guild:
        found = [await entry_with(guild, order.entries, number) for number in issue_ids]  # asks only of a closed one
        chosen = {entry.key: entry for entry in found}.values()
        every = [number for entry in chosen for number in entry.issue_ids]
        is_open = await order.still_open(guild)
        if (closed := next((number for number in every if number not in is_open), None)) is not None:
            raise PlanStale(tr("This question is closed: {what}.", what=await tell_closed(guild, closed)))
        await lifecycle.dismiss_many(guild, every, actor=actor, reason=reason, until=end)
        undo = undo_of_events(await lifecycle.last_words(guild, every))
        is_open = await order.still_open(guild)
    count = len(chosen)
    if until is not None:
        sentence = tr_n(
            "{n} question snoozed until {day}.", "{n} questions snoozed until {day}.", count, day=day(until)
        )
    else:
        why = reason.strip()
        sentence = tr_n("{n} question dismissed: {reason}", "{n} questions dismissed: {reason}", count, reason=why)
    return SetApart(order.guild_id, sentence, undo, order.questions(is_open))


async def fix_ready(
    pool: Pool,
    issue_ids: Sequence[int],
    *,
    actor: str,
    guild_id: int | None = None,
    discord_bot: DiscordSource | None = None,
    plan_keys: Mapping[int, str] | None = None,
    guard: Guard = unguarded,
) -> FixedReady:
    """Apply fixes that are ready: one is an officer's decision, several go by evidence alone, as Fix All does.

    `plan_keys` are those that were shown: nothing else is done. Raises `NotFound`, and `BadInput` without issues.
    """
    if not issue_ids:
        raise BadInput(tr("No question is selected. Select the questions first."))
    keys = plan_keys or {}
    order = await read_order(pool, await lifecycle.guild_of(pool, issue_ids[0], guild_id), issue_ids)
    number = order.guild_id
    if len(issue_ids) == 1:
        fixed = await mitigations.fix_one(
            pool,
            issue_ids[0],
            actor=actor,
            guild_id=number,
            discord_bot=discord_bot,
            plan_key=keys.get(issue_ids[0]),
            guard=guard,
        )
        report = FixReport([fixed])
    else:
        report = await mitigations.fix_selected(
            pool, issue_ids, actor=actor, guild_id=number, discord_bot=discord_bot, seen=keys
        )
    async with pool.reading(number) as guild:
        is_open = await order.still_open(guild)
    return FixedReady(report.results, guild_id=number, next=order.next(is_open), questions=order.questions(is_open))


def _set_apart(order: Order, sentence: str, undo: UndoOffer | None, is_open: frozenset[int]) -> Answered:
    return Answered(
        order.guild_id,
        order.entry.key,
        sentence,
        undo,
        order.entry.issue_ids,
        (),
        order.next(is_open),
        order.questions(is_open),
    )


async def _as_shown(guild: GuildConnection, decision: ManualDecision) -> ManualDecision:
    """Return the decision without its key where that is of the plan that was shown, before an officer added to it."""
    shown: ManualDecision
    match decision:
        case LinkCharacter() | LinkCharacterToMember() if decision.remember_note:
            shown = replace(decision, remember_note=False)
        case NewPlayer():
            shown = replace(decision, remember_note=False, name=None)
        case _:
            return decision
    if decision.plan_key is None:
        return decision
    try:
        key = shown.plan(await resolver_of(guild)).key
    except PattError:
        return decision
    return replace(decision, plan_key=None) if key == decision.plan_key else decision


async def _settle_along(
    guild: GuildConnection, entry: Entry, along: Sequence[int], *, actor: str
) -> tuple[list[int], list[PlannedFix]]:
    """Fix those issues of `along` whose notes or accounts say, for certain and since the answer, the player that it says.

    Return the attempts and what was fixed.
    """
    issues = [each for each in await lifecycle.get_many(guild, along) if each.state is IssueState.OPEN]
    rule = RULES["orphan_wow"]
    issues = [each for each in issues if each.issue_type == rule.issue_type]
    if not issues:
        return [], []
    owners = _owners(await resolver_of(guild), entry)
    command = Command(actor, is_bulk=True)
    planning = await plan_fixes(guild, rule, issues, command)
    certain = {
        fix.issue.id: fix
        for fix in planning.ready
        if (fix.plan.plan_class is PlanClass.SAFE or (fix.plan.is_by_account and not fix.plan.waits_for_officer))
        and not fix.plan.created
        and owners.issuperset(fix.plan.linked.values())
    }
    if not certain:
        return [], []
    done = await fix_in_database(guild, FixRun(RULES, rule, guild.id, list(certain), command))
    fixed = [each for each in done.results if each.outcome is FixOutcome.FIXED]
    attempts = [each.attempt_id for each in fixed if each.attempt_id is not None]
    return attempts, [certain[each.issue_id] for each in fixed]


def _owners(resolver: Resolver, entry: Entry) -> set[int]:
    """Return the players that the subjects of a question have now."""
    numbers = {each.id for each in (entry.subject, *entry.others) if each.id is not None}
    if entry.subject.kind == "member":
        found = {resolver.player_of_member(number) for number in numbers}
    else:
        known = resolver.facts.characters
        found = {known[number].player_id for number in numbers if number in known}
    return {number for number in found if number is not None}


def _told_also(also: Sequence[PlannedFix]) -> str:
    if not also:
        return ""
    names = [fix.plan.names["character", number] for fix in also for number in fix.plan.linked]
    return tr_n("It also links {characters}.", "It also links {characters}.", len(names), characters=enumerated(names))


def _is_about(decision: ManualDecision, plan: Changeset, entry: Entry, resolver: Resolver) -> bool:
    """Whether a decision names the subject of the question, or changes one of its rows, or of its characters.

    That a note's name means the player whose a character is already changes nothing of the character.
    """
    subjects = {(subject.kind, subject.id) for subject in (entry.subject, *entry.others)}
    players = [each.id for each in (entry.subject, *entry.others) if each.kind == "player" and each.id is not None]
    subjects |= {("character", each.id) for number in players for each in resolver.characters_of(number)}
    named = {getattr(decision, "character", None), *getattr(decision, "characters", ())}
    is_named = any(kind == "character" and f"#{number}" in named for kind, number in subjects)
    return is_named or not subjects.isdisjoint(plan.names)


def _told(plan: Changeset) -> str:
    """Say what was decided on two lines at most."""
    if len(plan.linked) > MOST_NAMED and plan.created:
        (new,) = plan.created.values()
        return tr_n(
            "New player {player} with {n} character.",
            "New player {player} with {n} characters.",
            len(plan.linked),
            player=new["display_name"],
        )
    return plan.reason
