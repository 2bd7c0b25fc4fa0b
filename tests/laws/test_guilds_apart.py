"""Two guilds in one database know nothing of each other, even when everybody in both is called the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import snapshot
from laws.guilds import (
    BY_OFFICERS,
    BY_THEMSELVES,
    IN_THE_GAME,
    ON_DISCORD,
    CharacterSpec,
    Event,
    GuildSpec,
    MemberSpec,
    PlayerSpec,
    events,
    guild_specs,
)
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from laws.snapshot import Snapshot, differences
from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.guild_sync import integrity_checker, mitigations
from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.engine.command import Command, FixRun
from sv_common.guild_sync.engine.fix import fix_issues
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.insights.issue import issue_details
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Finding
from sv_common.guild_sync.rules import RULES, RuleDefinition

_MARK = "Onlyhere"
"""A word that stands in all names of the second guild that the first does not have."""

DETECTORS = (
    integrity_checker.detect_note_mismatch,
    integrity_checker.detect_orphan_discord,
    integrity_checker.detect_orphan_wow,
    integrity_checker.detect_role_mismatch,
    integrity_checker.detect_departed_with_roles,
    integrity_checker.detect_stale_character,
    integrity_checker.detect_stale_discord_link,
    integrity_checker.detect_account_conflict,
)

_guilds = guild_specs(fewest_characters=3, fewest_members=1)
_lives = events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, *BY_THEMSELVES, most=4)


@tried_on()
@given(_guilds, _lives, st.booleans())
async def test_whatever_is_done_to_one_guild_leaves_every_row_of_the_other_and_names_it_nowhere(
    pool: Pool, spec: GuildSpec, life_of: list[Event], is_first: bool
) -> None:
    await empty(pool)
    both = [await Life.begin(pool, spec, slot=1), await Life.begin(pool, _marked(spec), slot=2)]
    at_work, at_rest = both if is_first else reversed(both)
    await at_rest.scan()
    before = await _rows_of(at_rest)
    await _live_to_the_full(at_work, life_of)
    assert differences(before, await _rows_of(at_rest)) == {}
    if is_first:
        found = await _found(pool, at_work.guild_id)
        told = repr([at_work.results, at_work.announcer.announcements, await _rows_of(at_work), found])
        assert _MARK.lower() not in told.lower()


@tried_on()
@given(_guilds)
async def test_a_guild_is_judged_as_if_it_were_alone(pool: Pool, spec: GuildSpec) -> None:
    await empty(pool)
    one = await Life.begin(pool, spec, slot=1)
    alone = await _found(pool, one.guild_id)
    await Life.begin(pool, replace(spec, is_matched=not spec.is_matched), slot=2)
    assert await _found(pool, one.guild_id) == alone


@tried_on()
@given(_guilds, _guilds)
async def test_a_detector_without_a_guild_finds_what_it_finds_in_each(
    pool: Pool, spec: GuildSpec, other: GuildSpec
) -> None:
    await empty(pool)
    both = [await Life.begin(pool, spec, slot=1), await Life.begin(pool, other, slot=2)]
    async with pool.connection() as conn:
        for detect in DETECTORS:
            apart = [await _concluded(detect, conn, life.guild_id) for life in both]
            together = await _concluded(detect, conn, None)
            if all(found is None for found in apart):
                assert together is None
            else:
                assert together == sorted((finding for found in apart for finding in found or ()), key=_by_subject)


@tried_on()
@given(_guilds)
async def test_nobody_can_touch_an_issue_or_an_attempt_of_another_guild(pool: Pool, spec: GuildSpec) -> None:
    await empty(pool)
    one, other = await Life.begin(pool, spec, slot=1), await Life.begin(pool, spec, slot=2)
    await other.match()
    await other.scan()
    before = await snapshot.take(pool)
    for attempt_id in await other.undoable_attempts():
        with pytest.raises(NotFound):
            await one.undo(attempt_id)
        with pytest.raises(NotFound):
            await mitigations.preview_undo(pool, attempt_id, guild_id=one.guild_id)
    for issue in await other.open_issues():
        await _try_everything(one, issue.id, RULES[issue.issue_type])
    assert differences(before, await snapshot.take(pool)) == {}


async def _live_to_the_full(life: Life, life_of: list[Event]) -> None:
    """Some events, all three pipelines with every rule automatic, every fix, and undoing it all."""
    await life.scan()
    await live(life, life_of)
    await life.make_everything_automatic()
    life.through_pipelines = True
    await life.sync_all()
    for issue_type in RULES:
        await life.fix_all(issue_type)
    await life.match()
    await life.undo_all()


async def _rows_of(life: Life) -> Snapshot:
    return await snapshot.take(life.pool, guild_id=life.guild_id)


async def _found(pool: Pool, guild_id: int) -> list[Finding | str]:
    """What every detector finds, or the sentence with which it refuses to look."""
    found: list[Finding | str] = []
    for rule in RULES.values():
        async with pool.writing(guild_id, alone=False) as guild:
            try:
                found += await rule.findings(guild)
            except Refused as refusal:
                found.append(str(refusal))
    return found


async def _try_everything(life: Life, issue_id: int, rule: RuleDefinition) -> None:
    """All that an officer of one guild could try on an issue of another."""

    async def in_transaction(verb: Callable[[GuildConnection], Awaitable[object]]) -> None:
        await life.call(verb)

    guild_id, actor, reason = life.guild_id, "stranger", "Mine."
    attempts: list[Callable[[], Awaitable[object]]] = [
        partial(mitigations.fix_one, life.pool, issue_id, actor=actor, guild_id=guild_id),
        partial(mitigations.preview_one, life.pool, issue_id, guild_id=guild_id),
        partial(issue_details, life.pool, issue_id, guild_id=guild_id),
        *(
            partial(in_transaction, partial(verb, issue_id=issue_id, actor=actor, reason=reason))
            for verb in (lifecycle.dismiss, lifecycle.resolve_manually, lifecycle.reopen)
        ),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt()
    results = await fix_issues(life.pool, FixRun(RULES, rule, guild_id, [issue_id], Command("stranger")))
    assert [result.outcome for result in results] == [FixOutcome.NOTHING_TO_DO]


def _marked(spec: GuildSpec) -> GuildSpec:
    """The same guild, and in it one character, one member and one player more, whose names are nowhere else."""
    stranger = MemberSpec(_MARK.lower(), _MARK, None, frozenset({"101"}), is_bot=False)
    return replace(
        spec,
        characters=(*spec.characters, CharacterSpec(_MARK, 1, 1, f"alt of {_MARK}", 400)),
        members=(*spec.members, stranger),
        players=(*spec.players, PlayerSpec(_MARK, None)),
    )


async def _concluded(
    detect: Callable[..., Awaitable[list[Finding]]], conn: Connection, guild_id: int | None
) -> list[Finding] | None:
    """What a detector finds, in order; None where it can conclude nothing (ranks in doubt)."""
    try:
        return sorted(await detect(conn, guild_id=guild_id), key=_by_subject)
    except Refused:
        return None


def _by_subject(finding: Finding) -> tuple[str, int]:
    return finding.issue_type, finding.subject_id
