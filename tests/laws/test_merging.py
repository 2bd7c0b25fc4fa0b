"""Two players who are one person, over generated guilds: one of them is left with all that was theirs, and undo is exact."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import islice, permutations

from hypothesis import given
from hypothesis import strategies as st

from laws import snapshot
from laws.guilds import (
    BY_OFFICERS,
    IN_THE_GAME,
    ON_DISCORD,
    CharacterSpec,
    Event,
    GuildSpec,
    LinkSpec,
    PlayerSpec,
    events,
    guild_specs,
)
from laws.happenings import live, lived
from laws.law import tried_on
from laws.life import Life
from laws.snapshot import Snapshot, differences
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.identity.decisions import MergePlayers
from sv_common.guild_sync.identity_engine import DecisionReport

_OWNED = {"player_characters": "character_id", "player_note_aliases": "alias_key", "link_rejections": "character_id"}
"""What players have, by table, and the column that says which one it is."""

_guilds = guild_specs(fewest_characters=4, fewest_members=2).filter(lambda spec: len(spec.players) > 1)
_lives = events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, most=4)
_starts = st.integers(min_value=0, max_value=11)


async def _merges(life: Life, start: int, *, most: int = 2) -> AsyncIterator[tuple[int, int, DecisionReport]]:
    """Merge some pairs of players, from a place in the list of all on; give the one that stays, the other, and the report."""
    pairs = list(permutations([row["id"] for row in await life.rows("players")], 2))
    tried = pairs[start:] + pairs[:start]
    for stays, other in islice(tried, most):
        there = {row["id"] for row in await life.rows("players")}
        if {stays, other} <= there:
            try:
                report = await life.decide(MergePlayers(str(stays), str(other)))
            except Refused:
                continue
            yield stays, other, report


async def _undo(life: Life, report: DecisionReport) -> None:
    assert report.attempt_id is not None
    await life.undo(report.attempt_id)


async def _about(life: Life) -> dict[int, int | None]:
    """Which player each issue is about."""
    return {row["id"]: row["player_id"] for row in await life.rows("audit_issues")}


async def _people(life: Life) -> Snapshot:
    return await snapshot.take(life.pool, tables=snapshot.PEOPLE_TABLES)


async def _owned(life: Life) -> dict[str, set[tuple[int, object]]]:
    """What each player has, by table, as pairs of player and thing."""
    return {
        table: {(row["player_id"], row[column]) for row in await life.rows(table)} for table, column in _OWNED.items()
    }


@tried_on()
@given(_guilds, _lives, _starts)
async def test_undoing_a_merge_restores_the_exact_rows_and_whom_issues_are_about(
    pool: Pool, spec: GuildSpec, life_of: list[Event], start: int
) -> None:
    life = await lived(pool, spec, life_of)
    people, about = await _people(life), await _about(life)
    async for _, _, report in _merges(life, start):
        await _undo(life, report)
        assert differences(people, await _people(life)) == {}
        assert about.items() <= (await _about(life)).items()


@tried_on()
@given(_guilds, _lives, _starts)
async def test_after_a_merge_the_one_that_stays_has_what_both_had_and_all_others_what_they_had(
    pool: Pool, spec: GuildSpec, life_of: list[Event], start: int
) -> None:
    life = await lived(pool, spec, life_of)
    before = await _owned(life)
    async for stays, other, _ in _merges(life, start, most=1):
        after = await _owned(life)
        for table in _OWNED:
            expected = {(stays if player == other else player, thing) for player, thing in before[table]}
            named = {(stays, key) for _, key in after[table]} if table == "player_note_aliases" else set()
            assert expected <= after[table] <= expected | named


@tried_on()
@given(_guilds, _lives, _starts, events(*IN_THE_GAME, *ON_DISCORD, most=3))
async def test_automation_takes_nothing_from_a_player_that_came_by_a_merge(
    pool: Pool, spec: GuildSpec, life_of: list[Event], start: int, news: list[Event]
) -> None:
    life = await lived(pool, spec, life_of)
    await life.make_everything_automatic()
    came: dict[object, int] = {}
    links = await _owned(life)
    async for stays, other, _ in _merges(life, start, most=3):
        links, before = await _owned(life), links
        came = {character: stays if player == other else player for character, player in came.items()}
        came |= {character: stays for player, character in before["player_characters"] if player == other}
    life.through_pipelines = True
    await live(life, news)
    await life.sync_all()
    owners = {row["character_id"]: row["player_id"] for row in await life.rows("player_characters")}
    assert came.items() <= owners.items()


async def test_a_player_with_a_main_is_merged_in_both_directions(pool: Pool) -> None:
    spec = GuildSpec(
        characters=(CharacterSpec("Ayla", 0, 0, "Zork", 1),),
        players=(PlayerSpec("Mito", None), PlayerSpec("Zork", None)),
        links=(LinkSpec(0, 1, "full_match", as_main=True),),
    )
    life = await lived(pool, spec, [])
    (ayla,) = await life.rows("wow_characters")
    mains: list[int] = []
    async for _, _, report in _merges(life, 0):
        mains += [row["main_character_id"] for row in await life.rows("players")]
        await _undo(life, report)
    assert mains == [ayla["id"]] * 2
