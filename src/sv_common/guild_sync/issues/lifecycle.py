"""The life of issues. This module alone writes `audit_issues` and `issue_events`.

Moves: opened, refreshed, recurred, resolved (no longer found, subject gone, by a fix, manually), dismissed, reopened. Each is
a row in `issue_events` with who made it. The caller holds the guild's lock (`pool.writing`) in the transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from psycopg.types.json import Jsonb
from pydantic_core import to_json

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale, Refused
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.core.text import between_with_and, day_of_month, listed, name_of
from sv_common.guild_sync.core.undo_offer import TOO_LATE
from sv_common.guild_sync.issues.material import Material, evidence_of
from sv_common.guild_sync.issues.model import Finding, Issue, IssueEvent, IssueState
from sv_common.guild_sync.issues.reports import Reconciliation

SQL = load_sql(__package__, "lifecycle.sql")

MOST_NAMED = 10
"""Numbers that a sentence about missing issues names."""

_SINCE = {
    "dismissed": mark("Issue {issue} was dismissed since, by {who} on {day}."),
    "reopened": mark("Issue {issue} was reopened since, by {who} on {day}."),
    "resolved": mark("Issue {issue} was resolved since, by {who} on {day}."),
    "recurred": mark("Issue {issue} was found again since, by {who} on {day}."),
}
"""By the event: what can happen to an issue of which an officer has said something, refreshing apart."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What one rule's detector has found, the severity of its issues in this guild, and on what their dismissals rest."""

    issue_type: str
    severity: str
    findings: Sequence[Finding]
    material: Sequence[Material]


@dataclass(frozen=True, slots=True)
class _Word:
    """What an officer said of an issue, and what happened to it since."""

    id: int
    issue_id: int
    issue_type: str
    event: str
    is_undoable: bool
    is_too_late: bool
    later_event: str | None
    later_actor: str | None
    later_at: datetime | None

    @property
    def happened_since(self) -> str | None:
        """Say what happened last to the issue since; None where nothing did."""
        if self.later_event is None or self.later_actor is None or self.later_at is None:
            return None
        who, when = name_of(self.later_actor), day_of_month(self.later_at)
        return tr(_SINCE[self.later_event], issue=self.issue_id, who=who, day=when)


@dataclass(frozen=True, slots=True)
class UndoneWords:
    """Issues that are as before, those left alone with the reason, and the events of the undo, which can be undone."""

    issue_ids: Sequence[int]
    left: Mapping[int, str]
    event_ids: Sequence[int]


async def reconcile(
    guild: GuildConnection,
    conclusions: Sequence[Conclusion],
    *,
    actor: str,
    is_complete: bool = True,
    examined: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> dict[str, Reconciliation]:
    """Make the log of some rules of one guild agree with what was found; return the moves of each rule.

    With `is_complete=False` the findings are only some of what there may be, and nothing is resolved. `examined` names, for a
    rule that looked at some subjects only, their issues by hash: of others it resolves none. A subject found twice counts
    once. A dismissed issue stays dismissed while what the dismissal rests on is the same, and is open again when it is
    not; `reopen_due` ends dismissals whose time has come.
    """
    if not conclusions:
        return {}
    said = [finding for each in conclusions for finding in _Said.all_of(each)]
    unique = {each.issue_hash: each for each in said}
    moves: dict[str, dict[str, int]] = {each.issue_type: {"found": 0} for each in conclusions}
    for each in unique.values():
        moves[each.finding.issue_type]["found"] += 1
    written = _write(guild, conclusions, unique, actor=actor, is_complete=is_complete, examined=examined)
    for issue_type, event, count in await written:
        moves[issue_type][event] = count
    return {issue_type: Reconciliation(**counts) for issue_type, counts in moves.items()}


async def _write(
    guild: GuildConnection,
    conclusions: Sequence[Conclusion],
    said: Mapping[str, _Said],
    *,
    actor: str,
    is_complete: bool,
    examined: Mapping[str, Collection[str]],
) -> Sequence[tuple[Any, ...]]:
    """Write what the log does not say already. Of most findings of a scan it does, and their keys are enough to know it."""
    looked_at = {
        "rules": [each.issue_type for each in conclusions],
        "partly": list(examined),
        "examined": [issue_hash for hashes in examined.values() for issue_hash in hashes],
    }
    fresh = list(said.values())
    if is_complete:
        keys = [each.key for each in fresh]
        news = {row[0] for row in await guild.rows(SQL["news"], hashes=list(said), keys=keys, **looked_at)}
        if not news:
            return ()
        fresh = [each for each in fresh if each.issue_hash in news]
    return await guild.rows(
        SQL["reconcile"],
        actor=actor,
        is_complete=is_complete,
        uncovered=tr("Dismissed {at}; now {now}.").replace("%", "%%").format(at="%1$s", now="%2$s"),
        joined=between_with_and(),
        unchanged=list(said.keys() - {each.issue_hash for each in fresh}),
        severities=[each.severity for each in conclusions],
        **looked_at,
        **_columns(fresh),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A finding with its hash, and the key of all that it says; what a dismissal of it rests on is worded only where it is written."""

    finding: Finding
    issue_hash: str
    key: str
    rests_on: Sequence[Material]

    @classmethod
    def all_of(cls, conclusion: Conclusion) -> Iterator[_Said]:
        rests_on = conclusion.material
        wording = [(each.name, tr(each.at), tr(each.now)) for each in rests_on]
        for finding in conclusion.findings:
            values = [each.value(finding.details) for each in rests_on]
            text = to_json([conclusion.severity, finding.summary, finding.details, values, wording])
            yield cls(finding, finding.issue_hash, blake2b(text, digest_size=16).hexdigest(), rests_on)

    @property
    def material(self) -> Mapping[str, Any]:
        return evidence_of(self.rests_on, self.finding.details)


async def reopen_due(
    guild: GuildConnection, issue_types: Sequence[str], *, now: datetime | None = None
) -> Counter[str]:
    """End the dismissals of these rules that were set to end by now; return how many of each rule. A scan does it first."""
    return Counter(row[0] for row in await guild.rows(SQL["reopen_due"], issue_types=list(issue_types), now=now))


async def resolve(
    guild: GuildConnection, issue_ids: Sequence[int], *, resolved_by: str, reason: str, is_manual: bool = False
) -> int:
    """Resolve issues that a fix or an officer has dealt with; already resolved ones are left alone. Return how many.

    `is_manual`: it is an officer's word and nothing else, which `undo_words` can undo.
    """
    return await guild.run(
        SQL["resolve"], issue_ids=list(issue_ids), resolved_by=resolved_by, reason=reason, is_manual=is_manual
    )


async def resolve_manually(guild: GuildConnection, issue_id: int, *, actor: str, reason: str) -> Issue:
    """Resolve an issue on an officer's word. It opens again if a scan still finds it. Raises `NotFound`, `Refused`."""
    otherwise = mark("Issue {issue} is already resolved (by {who}) and cannot be resolved.")
    await _check_unresolved(guild, issue_id, otherwise)
    await resolve(guild, [issue_id], resolved_by=actor, reason=_said(reason), is_manual=True)
    return await get(guild, issue_id)


async def dismiss(
    guild: GuildConnection, issue_id: int, *, actor: str, reason: str, until: datetime | None = None
) -> Issue:
    """Dismiss an issue, for ever or until a time; scans that find the same again leave it dismissed.

    Raises `NotFound`, `Refused` for a resolved issue, and `BadInput` like `dismiss_many`.
    """
    otherwise = mark("Issue {issue} is already resolved (by {who}) and cannot be dismissed.")
    await _check_unresolved(guild, issue_id, otherwise)
    await dismiss_many(guild, [issue_id], actor=actor, reason=reason, until=until)
    return await get(guild, issue_id)


async def dismiss_many(
    guild: GuildConnection, issue_ids: Sequence[int], *, actor: str, reason: str, until: datetime | None = None
) -> int:
    """Dismiss issues; resolved ones are left alone. Return how many.

    Each dismissal rests on what the issue says now. Raises `BadInput` without a reason, and for a time that has come.
    """
    if until is not None and until <= datetime.now(UTC):
        raise BadInput(tr("The day on which the issue reopens must be in the future."))
    said = told = _said(reason)
    if until is not None:
        told = tr("{reason} (until {day})", reason=said, day=day(until.astimezone(UTC)))
    return await guild.run(SQL["dismiss"], issue_ids=list(issue_ids), actor=actor, reason=said, told=told, until=until)


async def reopen(guild: GuildConnection, issue_id: int, *, actor: str, reason: str) -> Issue:
    """End a dismissal on an officer's word. Raises `NotFound`, and `Refused` for an issue that is not dismissed."""
    issue = await get(guild, issue_id)
    if issue.dismissed_at is None:
        raise Refused(tr("Issue {issue} is not dismissed.", issue=issue_id))
    await reopen_many(guild, [issue_id], actor=actor, reason=reason)
    return await get(guild, issue_id)


async def reopen_many(guild: GuildConnection, issue_ids: Sequence[int], *, actor: str, reason: str) -> int:
    """End dismissals on an officer's word; issues that are not dismissed are left alone. Return how many. Raises `BadInput`."""
    return await guild.run(SQL["reopen"], issue_ids=list(issue_ids), actor=actor, reason=_said(reason))


async def last_words(guild: GuildConnection, issue_ids: Iterable[int]) -> list[int]:
    """Return the events by which officers last dismissed, reopened or resolved these issues, where nothing happened since."""
    return [row[0] for row in await guild.rows(SQL["said"], issue_ids=list(issue_ids))]


async def undo_words(guild: GuildConnection, event_ids: Sequence[int], *, actor: str) -> UndoneWords:
    """Put back what officers' words have replaced; issues to which something happened since are left alone.

    Raises `NotFound`, and `Refused` for what is no such word, and where all are left alone.
    """
    found = await guild.all(_Word, SQL["words"], event_ids=list(event_ids))
    if missing := sorted({*event_ids} - {word.id for word in found}):
        raise NotFound(tr("There is no event with the number {number}. Nothing was changed.", number=missing[0]))
    if any(not word.is_undoable for word in found):
        raise Refused(
            tr("Only what an officer dismissed, reopened or resolved can be undone here. Nothing was changed.")
        )
    if any(word.is_too_late for word in found):
        raise Refused(f"{tr(TOO_LATE)} {tr('Nothing was changed.')}")
    left = {word.issue_id: since for word in found if (since := word.happened_since) is not None}
    wanted = [word.id for word in found if word.issue_id not in left]
    if not wanted:
        raise PlanStale(f"{next(iter(left.values()))} {tr('Nothing was changed.')}")
    undone = [row[0] for row in await guild.rows(SQL["undo_words"], event_ids=wanted, actor=actor)]
    return UndoneWords([word.issue_id for word in found if word.issue_id not in left], left, undone)


async def save_review_reasons(guild: GuildConnection, reasons: Mapping[int, str]) -> None:
    """Keep, with each issue, why automation leaves it to an officer."""
    if reasons:
        await guild.run(SQL["save_review_reasons"], issue_ids=list(reasons), reasons=list(reasons.values()))


async def point_again(guild: GuildConnection, players: Mapping[int, int]) -> None:
    """Let issues (by number) be about players that were deleted, where these are there again."""
    if players:
        await guild.run(SQL["point_again"], issue_ids=list(players), player_ids=list(players.values()))


async def about_players(guild: GuildConnection, player_ids: Sequence[int]) -> list[int]:
    if not player_ids:
        return []
    return [row[0] for row in await guild.rows(SQL["about_players"], player_ids=list(player_ids))]


async def mark_as_notified(guild: GuildConnection, first_event: int, last_event: int) -> None:
    """Note that officers were told of the issues that these events opened; one that was told of stays as it is."""
    await guild.run(SQL["mark_as_notified"], first=first_event, last=last_event)


async def forget(
    guild: GuildConnection, issue_type: str, character_ids: Sequence[int], *, detail: str, summary: str
) -> None:
    """Take a detail that may no longer be kept out of a rule's issues of these characters; `summary` replaces theirs."""
    await guild.run(
        SQL["forget"], issue_type=issue_type, character_ids=list(character_ids), detail=detail, summary=summary
    )


async def get(guild: GuildConnection, issue_id: int) -> Issue:
    """Return one issue. Raises `NotFound`, also when it belongs to another guild than the one given."""
    found = await get_many(guild, [issue_id])
    if not found:
        raise NotFound(tr("Issue {issue} does not exist.", issue=issue_id))
    return found[0]


async def get_many(guild: GuildConnection, issue_ids: Iterable[int]) -> list[Issue]:
    """Return those of the issues that exist (in the guild), by id."""
    return await guild.all(Issue, SQL["get"], issue_ids=list(issue_ids))


async def guild_of(pool: Pool, issue_id: int, guild_id: int | None) -> int:
    """Return the guild asked for, or the one that an issue is of. Raises `NotFound`."""
    if guild_id is not None:
        return guild_id
    async with pool.installation() as conn:
        row = await (await conn.execute(SQL["guild_of"], {"issue_id": issue_id})).fetchone()
    if row is None:
        raise NotFound(tr("Issue {issue} does not exist.", issue=issue_id))
    return int(row[0])


async def guild_of_event(pool: Pool, event_id: int, guild_id: int | None) -> int:
    """Return the guild asked for, or the one that an event is of. Raises `NotFound`."""
    if guild_id is not None:
        return guild_id
    async with pool.installation() as conn:
        row = await (await conn.execute(SQL["guild_of_event"], {"event_id": event_id})).fetchone()
    if row is None:
        raise NotFound(tr("There is no event with the number {number}.", number=event_id))
    return int(row[0])


async def get_all(guild: GuildConnection, issue_ids: Sequence[int]) -> list[Issue]:
    """Return all of these issues of a guild, in the order asked for, each once. Raises `NotFound` if any is not there."""
    known = {issue.id: issue for issue in await get_many(guild, issue_ids)}
    missing = [each for each in dict.fromkeys(issue_ids) if each not in known]
    if missing:
        raise NotFound(
            tr(
                "These issues do not exist: {issues}. Nothing was changed. Reload the list and select again.",
                issues=listed([str(each) for each in missing], MOST_NAMED),
            )
        )
    return [known[each] for each in dict.fromkeys(issue_ids)]


async def open_of_rule(guild: GuildConnection, issue_type: str) -> list[Issue]:
    """Return a rule's open issues that are not dismissed, oldest first."""
    return await guild.all(Issue, SQL["open_of_rule"], issue_type=issue_type)


async def is_any_open(guild: GuildConnection, issue_types: Collection[str]) -> bool:
    """Return whether one of some rules has an open issue that is not dismissed."""
    return bool(await guild.value(SQL["is_any_open"], issue_types=list(issue_types)))


async def events(guild: GuildConnection, issue_id: int) -> list[IssueEvent]:
    """Return all moves of one issue, oldest first."""
    return await guild.all(IssueEvent, SQL["events"], issue_id=issue_id)


async def _check_unresolved(guild: GuildConnection, issue_id: int, otherwise: str) -> None:
    """Raise `Refused` with the sentence `otherwise` for an issue that is resolved."""
    issue = await get(guild, issue_id)
    if issue.state is IssueState.RESOLVED:
        raise Refused(tr(otherwise, issue=issue_id, who=name_of(issue.resolved_by or "")))


def _said(reason: str) -> str:
    if not reason.strip():
        raise BadInput(tr("Add a reason in a few words, for the next officer."))
    return checked_reason(reason)


def _columns(said: Sequence[_Said]) -> dict[str, list[object]]:
    findings = [each.finding for each in said]
    return {
        "issue_types": [finding.issue_type for finding in findings],
        "hashes": [each.issue_hash for each in said],
        "summaries": [finding.summary for finding in findings],
        "details": [Jsonb(finding.details) for finding in findings],
        "characters": [finding.wow_character_id for finding in findings],
        "members": [finding.discord_member_id for finding in findings],
        "players": [finding.player_id for finding in findings],
        "materials": [Jsonb(each.material) for each in said],
        "keys": [each.key for each in said],
    }
