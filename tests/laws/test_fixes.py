"""A fix does what it says, links only the one whom the evidence means, and can be undone to the last column."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import guild_rows, note_meaning, oracle, snapshot
from laws.guilds import (
    IN_THE_GAME,
    ON_DISCORD,
    RANKS,
    CharacterSpec,
    Event,
    GuildSpec,
    LinkSpec,
    MemberSpec,
    PlayerSpec,
    RankSpec,
    events,
    guild_specs,
)
from laws.happenings import live, lived
from laws.judgment import look
from laws.law import tried_on
from laws.life import Life
from laws.snapshot import Row, Snapshot, differences
from sv_common.db.pool import Pool
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.rules import RULES

FIXABLE = [issue_type for issue_type, rule in RULES.items() if rule.is_fixable]
_guilds = guild_specs(fewest_characters=4, fewest_members=2)
_events = events(*IN_THE_GAME, *ON_DISCORD, most=4)
UNMAPPED = (RankSpec(None, is_managed=False),) * RANKS


@dataclass(frozen=True)
class _State:
    """Everything that a fix may touch: who is who, and who holds which Discord roles, here and there."""

    people: Snapshot
    roles_there: dict[str, list[str]]
    roles_here: dict[str, list[str]]


async def _state(life: Life) -> _State:
    return _State(
        await snapshot.take(life.pool, tables=snapshot.PEOPLE_TABLES),
        life.discord.held_roles(),
        {row["discord_id"]: row["all_guild_roles"] for row in await life.rows("discord_users")},
    )


def _assert_same(before: _State, after: _State) -> None:
    assert differences(before.people, after.people) == {}
    assert after.roles_there == before.roles_there
    assert after.roles_here == before.roles_here


async def _two_of_each_rule(life: Life) -> list[Issue]:
    found = await life.open_issues()
    return [issue for rule in FIXABLE for issue in [each for each in found if each.issue_type == rule][:2]]


def _subject(issue: Issue) -> int | None:
    return issue.wow_character_id or issue.discord_member_id or issue.player_id


@tried_on()
@given(_guilds, _events)
async def test_a_fix_that_succeeds_settles_its_subject_and_its_undo_restores_the_exact_rows_and_roles(
    pool: Pool, spec: GuildSpec, life_of: list[Event]
) -> None:
    life = await lived(pool, spec, life_of)
    for issue in await _two_of_each_rule(life):
        before, attempts = await _state(life), await life.undoable_attempts()
        result = await life.fix(issue.id)
        if result is not None and result.outcome is FixOutcome.FIXED:
            assert _subject(issue) not in oracle.find(await look(life))[issue.issue_type]
            assert await _states(life, [issue.id]) == [IssueState.RESOLVED]
        for attempt in set(await life.undoable_attempts()) - set(attempts):
            await life.undo(attempt)
        _assert_same(before, await _state(life))


@tried_on()
@given(_guilds, _events, st.permutations(FIXABLE))
async def test_fix_all_links_only_whom_the_evidence_means_and_leaves_a_scan_nothing_to_add(
    pool: Pool, spec: GuildSpec, life_of: list[Event], rules: list[str]
) -> None:
    life = await lived(pool, spec, life_of)
    for issue_type in rules:
        subjects, before = {issue.id: _subject(issue) for issue in await life.open_issues()}, await look(life)
        life.results.clear()
        await life.fix_all(issue_type)
        fixed, after = _fixed(life), await look(life)
        assert {subjects[issue_id] for issue_id in fixed} & oracle.find(after).get(issue_type, set()) == set()
        assert set(await _states(life, fixed)) <= {IssueState.RESOLVED}
        players = {player["id"]: player for player in after.players}
        for link in [link for link in after.links if link not in before.links]:
            # One fix of a batch may be what gives another its meaning: then the end tells whom it means.
            assert any(_is_meant(state, link, players[link["player_id"]]) for state in (before, after))
        settled = await snapshot.take(pool, tables=snapshot.ISSUE_TABLES)
        await life.scan()
        assert differences(settled, await snapshot.take(pool, tables=snapshot.ISSUE_TABLES)) == {}


@tried_on()
@given(_guilds, _events, st.permutations(FIXABLE))
async def test_undoing_everything_backwards_restores_the_exact_rows_and_roles(
    pool: Pool, spec: GuildSpec, life_of: list[Event], rules: list[str]
) -> None:
    life = await lived(pool, spec, life_of)
    before, attempts = await _state(life), set(await life.undoable_attempts())
    await life.automate()
    for issue_type in rules:
        await life.fix_all(issue_type)
    await life.match()
    for attempt in sorted(set(await life.undoable_attempts()) - attempts, reverse=True):
        await life.undo(attempt)
    _assert_same(before, await _state(life))


async def test_fixing_all_members_at_once_gives_each_member_their_own_characters(pool: Pool) -> None:
    spec = GuildSpec(
        characters=(_called("Ayla", note="Mito"), _called("Bram", note="Zork")),
        members=(_member("Mito"), _member("Zork")),
        ranks=(RankSpec("101", is_managed=False), *UNMAPPED[1:]),
    )
    life = await lived(pool, spec, [])
    await life.fix_all("orphan_discord")
    names = {row["id"]: row["display_name"] for row in await life.rows("players")}
    characters = {row["id"]: row["character_name"] for row in await life.rows("wow_characters")}
    links = {characters[row["character_id"]]: names[row["player_id"]] for row in await life.rows("player_characters")}
    assert links == {"Ayla": "Mito", "Bram": "Zork"}


async def test_a_new_player_has_no_main_that_bears_the_name_of_another_member(pool: Pool) -> None:
    spec = GuildSpec(
        characters=(_called("Bram", note="Mito"),), members=(_member("Mito"), _member("Bram")), ranks=UNMAPPED
    )
    life = await lived(pool, spec, [])
    await life.fix_all("orphan_wow")
    assert [(row["display_name"], row["main_character_id"]) for row in await life.rows("players")] == [("Mito", None)]


@pytest.mark.parametrize("place", range(4))
async def test_fixes_that_share_a_new_player_can_be_undone_from_the_last_to_the_first(pool: Pool, place: int) -> None:
    zork = MemberSpec("zork", None, "Mito", frozenset(), is_bot=False)
    characters = [_called(name, note="Mito") for name in ("Ayla", "Bram", "Cora")]
    characters.insert(place, _called("Zork"))
    spec = GuildSpec(characters=tuple(characters), members=(zork,), ranks=UNMAPPED)
    life = await lived(pool, spec, [])
    before = await _state(life)
    await life.fix_all("orphan_wow")
    assert len(await life.rows("player_characters")) == 4
    for attempt in sorted(await life.undoable_attempts(), reverse=True):
        await life.undo(attempt)
    _assert_same(before, await _state(life))


async def test_a_note_that_names_a_relinked_character_is_looked_at_in_the_same_fix(pool: Pool) -> None:
    spec = GuildSpec(
        characters=(_called("Ayla", note="Zork"), _called("Bram", note="Ayla")),
        ranks=UNMAPPED,
        players=(PlayerSpec("Mito", None), PlayerSpec("Zork", None)),
        links=(LinkSpec(0, 0, "full_match", as_main=False), LinkSpec(1, 0, "full_match", as_main=False)),
    )
    life = await lived(pool, spec, [])
    await life.automate()
    found = oracle.find(await look(life))["note_mismatch"]
    assert found
    assert {i.wow_character_id for i in await life.open_issues() if i.issue_type == "note_mismatch"} == found


async def test_undoing_a_role_change_while_ranks_are_in_doubt_changes_all_or_nothing(pool: Pool) -> None:
    life = await lived(pool, _ONE_WRONG_ROLE, [])
    (issue,) = [each for each in await life.open_issues() if each.issue_type == "role_mismatch"]
    await life.fix(issue.id)
    (attempt,) = await life.undoable_attempts()
    await live(life, [Event("rename_rank", number=1, name="Warlord")])
    before = await _state(life)
    try:
        await life.undo(attempt)
    except Exception:  # noqa: BLE001 -- however it is refused, it must then have changed nothing
        _assert_same(before, await _state(life))
    else:
        assert life.discord.held_roles() == {"1000002": ["102"]}


async def test_a_full_match_goes_on_where_an_officer_has_rejected_whom_a_shared_word_means(pool: Pool) -> None:
    spec = GuildSpec(
        characters=(_called("Ayla", note="Mito"), _called("Bram", note="Mito")),
        players=(PlayerSpec("Zork", None),),
        aliases=(("Mito", 0),),
        rejections=((0, 0), (1, 0)),
    )
    life = await lived(pool, spec, [])
    await life.match()
    assert [(row["alias_key"], row["player_id"]) for row in await life.rows("player_note_aliases")] == [
        ("mito", life.players[0])
    ]
    assert life.players[0] not in [row["player_id"] for row in await life.rows("player_characters")]


async def test_a_full_match_can_be_undone_while_ranks_are_in_doubt(pool: Pool) -> None:
    spec = GuildSpec(
        characters=(_called("Ayla", note="Mito", rank=1), _called("Mito", rank=1)),
        ranks=(UNMAPPED[0], RankSpec("101", is_managed=True), *UNMAPPED[2:]),
    )
    life = await lived(pool, spec, [])
    await life.match()
    (attempt,) = await life.undoable_attempts()
    await live(life, [Event("rename_rank", number=1, name="Warlord")])
    await life.undo(attempt)
    assert await life.rows("players") == []


@pytest.mark.parametrize("door", FIXABLE)
async def test_a_door_leaves_issues_of_other_rules_alone(pool: Pool, door: str) -> None:
    life = await lived(pool, GuildSpec(characters=(_called("Ayla", days_asleep=400),), ranks=UNMAPPED), [])
    before = await snapshot.take(pool, tables=snapshot.ISSUE_TABLES | snapshot.PEOPLE_TABLES)
    mitigate = RULES[door].mitigate_fn
    assert mitigate is not None
    for issue in await life.open_issues():
        if issue.issue_type != door:
            try:
                fixed = await mitigate(pool, issue, life.discord)
            except Exception:  # noqa: BLE001 -- refusing loudly is as good as leaving it alone
                fixed = False
            assert not fixed
    after = await snapshot.take(pool, tables=snapshot.ISSUE_TABLES | snapshot.PEOPLE_TABLES)
    assert differences(before, after) == {}


_ONE_WRONG_ROLE = GuildSpec(
    characters=(CharacterSpec("Ayla", 0, 1, "", 1),),
    members=(MemberSpec("Ayla", None, None, frozenset({"102"}), is_bot=False),),
    ranks=(UNMAPPED[0], RankSpec("101", is_managed=True), RankSpec("102", is_managed=True), *UNMAPPED[3:]),
    players=(PlayerSpec("Ayla", 0),),
    links=(LinkSpec(0, 0, "manual", as_main=True),),
)


def _called(name: str, *, note: str | None = None, rank: int = 0, days_asleep: int = 1) -> CharacterSpec:
    return CharacterSpec(name, 0, rank, note, days_asleep)


def _member(name: str) -> MemberSpec:
    return MemberSpec(name, None, None, frozenset({"101"}), is_bot=False)


def _fixed(life: Life) -> list[int]:
    reports = [result for result in life.results if isinstance(result, FixReport)]
    return [r.issue_id for report in reports for r in report.results if r.outcome is FixOutcome.FIXED]


async def _states(life: Life, issue_ids: list[int]) -> list[IssueState]:
    rows = {row["id"]: row for row in await life.rows("audit_issues")}
    return [IssueState.RESOLVED if rows[each]["resolved_at"] else IssueState.OPEN for each in issue_ids]


def _is_meant(guild: guild_rows.Guild, link: Row, owner: Row) -> bool:
    """Whether the character of a new link is that player's, or was the member's whom the player has become."""
    character = next(c for c in guild.characters if c["id"] == link["character_id"])
    meant = {("player", owner["id"]), ("member", owner["discord_user_id"])}
    return note_meaning.runs_in_a_circle(guild, character) or note_meaning.owner(guild, character) in meant
