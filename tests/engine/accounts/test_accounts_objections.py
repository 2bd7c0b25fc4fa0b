"""An objection is about the account: what it covers, what it shows, and how it ends."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thoroughness
from engine.accounts.comparing import SECRET, ComparingGuild
from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.accounts import evidence
from sv_common.guild_sync.accounts.objections import Objected, attach_again, set_objection
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.insights.person import character_page

_COVERED = "select character_id from guild_identity.account_objections where guild_id = %(guild)s"
_ROWS = "select * from guild_identity.account_objections order by key"


class Objecting(GuildBuilder):
    """A guild whose characters have numbers at Battle.net and profiles, so that all of them can be read."""

    async def one(self, name: str, player: int | None = None) -> int:
        number = await self.character(name)
        await self.execute(
            "update guild_identity.wow_characters set blizzard_realm_id = 1, blizzard_character_id = 5000 + id where id = %(id)s",
            {"id": number},
        )
        await self.execute(
            "insert into guild_identity.character_profiles (guild_id, character_id, requested_at, fetched_at) "
            "values (%(guild)s, %(id)s, now(), now())",
            {"id": number},
        )
        if player is not None:
            await self.link(number, player)
        return number

    async def objects(self, number: int, *, objects: bool = True, secret: InstallationSecret = SECRET) -> Objected:
        return await set_objection(self.pool, secret, number, objects=objects, actor="alice", guild_id=self.guild_id)

    async def kept(self) -> set[int]:
        """The characters of which something is kept."""
        return {row[0] for row in await self.rows("select character_id from guild_identity.account_evidence")}

    async def due(self) -> set[int]:
        """The characters that would be read if nothing were kept."""
        async with self.pool.writing(self.guild_id) as here:
            await here.run("delete from guild_identity.account_evidence where guild_id = %(guild_id)s")
            found = {each.id for each in await evidence.due(here, most=1000)}
            await here.conn.rollback()
        return found

    async def shown(self, number: int) -> bool:
        async with self.pool.reading(self.guild_id) as here:
            return (await character_page(here, number)).character.objects


@pytest.fixture
async def lamp(pool: Pool) -> Objecting:
    made = await GuildBuilder.create(pool)
    return Objecting(made.pool, made.guild_id, made.discord_guild_id)


async def test_characters_of_the_account_without_an_owner_are_covered_and_nothing_links_or_shows_them(
    lamp: Objecting,
) -> None:
    mito = await lamp.player("Mito")
    main, alone, stranger = await lamp.one("Mito", mito), await lamp.one("Ilmarin"), await lamp.one("Elrek")
    await lamp.account(main, alone)
    await lamp.account(stranger)
    done = await lamp.objects(main)
    assert done.sentence == (
        "2 characters of this player and account are not compared any more, and what was read for them is erased."
    )
    assert await lamp.kept() == {stranger}
    assert await lamp.due() == {stranger}
    assert await lamp.rows("select character_id from guild_identity.player_characters") == [(main,)]
    assert [await lamp.shown(each) for each in (main, alone)] == [True, False]
    with pytest.raises(Refused, match="has not objected"):
        await lamp.objects(alone, objects=False)
    assert (await lamp.objects(main, objects=False)).sentence == "2 characters may be compared again."
    assert await lamp.due() == {main, alone, stranger}
    assert await lamp.rows(_ROWS) == []


async def test_only_who_has_the_secret_can_tell_that_they_belong_together(lamp: Objecting) -> None:
    numbers = [await lamp.one(name) for name in ("Mito", "Ilmarin", "Altrek", "Velquin")]
    await lamp.account(*numbers[:3])
    await lamp.objects(numbers[0])
    await lamp.objects(numbers[3])
    rows = [dict(row[0]) for row in await lamp.rows("select to_jsonb(o) from guild_identity.account_objections o")]
    assert len(rows) == 4
    telling = [name for name in rows[0] if name not in ("guild_id", "objected_by")]
    for name in telling:
        values = Counter(row[name] for row in rows if row[name] is not None)
        assert name == "created_at" or max(values.values()) == 1, name
    assert {row["created_at"][11:19] for row in rows} == {"00:00:00"}
    other = InstallationSecret("another secret of some installation, long too")
    await lamp.objects(numbers[0], objects=False, secret=other)
    assert len(await lamp.rows(_ROWS)) == 3


async def test_an_objection_covers_all_who_play_on_a_shared_account_but_no_other_account_of_theirs(
    lamp: Objecting,
) -> None:
    mito, vera = await lamp.player("Mito"), await lamp.player("Vera")
    his, hers, elsewhere = await lamp.one("Mito", mito), await lamp.one("Vera", vera), await lamp.one("Velquin", vera)
    await lamp.account(his, hers, is_shared=True)
    await lamp.account(elsewhere)
    await lamp.objects(his)
    assert (await lamp.kept(), await lamp.due()) == ({elsewhere}, {elsewhere})
    await lamp.objects(hers)
    assert (await lamp.kept(), await lamp.due()) == (set(), set())
    await lamp.objects(his, objects=False)
    assert await lamp.due() == {his}  # she has objected herself meanwhile
    await lamp.objects(hers, objects=False)
    assert await lamp.due() == {his, hers, elsewhere}


async def test_a_character_that_joins_later_is_covered_as_soon_as_it_is_the_players(lamp: Objecting) -> None:
    mito = await lamp.player("Mito")
    main = await lamp.one("Mito", mito)
    await lamp.account(main)
    await lamp.objects(main)
    late = await lamp.one("Late")
    await lamp.account(late)
    await attach_again(lamp.pool, SECRET, guild_id=lamp.guild_id)
    assert await lamp.kept() == {late}  # nothing is known that could tell whose it is
    await lamp.link(late, mito)
    await attach_again(lamp.pool, SECRET, guild_id=lamp.guild_id)
    assert (await lamp.kept(), await lamp.due()) == (set(), set())


async def test_an_answer_that_was_on_its_way_is_not_kept(guild: ComparingGuild) -> None:
    """Pets were asked for before the player objected, and the answer comes after that."""
    await guild.compare()
    siblings = guild.siblings()
    ((number,),) = await guild.rows(
        "select id from guild_identity.wow_characters where character_name = %(name)s", {"name": siblings[0].name}
    )
    async with guild.pool.reading(guild.guild_id) as here:
        known = await evidence.read_all(here)
    await set_objection(guild.pool, SECRET, number, objects=True, actor="alice", guild_id=guild.guild_id)
    async with guild.pool.writing(guild.guild_id) as here:
        await evidence.write(here, known)
        kept = await evidence.read_all(here)
    assert len(kept) == len(known) - len(siblings)


async def test_a_covered_character_that_was_erased_is_found_when_it_comes_back(lamp: Objecting) -> None:
    main, alone = await lamp.one("Mito"), await lamp.one("Ilmarin")
    await lamp.account(main, alone)
    await lamp.objects(main)
    await lamp.execute("delete from guild_identity.wow_characters where id = %(id)s", {"id": alone})
    again = await lamp.one("Ilmarin")
    await lamp.execute(
        "update guild_identity.wow_characters set blizzard_character_id = 5000 + %(id)s where id = %(again)s",
        {"id": alone, "again": again},
    )
    await lamp.account(again)
    await attach_again(lamp.pool, SECRET, guild_id=lamp.guild_id)
    assert (await lamp.kept(), await lamp.due()) == (set(), set())
    await lamp.objects(main, objects=False)
    assert await lamp.due() == {main, again}


_SIZE = 6
_Said = tuple[int, bool]


@given(
    accounts=st.lists(st.integers(0, 2), min_size=_SIZE, max_size=_SIZE),
    players=st.lists(st.sampled_from((None, 0, 1, 2)), min_size=_SIZE, max_size=_SIZE),
    said=st.lists(st.tuples(st.integers(0, _SIZE - 1), st.booleans()), max_size=5),
)
@settings(
    max_examples=thoroughness.examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_whatever_is_said_in_whatever_order_what_is_covered_is_neither_kept_nor_read_and_every_end_is_whole(
    pool: Pool, accounts: Sequence[int], players: Sequence[int | None], said: Sequence[_Said]
) -> None:
    made = await GuildBuilder.create(pool, f"Guild {_fresh()}", str(900_000 + _fresh()))
    lamp = Objecting(made.pool, made.guild_id, made.discord_guild_id)
    people = [await lamp.player(name) for name in ("Mito", "Vera", "Wulf")]
    numbers = [
        await lamp.one(f"Char{'abcdef'[place]}", None if owner is None else people[owner])
        for place, owner in enumerate(players)
    ]
    members: dict[int, list[int]] = defaultdict(list)
    for number, account in zip(numbers, accounts, strict=True):
        members[account].append(number)
    for each in members.values():
        if len(each) > 1:
            await lamp.account(*each)
    links = await lamp.rows("select character_id, player_id from guild_identity.player_characters order by 1")
    for place, objects in said:
        await _say(lamp, numbers[place], objects=objects)
        covered = {row[0] for row in await lamp.rows(_COVERED)}
        assert not covered & await lamp.kept()
        assert not covered & await lamp.due()
        if objects:
            owner = players[place]
            own = {n for n, each in zip(numbers, players, strict=True) if each == owner} if owner is not None else set()
            assert {numbers[place], *own} <= covered
    for number in numbers:
        await _say(lamp, number, objects=False)
    assert await lamp.rows("select * from guild_identity.account_objections where guild_id = %(guild)s") == []
    assert await lamp.rows("select character_id, player_id from guild_identity.player_characters order by 1") == links


async def _say(lamp: Objecting, number: int, *, objects: bool) -> None:
    try:
        await lamp.objects(number, objects=objects)
    except Refused:
        assert not objects


_made = iter(range(10**6))


def _fresh() -> Any:
    return next(_made)
