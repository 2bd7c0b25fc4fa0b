"""An undo whose preview shows no obstacle succeeds, and one that shows an obstacle is refused with it; what it restores is exact."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
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
    RankSpec,
    events,
    guild_specs,
)
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from laws.snapshot import Snapshot, differences
from sv_common.db.pool import Pool
from sv_common.guild_sync.changes.tables import TABLES
from sv_common.guild_sync.core.errors import PattError, Refused
from sv_common.guild_sync.engine.results import undoable_in
from sv_common.guild_sync.engine.undo_preview import UndoPreview
from sv_common.guild_sync.identity.decisions import (
    EndHiatus,
    ManualDecision,
    MarkShared,
    MergePlayers,
    RejectLink,
    RemoveAlias,
    SetHiatus,
    SetMain,
    UnlinkCharacter,
    UnlinkMember,
    UnmarkShared,
)
from sv_common.guild_sync.mitigations import fix_all, preview_undo, undo, undo_together

_TABLES = {f"{table.schema}.{table.name}" for table in TABLES.values()}
_ACTOR = "officer"
_QUONDAM = "quondam"

_guilds = guild_specs(fewest_characters=4, fewest_members=2).filter(lambda spec: len(spec.players) > 1)
_lives = events(*BY_OFFICERS, *BY_OFFICERS, *BY_THEMSELVES, *IN_THE_GAME, *ON_DISCORD, most=10)
_choices = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 11), st.integers(0, 11)), min_size=2, max_size=6)
_orders = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=8)


async def _begin(pool: Pool, spec: GuildSpec, life_of: list[Event]) -> Life:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await _confirm_everybody(life)
    await _let_matches_have_learned_words(life)
    await live(life, life_of)
    await life.scan()
    return life


async def _confirm_everybody(life: Life) -> None:
    async with life.pool.connection() as conn:
        await conn.execute(
            "insert into common.confirmed_links (guild_id, character_id, player_id, discord_user_id, confirmed_by) "
            "select p.guild_id, l.character_id, p.id, p.discord_user_id, 'admin' from guild_identity.players p "
            "join guild_identity.player_characters l on l.player_id = p.id "
            "where p.discord_user_id is not null and p.guild_id = %s",
            [life.guild_id],
        )


async def _let_matches_have_learned_words(life: Life) -> None:
    """Let every player have a word that a match once learned and that no note bears."""
    async with life.pool.connection() as conn:
        await conn.execute(
            "insert into guild_identity.player_note_aliases (guild_id, player_id, alias, alias_key, created_by, source) "
            "select guild_id, id, %(word)s || id, %(word)s || id, 'admin', 'match' from guild_identity.players "
            "where guild_id = %(guild)s",
            {"guild": life.guild_id, "word": _QUONDAM},
        )


async def _people(life: Life) -> Snapshot:
    return await snapshot.take(life.pool, tables=_TABLES)


async def _decision(life: Life, kind: int, one: int, another: int) -> ManualDecision | None:
    """A decision about some of those who are there; None where there are none."""
    players = [str(row["id"]) for row in await life.rows("players")]
    characters = [str(row["id"]) for row in await life.rows("wow_characters") if row["removed_at"] is None]
    words = await life.rows("player_note_aliases")
    aliases = [row["alias"] for row in words if not row["alias"].startswith(_QUONDAM)]
    if not players or not characters:
        return None
    player, other = players[one % len(players)], players[another % len(players)]
    character = characters[another % len(characters)]
    decisions: list[ManualDecision] = [
        UnlinkCharacter(character),
        RejectLink(character, player, "no"),
        UnlinkMember(player),
        MergePlayers(player, other),
        MergePlayers(player, other),
        SetMain(character),
        MarkShared(character, "bank"),
        UnmarkShared(character),
        RemoveAlias(aliases[one % len(aliases)]) if aliases else SetMain(character),
        SetHiatus(player, None if another % 2 else f"2099-01-{another + 1:02}"),
        EndHiatus(player),
    ]
    return decisions[kind]


async def _preview(life: Life, attempt: int) -> UndoPreview:
    return await preview_undo(life.pool, attempt, guild_id=life.guild_id, discord_bot=life.discord)


async def _undo(life: Life, attempt: int, *, partly: bool = False) -> PattError | None:
    """Undo; return what stood in the way."""
    try:
        await undo(life.pool, attempt, actor=_ACTOR, guild_id=life.guild_id, discord_bot=life.discord, partly=partly)
    except PattError as error:
        return error
    return None


async def _undo_in_this_order(life: Life, order: list[tuple[int, bool]]) -> None:
    for place, partly in order:
        attempts = await life.undoable_attempts()
        if not attempts:
            return
        attempt = attempts[place % len(attempts)]
        before = await _people(life)
        seen = await _preview(life, attempt)
        assert differences(before, await _people(life)) == {}
        if partly and seen.parts:
            assert await _undo(life, attempt, partly=True) is None
            continue
        obstacle = await _undo(life, attempt)
        assert (seen.obstacle is None) == (obstacle is None), (seen.obstacle, obstacle)
        if obstacle is not None:
            assert str(obstacle) == seen.obstacle
            assert differences(before, await _people(life)) == {}


_MADE_AND_MERGED = GuildSpec(
    characters=(
        CharacterSpec("한별", realm=0, rank=2, note="", days_asleep=31, has_left=False),
        CharacterSpec("한별", realm=1, rank=4, note="i am Naél", days_asleep=400, has_left=True),
        CharacterSpec("Mito", realm=1, rank=2, note="한별-Area52", days_asleep=400, has_left=False),
        CharacterSpec("Weiss", realm=0, rank=4, note="Mitto", days_asleep=1, has_left=True),
    ),
    members=(
        MemberSpec("Зоря [GM]", None, None, roles=frozenset({"102"}), is_bot=False, has_left=False),
        MemberSpec("Zork [GM]", "Zork [GM]", None, roles=frozenset({"900"}), is_bot=False, has_left=False),
    ),
    ranks=tuple(RankSpec(role, is_managed=managed) for role, managed in zip(
        ("103", "103", "103", "101", "102"), (True, False, True, False, False), strict=True
    )),
    players=(PlayerSpec("Zork", member=None), PlayerSpec("Nael", member=0)),
    links=(), aliases=(), rejections=(), is_matched=False, doubtful_rank=None,
)  # fmt: skip
"""A player is made, an issue about them opens, and they are merged: undoing all of that at once leaves no player to point to."""


@tried_on()
@given(_guilds, _lives, _choices, _orders)
@example(
    _MADE_AND_MERGED,
    [
        Event("full_match", who=0, number=0, name="Mito", note=""),
        Event("new_player", who=13, number=7, name="Mito", note="Sleepy/Naél"),
        Event("link_to_member", who=2, number=5, name="Weiß", note="mito"),
    ],
    [(0, 0, 0), (3, 0, 2)],
    [(0, False)],
)
async def test_an_undo_does_what_its_preview_says_and_fails_only_where_it_says_so(
    pool: Pool,
    spec: GuildSpec,
    life_of: list[Event],
    choices: list[tuple[int, int, int]],
    order: list[tuple[int, bool]],
) -> None:
    life = await _begin(pool, spec, life_of)
    for kind, one, another in choices:
        await _decide(life, await _decision(life, kind, one, another))
    await _undo_in_this_order(life, order)


@tried_on()
@given(_guilds, _lives, _choices)
async def test_each_decision_writes_down_every_row_that_it_changed_and_its_undo_restores_them(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[tuple[int, int, int]]
) -> None:
    life = await _begin(pool, spec, life_of)
    for kind, one, another in choices:
        before = await _people(life)
        attempt = await _decide(life, await _decision(life, kind, one, another))
        if attempt is not None:
            assert await _undo(life, attempt) is None
            assert differences(before, await _people(life)) == {}


@tried_on()
@given(_guilds, _lives, _choices)
async def test_undoing_a_match_in_parts_from_the_last_decision_on_restores_the_exact_rows(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[tuple[int, int, int]]
) -> None:
    life = await _begin(pool, spec, life_of)
    before, known = await _people(life), set(await life.undoable_attempts())
    await life.match()
    new: list[int] = sorted(set(await life.undoable_attempts()) - known)
    later = [await _decide(life, await _decision(life, *choice)) for choice in choices]
    for match in new:
        if (await _preview(life, match)).parts:
            assert await _undo(life, match, partly=True) is None
    for attempt in [each for each in reversed(later) if each is not None]:
        assert await _undo(life, attempt) is None
    for match in new:
        assert await _undo(life, match) is None
    assert differences(before, await _people(life)) == {}


@tried_on()
@given(_guilds, _lives, _choices)
async def test_undone_with_the_later_ones_in_its_way_an_attempt_leaves_the_rows_as_before_and_takes_nothing_else_along(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[tuple[int, int, int]]
) -> None:
    life = await _begin(pool, spec, life_of)
    before = await _people(life)
    done = [await _decide(life, await _decision(life, *choice)) for choice in choices]
    made = [attempt for attempt in done if attempt is not None]
    for attempt in made[:1]:
        seen = await _preview(life, attempt)
        assert (seen.obstacle is None) != (seen.together is not None), seen.obstacle
        chosen = [each.id for each in seen.together.attempts] if seen.together else [attempt]
        report = await undo_together(pool, chosen, actor=_ACTOR, guild_id=life.guild_id)
        assert {*report.attempt_ids} == {*chosen}
        rest = [each for each in reversed(made) if each not in chosen]
        assert {*rest} <= {*await life.undoable_attempts()}
        for each in rest:
            assert await _undo(life, each) is None
        assert differences(before, await _people(life)) == {}


@tried_on()
@given(_guilds, _lives, _choices)
async def test_after_the_undo_of_a_batch_the_rows_are_as_before_the_batch(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choices: list[tuple[int, int, int]]
) -> None:
    life = await _begin(pool, spec, life_of)
    before = await _people(life)
    batch = []
    for issue_type in ("note_mismatch", "orphan_wow", "orphan_discord"):
        report = await fix_all(pool, issue_type, actor=_ACTOR, guild_id=life.guild_id)
        batch += undoable_in(report.results)
    later = [await _decide(life, await _decision(life, *choice)) for choice in choices]
    for each in [attempt for attempt in reversed(later) if attempt is not None]:
        assert await _undo(life, each) is None
    if batch:
        await undo_together(pool, batch, actor=_ACTOR, guild_id=life.guild_id)
    assert differences(before, await _people(life)) == {}


async def _decide(life: Life, decision: Any) -> int | None:
    if decision is None:
        return None
    try:
        return (await life.decide(decision)).attempt_id
    except Refused:
        return None
