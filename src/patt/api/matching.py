"""Full matches, once for the API and the pages: what one would do, asking for one, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Collection

from patt.api.models import (
    MatchedPerson,
    MatchPreviewAnswer,
    MatchReceipt,
    MatchRunAnswer,
    MatchRunsAnswer,
    UndecidedAnswer,
    UndecidedPerson,
)
from patt.bootstrap import Services
from patt.deps import Caller
from patt.queue import Task
from sv_common.db.pool import Connection
from sv_common.guild_sync import activity
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.paging import page_of
from sv_common.guild_sync.identity_engine import Evidence, MatchGroup, MatchReport, preview_matching
from sv_common.guild_sync.store import guilds, matches

_KINDS = tuple(Evidence)
_KEY = re.compile("[0-9a-f]{16}")


async def preview(
    services: Services, guild_id: int | None, *, evidence: Evidence | None = None, number: int = 1
) -> MatchPreviewAnswer:
    """Return one page of what a full match would do, by kind of evidence. Raises `NotFound` and `Refused`."""
    return people_of(await preview_matching(services.pool, guild_id=guild_id), evidence=evidence, number=number)


async def undecided(services: Services, guild_id: int | None, *, number: int = 1) -> UndecidedAnswer:
    """Return one page of those whom a full match would leave alone. Raises like `preview`."""
    return undecided_of(await preview_matching(services.pool, guild_id=guild_id), number=number)


def people_of(report: MatchReport, *, evidence: Evidence | None, number: int) -> MatchPreviewAnswer:
    """Return one page of the people of a preview, by kind of evidence, the strongest first."""
    people = [_person(group, kind) for kind in _KINDS for group in report.groups if group.evidence is kind]
    found = page_of([person for person in people if evidence in (None, person.evidence)], number)
    return MatchPreviewAnswer(
        guild_id=report.guild_id,
        **report.counts,
        by_evidence={kind: sum(person.evidence is kind for person in people) for kind in _KINDS},
        page=found.number,
        pages=found.pages,
        total=found.total,
        people=list(found.items),
    )


def undecided_of(report: MatchReport, *, number: int) -> UndecidedAnswer:
    """Return one page of those whom a preview leaves alone, by the reason."""
    groups = sorted(report.left_alone, key=lambda group: (group.reason, group.name))
    found = page_of([UndecidedPerson.model_validate(group) for group in groups], number)
    return UndecidedAnswer(
        guild_id=report.guild_id, page=found.number, pages=found.pages, total=found.total, people=list(found.items)
    )


async def ask(
    services: Services, officer: Caller, guild_id: int | None, chosen: Collection[str] | None = None
) -> MatchReceipt:
    """Ask for a full match of everybody or of the people with these keys.

    Raises `NotFound`, `Refused`, and `BadInput` where nobody is chosen or a key is none.
    """
    _check(chosen)
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild_id)).id
        request_id, is_new = await matches.ask(conn, number, actor=officer.actor, chosen=chosen)
    if is_new and services.queue is not None:
        await services.queue.ask_for(Task.FULL_MATCH, number)
    whom = "" if chosen is None else f" of {len(set(chosen))} chosen"
    sentence = (
        f"The full match{whom} is asked for."
        if is_new
        else "A full match is asked for already; there is one at a time."
    )
    return MatchReceipt(request_id=request_id, is_new=is_new, sentence=sentence)


async def runs(conn: Connection, guild_id: int | None, *, number: int = 1) -> MatchRunsAnswer:
    """Return one page of the guild's full matches. Raises `NotFound` and `Refused`."""
    found = await activity.match_runs(conn, (await guilds.the_only(conn, guild_id)).id, number=number)
    listed = [MatchRunAnswer.model_validate(run) for run in found.items]
    return MatchRunsAnswer(page=found.number, pages=found.pages, total=found.total, runs=listed)


def _check(chosen: Collection[str] | None) -> None:
    if chosen is None:
        return
    if not chosen:
        raise BadInput("Nobody was chosen, so nothing was asked for. Tick at least one person.")
    if any(not _KEY.fullmatch(key) for key in chosen):
        raise BadInput("A key in “chosen” is not one of the preview. Look at the preview again and choose there.")


def _person(group: MatchGroup, evidence: Evidence) -> MatchedPerson:
    return MatchedPerson(
        key=group.key,
        name=group.name,
        evidence=evidence,
        creates_player=group.creates_player,
        reason=group.reason,
        steps=group.sentences,
    )
