"""Answers that are given again: they say what would be drawn now, only to those who may see it, and take no more room than they may."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import sql

from guild_builder import GuildBuilder
from patt.auth.permissions import Role
from patt.web.kept.answers import Answer, Kept, KeptAnswers
from patt.web.kept.marks import CURSOR, FORM_TOKEN, ago_mark, parts_of
from patt.web.kept.packing import pack
from patt.web.kept.states import SQL, State
from sv_common.db.counting import CountingCursor, counting_statements
from sv_common.db.pool import Pool
from web.helpers import API, bound_session, issue_number, officer, own_form, session
from web.kept_answers import HTMX, Person, addresses, forgetful, keeping, said

_ADMIN_TABLES = {
    "admin_accounts": "who may sign in: asked by the guard with each request",
    "api_tokens": "asked by the guard",
    "web_sessions": "asked by the guard",
    "announcements": "messages to Discord, which no page shows",
    "claim_readings": "shown on members' own pages alone, which are never kept",
    "claim_sessions": "the same",
    "erasures": "shown on no page",
    "forgotten_attempts": "counted by monitoring alone",
}
"""Tables of a guild that no kept answer shows."""

_TABLES_OF_GUILDS = (
    "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'guild_id' "
    "where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)"
)
_WRITTEN_IN_VIEWS = (
    "select v.viewname, v.definition from pg_views v where v.schemaname in ('common', 'guild_identity') union all "
    "select p.proname, coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '') from pg_proc p "
    "where p.pronamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)"
)
ELSEWHERE = {"name": "Elsewhere", "discord_guild_id": "7001"}
_WRITE_ONE_ROW = (
    "update {table} set guild_id = guild_id where ctid = (select ctid from {table} where guild_id = %s limit 1)"
)
_DELETE_ONE_ROW = "delete from {table} where ctid = (select ctid from {table} where guild_id = %s limit 1)"
_NAMED = re.compile(r"\b(?:guild_identity|common|jobs)\.(\w+)")


@pytest.fixture
async def alice_twice(troubled: GuildBuilder) -> Person:
    """An administrator at an application that keeps answers, and at one that keeps none."""
    return Person.of(await session(troubled.pool), keeping(troubled.pool), forgetful(troubled.pool))


async def _write_past_the_product(pool: Pool, statement: str, values: list[Any]) -> int:
    async with pool.connection() as conn:
        return (await conn.execute(statement, values)).rowcount


async def test_an_answer_is_given_again_until_something_is_written_past_the_product(
    troubled: GuildBuilder, alice_twice: Person
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    asked = addresses(troubled.guild_id, [number])
    for address in asked:
        await alice_twice.sees_what_is_drawn(address)
        await alice_twice.sees_what_is_drawn(address, HTMX)
    assert alice_twice.given_again == [each for each in asked for _ in range(2)]
    for statement in (
        "update guild_identity.wow_characters set guild_note = 'other' where guild_id = %s",
        "update guild_identity.audit_issues set summary = 'Otherwise' where guild_id = %s",
        "delete from guild_identity.issue_events where guild_id = %s",
        "update guild_identity.guilds set language = 'de' where id = %s",
        "delete from guild_identity.audit_issues where guild_id = %s",
    ):
        assert await _write_past_the_product(troubled.pool, statement, [troubled.guild_id])
        for address in asked:
            await alice_twice.sees_what_is_drawn(address)


async def test_an_answer_is_given_again_after_a_write_that_was_about_nothing_in_the_guild(
    troubled: GuildBuilder, alice_twice: Person
) -> None:
    page = f"/admin/data-quality?guild={troubled.guild_id}"
    await alice_twice.sees_what_is_drawn(page)
    await _write_past_the_product(troubled.pool, "update common.web_sessions set last_seen_at = now()", [])
    with counting_statements() as counted:
        await alice_twice.kept.get(page)
    assert counted.statements == 2  # of the guard, and of the guild's state


async def test_who_changes_something_sees_it_on_the_next_page_and_so_does_everybody_else(
    troubled: GuildBuilder,
) -> None:
    app = keeping(troubled.pool)
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    page, api = f"/admin/data-quality?guild={troubled.guild_id}", f"{API}/issues/{number}?guild={troubled.guild_id}"
    async with (
        officer(app, await session(troubled.pool)) as alice,
        officer(app, await session(troubled.pool, "bob")) as bob,
    ):
        for each in (alice, bob, alice, bob):
            assert f"issue-{number}" in (await each.get(page)).text
            assert (await each.get(api)).json()["state"] == "open"
        dismissed = await alice.post(
            f"{API}/issues/{number}/dismiss?guild={troubled.guild_id}", json={"reason": "Known."}
        )
        assert dismissed.status_code == 200
        for each in (alice, bob, alice, bob):
            assert f"issue-{number}" not in (await each.get(page)).text
            assert (await each.get(api)).json()["state"] == "dismissed"


async def test_what_is_not_committed_yet_is_shown_to_nobody_and_then_to_all(
    troubled: GuildBuilder, alice_twice: Person
) -> None:
    page = f"/admin/players?guild={troubled.guild_id}"
    await alice_twice.sees_what_is_drawn(page)
    before = said(await alice_twice.kept.get(page))
    async with troubled.pool.connection() as conn:
        await conn.execute(
            "update guild_identity.players set display_name = 'Zzyzx' where guild_id = %s", [troubled.guild_id]
        )
        assert said(await alice_twice.kept.get(page)) == before
        await conn.execute("select pg_current_xact_id()")
        await _write_past_the_product(troubled.pool, "update common.web_sessions set last_seen_at = now()", [])
        assert said(await alice_twice.kept.get(page)) == before
    assert "Zzyzx" in (await alice_twice.kept.get(page)).text


async def test_people_of_different_roles_each_get_their_own_page(troubled: GuildBuilder) -> None:
    pool, kept, fresh = troubled.pool, keeping(troubled.pool), forgetful(troubled.pool)
    who: tuple[tuple[str, Role, int | None], ...] = (
        ("ann", "viewer", troubled.guild_id),
        ("bea", "officer", troubled.guild_id),
        ("cid", "administrator", troubled.guild_id),
        ("dot", "administrator", None),
        ("eve", "viewer", None),
    )
    people = [Person.of(await bound_session(pool, *each), kept, fresh) for each in who]
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    for address, each in itertools.product(addresses(troubled.guild_id, [number]), people):
        await each.sees_what_is_drawn(address)
    assert all(len(each.given_again) == len(addresses(troubled.guild_id, [number])) for each in people)


async def test_a_page_of_one_guild_is_given_to_nobody_of_another(troubled: GuildBuilder) -> None:
    other = await GuildBuilder.create(troubled.pool, **ELSEWHERE)
    app, pool = keeping(troubled.pool), troubled.pool
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    stranger = officer(app, await bound_session(pool, "mallory", "administrator", other.guild_id))
    own = officer(app, await bound_session(pool, "ann", "administrator", troubled.guild_id))
    for address in addresses(troubled.guild_id, [number]):
        for _ in range(2):
            assert (await own.get(address)).status_code == 200
        assert (await stranger.get(address)).status_code == 404
        assert (
            await httpx2.AsyncClient(transport=own._transport, base_url="http://patt.test").get(address)
        ).status_code in (303, 401)


async def test_whoever_loses_a_role_gets_no_page_that_was_kept_for_it(troubled: GuildBuilder) -> None:
    pool, app = troubled.pool, keeping(troubled.pool)
    token = await bound_session(pool, "bea", "officer", troubled.guild_id)
    page = f"/admin/data-quality?guild={troubled.guild_id}"
    async with officer(app, token) as bea:
        assert "Run all scans</button>" in (await bea.get(page)).text
        await bea.get(page)
        await _write_past_the_product(pool, "update common.admin_accounts set role = 'viewer' where name = %s", ["bea"])
        assert said(await bea.get(page)) == said(await officer(forgetful(pool), token).get(page))
        await _write_past_the_product(pool, "update common.web_sessions set revoked_at = now() where %s", [True])
        assert (await bea.get(page)).status_code == 303


async def test_each_answer_has_a_form_token_of_its_own_that_belongs_to_the_session_that_asks(
    troubled: GuildBuilder,
) -> None:
    app, page = keeping(troubled.pool), f"/admin/data-quality?guild={troubled.guild_id}"
    tokens = []
    for _ in range(2):
        mine = await session(troubled.pool)  # the same person twice, in two browsers
        async with officer(app, mine) as alice:
            for _ in range(2):
                text = (await alice.get(page)).text
                assert "~form." not in text
                found = set(re.findall(r'name="form_token" value="([^"]+)"', text))
                (token,) = found
                tokens.append(token)
                sent = await alice.post(
                    f"{API}/scan?guild={troubled.guild_id}", headers={**own_form(mine), "X-Form-Token": token}
                )
                assert sent.status_code == 200
    assert len(set(tokens)) == len(tokens)


async def test_of_many_who_ask_at_once_one_has_the_page_drawn(
    troubled: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = _watched_statements(monkeypatch)
    app, token = keeping(troubled.pool), await session(troubled.pool)
    async with officer(app, token) as alice:
        answers = await asyncio.gather(*(alice.get(f"/admin/data-quality?guild={troubled.guild_id}") for _ in range(6)))
    assert len({said(each) for each in answers}) == 1
    assert sum("name: count_findings" in each or "group by issue_type, severity" in each for each in drawn) == 1


async def test_kept_answers_read_no_table_that_their_guilds_state_leaves_out(
    troubled: GuildBuilder, alice_twice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with troubled.pool.connection() as conn:
        tables = {row[0] for row in await (await conn.execute(_TABLES_OF_GUILDS)).fetchall()}
        texts = dict(await (await conn.execute(_WRITTEN_IN_VIEWS)).fetchall())
    covered = set(_NAMED.findall(SQL["state"]))
    assert tables - covered == set(_ADMIN_TABLES)
    number = await issue_number(troubled, "orphan_wow", "Riddle")
    asked = addresses(troubled.guild_id, [number])
    for address in asked:
        await alice_twice.kept.get(address)  # what is read once in the life of a process, such as rows that are kept
    statements = _watched_statements(monkeypatch)
    for address in asked:
        await alice_twice.fresh.get(address)
    read, unseen = set[str](), {name for each in statements for name in _NAMED.findall(each)}
    while unseen:
        read |= unseen
        unseen = {name for each in unseen if each in texts for name in _NAMED.findall(texts[each])} - read
    assert read - covered - set(texts) <= {"admin_accounts", "web_sessions"}  # which the guard reads


def _watched_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    execute = CountingCursor.execute

    async def watched(self: CountingCursor, query: Any, params: Any = None, **options: Any) -> CountingCursor:
        seen.append(str(query))
        return await execute(self, query, params, **options)

    monkeypatch.setattr(CountingCursor, "execute", watched)
    return seen


async def test_each_row_that_is_written_changes_its_guilds_state_and_no_other(troubled: GuildBuilder) -> None:
    other = await GuildBuilder.create(troubled.pool, **ELSEWHERE)
    tables = dict.fromkeys(re.findall(r"from ((?:guild_identity|common)\.\w+) where guild_id", SQL["state"]))
    written = set()
    async with troubled.pool.connection() as conn:
        for table in tables:
            before = [await _state(conn, each) for each in (troubled.guild_id, other.guild_id)]
            for how in (_WRITE_ONE_ROW, _DELETE_ONE_ROW):
                with contextlib.suppress(psycopg.IntegrityError):
                    async with conn.transaction(force_rollback=True):
                        statement = sql.SQL(how).format(table=sql.Identifier(*table.split(".")))
                        if (await conn.execute(statement, [troubled.guild_id])).rowcount:
                            assert await _state(conn, troubled.guild_id) != before[0], (table, how)
                            assert await _state(conn, other.guild_id) == before[1], (table, how)
                            written.add((table, how))
    assert len(written) >= 12


async def _state(conn: Any, guild_id: int) -> str:
    row = await (await conn.execute(SQL["state"], {"guild_id": guild_id, "beside": 0, "most": 50_000})).fetchone()
    assert row is not None
    return str(row[1])


@hypothesis_settings(deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=40), st.sampled_from([0, 8, 104]), st.integers(1, 400))
def test_what_is_packed_once_unpacks_with_any_token(pieces: list[str], size: int, times: int) -> None:
    parts = [each.encode() * times for each in pieces]
    packed = pack(parts, size)
    lengths = set()
    for letter in (b"A", b"Z", b"\xc3"):
        text = (letter * size).join(parts)
        sent = packed.with_token(text, letter * size)
        assert zlib.decompress(sent, zlib.MAX_WBITS + 16) == text
        lengths.add(len(sent))
    assert len(lengths) == 1


def test_a_kept_answer_tells_how_long_ago_something_was_as_it_is_then() -> None:
    now = datetime.now(UTC)
    text = f"<p>{ago_mark(now - timedelta(seconds=50))}, {ago_mark(now - timedelta(hours=3))} {FORM_TOKEN} {CURSOR}</p>"
    answer = Answer.of(parts_of(text.encode()))
    assert answer.text(b"T", "c.1", now) == b"<p>just now, 3h ago T c.1</p>"
    assert answer.text(b"U", "c.2", now + timedelta(seconds=20)) == b"<p>1m ago, 3h ago U c.2</p>"
    later = now + timedelta(hours=1)
    assert zlib.decompress(answer.gzip(b"V", "", later), 31) == b"<p>1h ago, 4h ago V </p>"


def _kept(size: int, minute: int = 1) -> Kept:
    return Kept(Answer.of([b"x" * size]), (), None, State(0.0, "moment", "state"), minute)


def test_kept_answers_take_no_more_room_than_they_may() -> None:
    answers = KeptAnswers(most_bytes=400_000, most_answers=50)
    for number in range(1000):
        answers.keep(number, _kept(number % 90 * 100))
        assert len(answers) <= 50
        assert answers.size <= 400_000
    assert answers.get(999, 1) is not None
    assert answers.get(0, 1) is None
    answers.keep("too large", _kept(100_000))
    assert answers.get("too large", 1) is None


def test_a_kept_answer_is_of_one_minute_and_is_forgotten_with_it() -> None:
    answers = KeptAnswers()
    answers.keep("one", _kept(10, minute=1))
    assert answers.get("one", 2) is None
    answers.keep("another", _kept(10, minute=2))
    assert len(answers) == 1
    assert answers.get("one", 1) is None


async def test_an_answer_during_which_something_was_written_is_not_given_again(
    troubled: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, token = keeping(troubled.pool), await session(troubled.pool)
    execute, is_written = CountingCursor.execute, False

    async def write_in_the_middle(
        self: CountingCursor, query: Any, params: Any = None, **options: Any
    ) -> CountingCursor:
        nonlocal is_written
        result = await execute(self, query, params, **options)
        if "group by issue_type, severity" in str(query) and not is_written:
            is_written = True
            await _write_past_the_product(
                troubled.pool,
                "update guild_identity.audit_issues set summary = 'Otherwise' where guild_id = %s",
                [troubled.guild_id],
            )
        return result

    monkeypatch.setattr(CountingCursor, "execute", write_in_the_middle)
    async with officer(app, token) as alice:
        page = f"/admin/data-quality?guild={troubled.guild_id}"
        assert "Otherwise" not in (await alice.get(page)).text
        assert "Otherwise" in (await alice.get(page)).text
