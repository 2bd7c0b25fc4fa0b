"""What is automatic makes no player, matches nothing at large, and leaves alone what a person has decided."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest
from hypothesis import given

from laws import guild_rows, note_meaning, snapshot
from laws.direct_rows import PERSON_SOURCES
from laws.guilds import (
    BY_OFFICERS,
    IN_THE_GAME,
    ON_DISCORD,
    RANKS,
    CharacterSpec,
    Event,
    GuildSpec,
    LinkSpec,
    PlayerSpec,
    RankSpec,
    events,
    guild_specs,
)
from laws.happenings import live
from laws.judgment import assert_log_is_right, look, unresolved
from laws.law import empty, tried_on
from laws.life import Life
from laws.snapshot import differences
from sv_common.db.pool import Pool
from sv_common.guild_sync import identity_engine, mitigations, scheduler

_guilds = guild_specs(fewest_characters=3, fewest_members=1)
_decisions = events(*BY_OFFICERS, most=4)
_news = events(*IN_THE_GAME, *ON_DISCORD, most=3)
_BY_DETECTION = {"detection", "subject gone"}


async def _begin(pool: Pool, spec: GuildSpec, decisions: list[Event]) -> Life:
    """A guild in which every rule is automatic, after officers have looked at what the first scan found."""
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.make_everything_automatic()
    await life.scan()
    await live(life, decisions)
    return life


async def _run_everything_automatic(life: Life, news: list[Event]) -> None:
    """The pipeline of each piece of news, and then all three."""
    life.through_pipelines = True
    await live(life, news)
    await life.sync_all()


@tried_on()
@given(_guilds, _decisions, _news)
async def test_nothing_automatic_matches_at_large_makes_a_player_or_changes_what_a_person_decided(
    pool: Pool, spec: GuildSpec, decisions: list[Event], news: list[Event]
) -> None:
    life = await _begin(pool, spec, [*decisions, Event("dismiss", who=0), Event("dismiss", who=7)])
    players = [row["id"] for row in await life.rows("players")]
    marked = await life.rows("shared_characters")
    linked, decided, dismissed = await _linked(life), await _decided_links(life), await _dismissals(life)
    with _exploding_match() as calls:
        await _run_everything_automatic(life, news)
    assert calls == []
    assert [row["id"] for row in await life.rows("players")] == players
    assert await _decided_links(life) == decided
    assert await life.rows("shared_characters") == marked
    rejected = {(row["character_id"], row["player_id"]) for row in await life.rows("link_rejections")}
    assert (await _linked(life) - linked) & rejected == set()
    after, ended = await _dismissals(life), await _moves_that_ended_dismissals(life)
    assert after == {issue_id: each for issue_id, each in dismissed.items() if issue_id not in ended}
    assert all(reason.startswith("Dismissed ") and "; now " in reason for reason in ended.values())
    rows = {row["id"]: row for row in await life.rows("audit_issues")}
    assert all(_rests_on_what_is_found(rows[each]) for each in after)
    assert {rows[each]["resolved_by"] for each in after if rows[each]["resolved_at"]} <= _BY_DETECTION | {"officer"}


@tried_on()
@given(_guilds, _decisions)
async def test_what_an_officer_has_undone_stays_undone(pool: Pool, spec: GuildSpec, decisions: list[Event]) -> None:
    life = await _begin(pool, spec, decisions)
    await life.automate()
    await life.undo_all()
    attempts = await life.rows("fix_attempts")
    undone = {row["plan_key"] for row in attempts if row["undone_at"]}
    await _run_everything_automatic(life, [])
    new = (await life.rows("fix_attempts"))[len(attempts) :]
    assert [row for row in new if row["plan_key"] in undone] == []


@tried_on()
@given(_guilds, _decisions, _news)
async def test_automation_links_a_character_only_to_the_one_player_whom_it_means(
    pool: Pool, spec: GuildSpec, decisions: list[Event], news: list[Event]
) -> None:
    life = await _begin(pool, spec, decisions)
    await live(life, news)
    await life.scan()
    before = await look(life)
    await life.automate()
    after = await look(life)
    known = {link["character_id"]: link["player_id"] for link in before.links}
    for link in after.links:
        if known.get(link["character_id"]) != link["player_id"]:
            character = next(c for c in after.characters if c["id"] == link["character_id"])
            assert any(_is_meant(state, character, link["player_id"]) for state in (before, after))


@tried_on()
@given(_guilds, _news)
async def test_after_each_pipeline_the_open_issues_are_what_is_wrong(
    pool: Pool, spec: GuildSpec, news: list[Event]
) -> None:
    life = await _begin(pool, spec, [])
    life.through_pipelines = True
    await live(life, news)
    await life.sync_all()
    await assert_log_is_right(life, await unresolved(life))


async def test_automation_that_is_handed_a_dismissed_issue_leaves_it_alone(pool: Pool) -> None:
    """An officer may dismiss an issue between the moment automation lists it and the moment it fixes it."""
    life = await _begin(pool, _LINKED_AGAINST_ITS_NOTE, [Event("dismiss", who=0)])
    before = await snapshot.take(pool)
    (row,) = [each for each in await life.rows("audit_issues") if each["issue_type"] == "note_mismatch"]
    assert row["dismissed_at"] is not None
    assert not await mitigations.mitigate_note_mismatch(pool, row)
    assert differences(before, await snapshot.take(pool)) == {}


async def test_the_full_match_is_the_only_door_to_run_matching(pool: Pool) -> None:
    life = await _begin(pool, GuildSpec(), [])
    with _exploding_match() as calls, pytest.raises(AssertionError):
        await scheduler.run_full_match(pool, guild_id=life.guild_id, sources=life.sources, actor="officer")
    assert calls == [1]
    assert _callers_of_run_matching() == {("scheduler.py", "run_full_match")}


_LINKED_AGAINST_ITS_NOTE = GuildSpec(
    characters=(CharacterSpec("Ayla", 0, 0, "Zork", 1),),
    ranks=(RankSpec(None, is_managed=False),) * RANKS,
    players=(PlayerSpec("Mito", None), PlayerSpec("Zork", None)),
    links=(LinkSpec(0, 0, "full_match", as_main=False),),
)


@contextlib.contextmanager
def _exploding_match() -> Iterator[list[int]]:
    """Put a bomb in place of `run_matching` in every module of the product that holds it; give who stepped on it."""
    calls: list[int] = []

    async def explode(*_: object, **__: object) -> NoReturn:
        calls.append(1)
        raise AssertionError("run_matching was called")

    with pytest.MonkeyPatch.context() as patch:
        for module, name in _holders_of(identity_engine.run_matching):
            patch.setattr(module, name, explode)
        yield calls


def _holders_of(function: Callable[..., Any]) -> list[tuple[ModuleType, str]]:
    return [
        (module, name)
        for module_name, module in list(sys.modules.items())
        if module_name.split(".")[0] in ("sv_common", "patt")
        for name, value in list(vars(module).items())
        if value is function
    ]


def _callers_of_run_matching() -> set[tuple[str, str]]:
    """The functions of the product in whose text `run_matching` stands, apart from its own."""
    source = Path(identity_engine.__file__).parents[2]
    return {
        (path.name, function.name)
        for path in source.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef) and function.name != "run_matching"
        for node in ast.walk(function)
        if (isinstance(node, ast.Name) and node.id == "run_matching")
        or (isinstance(node, ast.Attribute) and node.attr == "run_matching")
    }


async def _linked(life: Life) -> set[tuple[int, int]]:
    return {(row["character_id"], row["player_id"]) for row in await life.rows("player_characters")}


async def _decided_links(life: Life) -> dict[int, dict[str, Any]]:
    """The links of persons, but for the note under which they are right: that follows the note."""
    decided = [row for row in await life.rows("player_characters") if row["link_source"] in PERSON_SOURCES]
    return {
        row["character_id"]: {name: value for name, value in row.items() if name != "basis_note"} for row in decided
    }


async def _dismissals(life: Life) -> dict[int, tuple[str, str, str]]:
    return {
        row["id"]: (row["dismissed_at"], row["dismissed_by"], row["dismissed_reason"])
        for row in await life.rows("audit_issues")
        if row["dismissed_at"]
    }


async def _moves_that_ended_dismissals(life: Life) -> dict[int, str]:
    """Why a look opened issues again that were dismissed, by issue: what the dismissal rested on has changed."""
    return {
        row["issue_id"]: row["reason"]
        for row in await life.rows("issue_events")
        if row["event"] == "recurred" and row["reason"] is not None
    }


def _rests_on_what_is_found(issue: dict[str, Any]) -> bool:
    """Whether a dismissed issue says what it said when it was dismissed."""
    found, dismissed = issue["material"], issue["dismissed_material"]
    return {name: part["value"] for name, part in found.items()} == {
        name: part["value"] for name, part in dismissed.items()
    }


def _is_meant(guild: guild_rows.Guild, character: dict[str, Any], player_id: int) -> bool:
    player = ("player", player_id)
    return note_meaning.runs_in_a_circle(guild, character) or note_meaning.owner(guild, character) == player
