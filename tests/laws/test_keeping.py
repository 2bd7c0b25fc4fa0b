"""Cleaning takes nothing away that is open, that a dismissal rests on, or that can still be undone; and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from laws import snapshot
from laws.guilds import BY_OFFICERS, BY_THEMSELVES, IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from laws.passing import let_days_pass
from laws.snapshot import differences
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.insights.health import trends
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.keeping.cleaning import EXPENDABLE, AccessLives, clean
from sv_common.guild_sync.mitigations import preview_undo

ACCESS = AccessLives(30, timedelta(days=2))
_ISSUES, _EVENTS = "guild_identity.audit_issues", "guild_identity.issue_events"
_SUBJECTS = {"characters": ("wow_character_id", "wow_characters"), "members": ("discord_member_id", "discord_users")}
_lives = st.lists(
    st.tuples(
        events(*BY_OFFICERS, *BY_OFFICERS, *BY_THEMSELVES, *IN_THE_GAME, *ON_DISCORD, most=8),
        st.sampled_from([1, 40, 91, 130, 200, 400]),
    ),
    min_size=1,
    max_size=3,
)


async def _undoable(life: Life) -> dict[int, str | None]:
    """What each attempt that could be undone says about it."""
    async with life.pool.connection() as conn:
        rows = await (
            await conn.execute(
                "select id from guild_identity.fix_attempts "
                "where changes <> '[]' and undone_at is null and started_at > now() - interval '90 days' order by id"
            )
        ).fetchall()
    seen = {}
    for (attempt,) in rows:
        found = await preview_undo(life.pool, attempt, guild_id=life.guild_id, discord_bot=life.discord)
        seen[attempt] = found.obstacle
    return seen


async def _unresolved(life: Life) -> dict[str, Any]:
    found = await snapshot.read(life.pool, {_ISSUES, _EVENTS})
    known = await _known(life)
    issues = [row for row in found[_ISSUES] if row["state"] != "resolved" or _is_dismissed(row, known)]
    ids = {row["id"] for row in issues}
    told = [row for row in found[_EVENTS] if row["issue_id"] in ids and row["event"] != "refreshed"]
    return {"issues": issues, "events": told}


async def _known(life: Life) -> dict[str, set[int]]:
    """The characters and members that are known and that cleaning does not take away."""
    async with life.pool.writing(life.guild_id) as guild:
        going = {kind: {row[1] for row in await guild.rows(EXPENDABLE[kind], limit=1000)} for kind in _SUBJECTS}
    return {
        column: {row["id"] for row in await life.rows(table)} - going[kind]
        for kind, (column, table) in _SUBJECTS.items()
    }


def _is_dismissed(issue: dict[str, Any], known: dict[str, set[int]]) -> bool:
    """Whether an issue is dismissed, and what it is about is still known."""
    return issue["dismissed_at"] is not None and any(issue[column] in ids for column, ids in known.items())


async def _trends(life: Life) -> dict[tuple[str, date], int]:
    """How many issues of each rule were open at the end of each day."""
    async with life.pool.reading(life.guild_id) as guild:
        found = await trends(guild, 90)
    return {
        (each.issue_type, day): open_ for each in found.rules for day, open_ in zip(found.days, each.open, strict=True)
    }


async def _words_undone(life: Life) -> dict[int, str]:
    """Whether each officer's word of the last 90 days could be undone, tried and rolled back."""
    words = await life.rows("issue_events")
    seen = {}
    for word in words:
        if word["before"] is None:
            continue

        async def trial(guild: Any, number: int = word["id"]) -> str:
            try:
                await lifecycle.undo_words(guild, [number], actor="officer")
            except PattError as error:
                return str(error)
            return "undone"

        seen[word["id"]] = await life.pool.rehearse(life.guild_id, trial)
    return {number: said for number, said in seen.items() if said == "undone"}


@tried_on()
@given(guild_specs(fewest_characters=4, fewest_members=2), _lives)
async def test_cleaning_spares_what_is_open_dismissed_or_undoable_and_finds_nothing_the_second_time(
    pool: Pool, spec: GuildSpec, lives: list[tuple[list[Event], int]]
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    for happenings, days in lives:
        await live(life, happenings)
        await life.scan()
        await let_days_pass(pool, days)
    before = await _undoable(life), await _unresolved(life), await _words_undone(life)
    counted = await _trends(life)
    await clean(pool, ACCESS)
    assert (await _trends(life)).items() <= counted.items()
    assert (await _undoable(life), await _unresolved(life), await _words_undone(life)) == before
    once = await snapshot.take(pool, apart_from={"common.last_cleaning"})
    assert await clean(pool, ACCESS) == {}
    assert differences(once, await snapshot.take(pool, apart_from={"common.last_cleaning"})) == {}
    await life.scan()


@tried_on()
@given(guild_specs(fewest_characters=4, fewest_members=2), events(*BY_OFFICERS, *IN_THE_GAME, *ON_DISCORD, most=8))
async def test_after_ten_years_nothing_is_left_of_what_has_a_life(
    pool: Pool, spec: GuildSpec, happenings: list[Event]
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await live(life, happenings)
    await life.scan()
    await let_days_pass(pool, 3650)
    await clean(pool, ACCESS)
    assert await life.rows("former_names") == []
    attempts = await life.rows("fix_attempts")
    assert all(each["undone_at"] or each["issue_type"] == "full_match" for each in attempts)
    named = {each["issue_id"] for each in attempts}
    for issue in await life.rows("audit_issues"):
        assert issue["state"] != "resolved" or issue["id"] in named or _is_dismissed(issue, await _known(life))
    linked = {each["character_id"] for each in await life.rows("player_characters")}
    unresolved = {each["wow_character_id"] for each in await life.rows("audit_issues") if each["state"] != "resolved"}
    gone = [each["id"] for each in await life.rows("wow_characters") if each["removed_at"] is not None]
    assert {*gone} <= linked | unresolved
