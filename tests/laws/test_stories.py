"""What a page tells of an issue is what the fix and the undo then do, in every guild."""

from __future__ import annotations

from hypothesis import given

from laws.guilds import IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import lived
from laws.law import tried_on
from sv_common.db.pool import Pool
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.insights.issue import READY, IssueDetails, issue_details
from sv_common.guild_sync.issues.explanation import CandidateKind, WeighedCandidate
from sv_common.guild_sync.issues.model import Issue

_guilds = guild_specs(fewest_characters=4, fewest_members=2)
_events = events(*IN_THE_GAME, *ON_DISCORD, most=4)


def _people_of(plan: Changeset, issue: Issue) -> set[tuple[CandidateKind, int]]:
    """Whom or what a plan ties to the subject of the issue."""
    if issue.wow_character_id is None:
        linked = {(CandidateKind.CHARACTER, character_id) for character_id in plan.linked}
        attached = [row.id for row in plan.rows if row.table == "player" and row.is_update]
        return linked | {(CandidateKind.PLAYER, number) for number in attached}
    return {
        (CandidateKind.MEMBER, plan.created[number]["discord_user_id"] or 0)
        if number in plan.created
        else (CandidateKind.PLAYER, number)
        for number in plan.linked.values()
    }


def _named(found: WeighedCandidate) -> tuple[CandidateKind, int]:
    return found.kind, found.id


def _assert_well_told(told: IssueDetails) -> None:
    assert told.explanation is not None
    assert all(saying.sentence.strip() for saying in told.explanation.evidence)
    people = [_named(each) for each in told.candidates]
    assert len(set(people)) == len(people)
    assert all(each.speaks_for or each.speaks_against for each in told.candidates)
    assert all(each.speaks_for for each in told.candidates if each.is_decided)


@tried_on()
@given(_guilds, _events)
async def test_whom_an_issue_names_as_decided_is_whom_its_fix_takes(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, life_of)
    for issue in await life.open_issues():
        told = await issue_details(pool, issue.id, guild_id=life.guild_id)
        _assert_well_told(told)
        decided = {_named(each) for each in told.candidates if each.is_decided}
        plan = told.fix.plan if told.fix is not None and told.fix.outcome == READY else None
        taken = _people_of(plan, issue) if plan is not None else set()
        assert decided <= taken
        assert len(told.candidates) >= 12 or decided == taken
