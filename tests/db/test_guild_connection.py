"""A connection that is bound to a guild: what PostgreSQL itself shows it, and what it lets it change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import pytest

from guild_builder import GuildBuilder
from sv_common.db import embedded, migrate
from sv_common.db.guild import ROLE, GuildConnection, read_for_officers
from sv_common.db.patience import Patience
from sv_common.db.pool import Pool, counting_statements, make_pool
from sv_common.guild_sync.core.errors import Busy, ConfigurationError, NotFound
from sv_common.guild_sync.core.language import ENGLISH, speak, speaking

_NAMES = "select character_name from guild_identity.wow_characters order by 1"
_BRIEF = Patience(lock_s=0.5, statement_s=5, idle_s=5, connection_s=2)


@pytest.fixture
async def one(pool: Pool) -> GuildBuilder:
    """A guild with a player whose main is its one character."""
    guild = await GuildBuilder.create(pool)
    await guild.main("Mito")
    return guild


@pytest.fixture
async def other(one: GuildBuilder) -> GuildBuilder:
    guild = await GuildBuilder.create(one.pool, "Night Watch", "7001")
    await guild.main("Elrek")
    return guild


@pytest.fixture
async def brief(database_url: str) -> AsyncIterator[Pool]:
    async with make_pool(database_url, patience=_BRIEF) as opened:
        yield opened


async def _names(guild: GuildConnection) -> list[str]:
    return [name for (name,) in await guild.rows(_NAMES)]


async def test_a_statement_that_forgets_its_guild_finds_the_guilds_own_rows_alone(
    one: GuildBuilder, other: GuildBuilder
) -> None:
    async with one.pool.reading(one.guild_id) as guild:
        assert await _names(guild) == ["Mito"]
    async with one.pool.writing(other.guild_id) as guild:
        assert await _names(guild) == ["Elrek"]
        assert await guild.run("update guild_identity.wow_characters set level = 1") == 1
        assert await guild.run("delete from guild_identity.players") == 1
    assert await one.rows("select display_name from guild_identity.players") == [("Mito",)]
    assert await one.rows("select count(*) from guild_identity.wow_characters where level = 1") == [(1,)]


async def test_a_snapshot_can_be_narrowed_to_a_guild_until_its_block_ends(
    one: GuildBuilder, other: GuildBuilder
) -> None:
    every = "select count(*) from guild_identity.wow_characters"
    async with one.pool.snapshot() as conn:
        async with one.pool.snapshot():
            narrowed = await one.pool.narrow(other.guild_id)
            assert await _names(narrowed) == ["Elrek"]
            async with one.pool.snapshot() as inner:
                assert await (await inner.execute(every)).fetchone() == (2,)
            assert await _names(narrowed) == ["Elrek"]
        assert await (await conn.execute(every)).fetchone() == (2,)
        assert await _names(await one.pool.narrow(one.guild_id)) == ["Mito"]
        with pytest.raises(NotFound):
            await one.pool.narrow(10**6)


async def test_only_a_snapshot_can_be_narrowed(pool: Pool, one: GuildBuilder) -> None:
    with pytest.raises(RuntimeError, match="Only a snapshot"):
        await pool.narrow(one.guild_id)


async def test_a_row_of_another_guild_can_neither_be_made_nor_moved_there(
    one: GuildBuilder, other: GuildBuilder
) -> None:
    statements = (
        "insert into guild_identity.players (guild_id, display_name, created_by) values (%(other)s, 'Spy', 'alice')",
        "update guild_identity.audit_issues set guild_id = %(other)s",
        "update guild_identity.discord_users set guild_id = %(other)s",
    )
    await one.execute(
        "insert into guild_identity.audit_issues (guild_id, issue_type, severity, summary, issue_hash) "
        "values (%(guild)s, 'orphan_wow', 'info', 'x', repeat('0', 64))"
    )
    for statement in statements:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with one.pool.writing(one.guild_id) as guild:
                await guild.run(statement, other=other.guild_id)


async def test_what_rests_on_accounts_is_withheld_from_others_than_officers(
    one: GuildBuilder, other: GuildBuilder
) -> None:
    """From what reads and rehearses, also within what others have begun; what writes sees the guild as it is."""
    await one.account(await one.character("Ilmarin"), await one.character("Altrek"))
    pool, known = one.pool, "select count(*)::integer from guild_identity.account_evidence"

    async def count(guild: GuildConnection) -> int:
        return int(await guild.value(known))

    async def seen() -> list[int]:
        async with pool.writing(one.guild_id) as guild:
            writing = await count(guild)
        async with pool.snapshot(), pool.reading(other.guild_id), pool.reading(one.guild_id) as guild:
            nested = await count(guild)
        async with pool.snapshot():
            narrowed = await count(await pool.narrow(one.guild_id))
        rehearsed = [await pool.rehearse(one.guild_id, count, alone=alone) for alone in (True, False)]
        return [writing, nested, narrowed, *rehearsed]

    assert await seen() == [2, 2, 2, 2, 2]
    read_for_officers(False)
    assert await seen() == [2, 0, 0, 0, 0]
    read_for_officers(True)
    async with pool.writing(one.guild_id) as guild:
        async with guild.for_others():
            assert await count(guild) == 0
        assert await count(guild) == 2


async def test_views_show_the_guilds_own_rows_alone(one: GuildBuilder, other: GuildBuilder) -> None:
    for each in (one, other):
        await each.confirm_all()
    async with one.pool.reading(one.guild_id) as guild:
        assert await guild.rows("select distinct guild_id from guild_identity.confirmed_characters") == [
            (one.guild_id,)
        ]
        assert await guild.rows("select guild_id from common.access_grants_in_force") == [(one.guild_id,)]
    async with one.pool.snapshot() as conn:
        found = await (await conn.execute("select guild_id from common.access_grants_in_force")).fetchall()
    assert sorted(found) == [(one.guild_id,), (other.guild_id,)]


async def test_accounts_and_sessions_are_out_of_reach_of_a_guild(one: GuildBuilder) -> None:
    for table in ("admin_accounts", "web_sessions", "login_links", "begun_sign_ins", "claim_sessions"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with one.pool.reading(one.guild_id) as guild:
                await guild.rows(f"select * from common.{table}")  # noqa: S608 -- names of this test


async def test_the_next_who_gets_the_connection_is_bound_to_nothing(one: GuildBuilder, other: GuildBuilder) -> None:
    bound = "select current_user::text, current_setting('app.guild_id', true)"
    async with one.pool.reading(one.guild_id) as guild:
        assert await guild.rows(bound) == [(ROLE, str(one.guild_id))]
    async with one.pool.installation() as conn:
        assert await (await conn.execute("select current_user::text <> %s", [ROLE])).fetchone() == (True,)
        assert len(await (await conn.execute(_NAMES)).fetchall()) == 2


async def test_a_reading_within_another_sees_the_same_moment_and_its_own_guild(
    one: GuildBuilder, other: GuildBuilder
) -> None:
    pool = one.pool
    async with pool.snapshot() as conn:
        await conn.execute("select 1")
        await one.character("Later")
        async with pool.reading(one.guild_id) as guild:
            assert await _names(guild) == ["Mito"]
            async with pool.reading(other.guild_id) as further:
                assert further.conn is conn
                assert await _names(further) == ["Elrek"]
            async with pool.snapshot() as everywhere:
                assert await (await everywhere.execute(_NAMES)).fetchall() == [("Elrek",), ("Mito",)]
            assert await _names(guild) == ["Mito"]
        assert await (await conn.execute(_NAMES)).fetchall() == [("Elrek",), ("Mito",)]
    async with pool.reading(one.guild_id) as guild:
        assert await _names(guild) == ["Later", "Mito"]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await guild.run("delete from guild_identity.players")
        await guild.conn.rollback()


async def test_after_an_error_within_an_inner_reading_the_outer_one_says_what_went_wrong(
    one: GuildBuilder, other: GuildBuilder
) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with one.pool.reading(one.guild_id), one.pool.reading(other.guild_id) as further:
            await further.value("select 1 / 0")


async def test_binding_counts_as_little_as_the_beginning_of_the_transaction(one: GuildBuilder) -> None:
    with counting_statements() as reading:
        async with one.pool.reading(one.guild_id) as guild:
            await _names(guild)
    with counting_statements() as writing:
        async with one.pool.writing(one.guild_id) as guild:
            await _names(guild)
    assert (reading.statements, writing.statements) == (1, 2)


async def test_two_who_write_come_one_after_the_other_and_whoever_waits_for_too_long_is_told(
    one: GuildBuilder, other: GuildBuilder, brief: Pool
) -> None:
    async with one.pool.writing(one.guild_id):
        with pytest.raises(Busy, match="in progress"):
            async with brief.writing(one.guild_id):
                raise AssertionError("must not be given")
        async with brief.writing(one.guild_id, alone=False) as guild:
            assert await _names(guild) == ["Mito"]
        async with brief.writing(other.guild_id) as guild:
            assert await _names(guild) == ["Elrek"]
    async with brief.writing(one.guild_id):
        pass


async def test_whoever_waits_for_too_long_is_told_in_the_guilds_language(one: GuildBuilder, brief: Pool) -> None:
    await one.execute("update guild_identity.guilds set language = 'en-XA'")
    with speaking(ENGLISH):
        async with one.pool.writing(one.guild_id):
            speak(ENGLISH)
            with pytest.raises(Busy, match=r"^⟦Another change for this guild"):
                async with brief.writing(one.guild_id):
                    raise AssertionError("must not be given")


async def test_writing_in_a_guild_that_does_not_exist_is_refused(pool: Pool) -> None:
    with pytest.raises(NotFound, match="Guild 77 does not exist"):
        async with pool.writing(77):
            raise AssertionError("must not be given")


async def test_of_a_rehearsal_nothing_stays_and_it_is_bound_too(one: GuildBuilder, other: GuildBuilder) -> None:

    async def rehearsed(guild: GuildConnection) -> int:
        return await guild.run("delete from guild_identity.players")

    assert await one.pool.rehearse(one.guild_id, rehearsed) == 1
    assert await one.rows("select count(*) from guild_identity.players") == [(2,)]


@dataclass(frozen=True)
class _Character:
    id: int
    character_name: str


async def test_rows_are_what_they_are_asked_for_as(one: GuildBuilder, other: GuildBuilder) -> None:
    question = (
        "select id, character_name from guild_identity.wow_characters where guild_id = %(guild_id)s and level > %(l)s"
    )
    async with one.pool.reading(one.guild_id) as guild:
        found = await guild.all(_Character, question, l=1)
        assert [each.character_name for each in found] == ["Mito"]
        assert await guild.one(_Character, question, l=1) == found[0]
        assert await guild.one(_Character, question, l=199) is None
        assert await guild.value("select character_name from guild_identity.wow_characters") == "Mito"
        assert await guild.value("select 1 from guild_identity.wow_characters where false") is None


async def test_a_savepoint_undoes_its_own_block_alone(one: GuildBuilder) -> None:
    async with one.pool.writing(one.guild_id) as guild:
        await guild.run("update guild_identity.players set display_name = 'Kept'")
        with pytest.raises(psycopg.errors.CheckViolation):
            await _undone(guild)
    assert ("Kept",) in await one.rows("select display_name from guild_identity.players")


async def _undone(guild: GuildConnection) -> None:
    async with guild.savepoint():
        await guild.run("update guild_identity.players set display_name = 'Undone'")
        await guild.run("update guild_identity.players set display_name = ''")


@pytest.mark.own_database
async def test_a_login_that_may_not_act_as_the_role_is_told_what_to_do(one: GuildBuilder, database_url: str) -> None:
    await one.execute("create role stranger login bypassrls")
    await one.execute("grant usage on schema guild_identity to stranger")
    await one.execute("grant select on guild_identity.guilds to stranger")
    try:
        async with make_pool(database_url.replace("//postgres@", "//stranger@")) as pool:
            for opened in (pool.reading(one.guild_id), pool.writing(one.guild_id, alone=False)):
                with pytest.raises(ConfigurationError, match="grant patt_guild"):
                    async with opened:
                        raise AssertionError("must not be given")
    finally:
        await one.execute("drop owned by stranger")
        await one.execute("drop role stranger")


def _as_login(url: str, login: str) -> str:
    return url.replace("//postgres@", f"//{login}@")


def test_a_login_that_may_make_no_role_is_told_what_to_do_and_goes_on_once_it_is_done(
    server: embedded.EmbeddedServer,
) -> None:
    url = embedded.recreate_database(server, "managed")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create role tenant login")
        conn.execute("alter database managed owner to tenant")
    try:
        with pytest.raises(Exception, match="grant patt_guild to tenant"):
            migrate.upgrade(_as_login(url, "tenant"))
        assert migrate.current_revision(url) is None
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(f"grant {ROLE} to tenant")
        migrate.upgrade(_as_login(url, "tenant"))
        asyncio.run(_tenants_guilds_are_apart(_as_login(url, "tenant")))
    finally:
        embedded.drop_database(server, "managed")
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            conn.execute("drop role tenant")


async def _tenants_guilds_are_apart(url: str) -> None:
    """The login owns the tables and is no superuser: it sees all guilds, and bound to one only that."""
    async with make_pool(url) as pool:
        one = await GuildBuilder.create(pool)
        other = await GuildBuilder.create(pool, "Night Watch", "7001")
        await one.main("Mito")
        await other.main("Elrek")
        async with pool.installation() as conn:
            assert await (await conn.execute(_NAMES)).fetchall() == [("Elrek",), ("Mito",)]
        async with pool.writing(one.guild_id) as guild:
            assert await _names(guild) == ["Mito"]
