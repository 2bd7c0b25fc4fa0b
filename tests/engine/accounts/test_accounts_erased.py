"""When what was read of pets is erased: at once by Battle.net's rules and on anybody's word, and after 28 days in any case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from engine.accounts.comparing import SECRET, ComparingGuild
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.accounts.evidence import KEPT, REFUSED_AFTER
from sv_common.guild_sync.accounts.objections import Objected, set_objection
from sv_common.guild_sync.core.errors import ConfigurationError, Refused
from sv_common.guild_sync.db_sync import erase_expired_profiles
from sv_common.guild_sync.settings.requests import AccountsRequest, UndoRequest
from sv_common.guild_sync.settings.service import preview_setting, save_setting
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient

OLD_ENOUGH = 26


async def kept_of(guild: ComparingGuild, character: WorldCharacter) -> list[bool]:
    """Whether anything is kept that was read for a character."""
    return [is_kept for name, _, is_kept, _ in await guild.evidence() if name == character.name]


async def test_a_refusal_erases_what_was_read_and_is_tried_again_after_a_week(guild: ComparingGuild) -> None:
    await guild.compare()
    account = guild.world.account_of(guild.siblings()[0])
    account.is_hidden = True
    await guild.age(OLD_ENOUGH)
    report = await guild.compare()
    assert report.counts["refused"] == len(guild.siblings())
    assert all([await kept_of(guild, each) == [False] for each in guild.siblings()])
    assert await guild.groups() == guild.true_groups
    account.is_hidden = False
    assert (await guild.compare()).counts["read"] == 0
    await guild.age(REFUSED_AFTER.days * 1.01)
    assert (await guild.compare()).counts["read"] == len(guild.siblings())
    assert await guild.groups() == guild.true_groups


@pytest.mark.parametrize("is_valid", [True, False])
async def test_a_profile_that_is_shown_no_longer_erases_it_at_once(guild: ComparingGuild, is_valid: bool) -> None:
    await guild.compare()
    gone = guild.siblings()[0]
    gone.is_valid, gone.has_profile = is_valid, not is_valid
    await guild.refresh()
    assert await kept_of(guild, gone) == [False]


async def test_another_character_of_the_same_name_erases_it(guild: ComparingGuild) -> None:
    await guild.compare()
    gone = guild.siblings()[0]
    gone.character_id += 1
    await guild.refresh()
    assert await kept_of(guild, gone) == [False]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_profile_that_cannot_be_read_erases_nothing(guild: ComparingGuild, status: int) -> None:
    await guild.compare()
    before = await guild.evidence()
    guild.simulator.faults.status("profile", status, times=None)
    await guild.refresh()
    assert await guild.evidence() == before


async def test_a_character_that_leaves_leaves_nothing(guild: ComparingGuild) -> None:
    await guild.compare()
    gone = guild.siblings()[0]
    guild.world.leave(gone)
    await guild.roster()
    assert await kept_of(guild, gone) == []
    assert await guild.groups() == guild.true_groups


async def test_what_is_not_read_again_for_28_days_is_erased_by_the_sweep(guild: ComparingGuild) -> None:
    await guild.compare()
    await guild.age(KEPT.days - 0.1)
    await erase_expired_profiles(guild.pool, guild_id=guild.guild_id)
    assert all(is_kept for *_, is_kept, _ in await guild.evidence())
    await guild.age(0.2)
    await erase_expired_profiles(guild.pool, guild_id=guild.guild_id)
    assert not any(is_kept for *_, is_kept, _ in await guild.evidence())
    assert await guild.groups() == set()


async def test_what_a_wrong_clock_wrote_counts_as_too_old(guild: ComparingGuild) -> None:
    await guild.compare()
    await guild.age(-400)
    await erase_expired_profiles(guild.pool, guild_id=guild.guild_id)
    assert await guild.groups() == set()
    assert (await guild.compare()).counts["read"] == len(guild.world.characters)


async def test_switching_it_off_erases_everything_and_the_key_with_it(guild: ComparingGuild) -> None:
    await guild.compare()
    async with guild.pool.reading(guild.guild_id) as here:
        before = await switch.evidence_key(here, SECRET, "us")
    saved = await save_setting(
        guild.pool, AccountsRequest("off"), actor="alice", guild_id=guild.guild_id, secret=SECRET
    )
    assert (await guild.evidence(), await guild.rows("select salt from guild_identity.account_settings")) == (
        [],
        [(None,)],
    )
    assert saved.differences[0].sentence == "Account evidence: suggest the owner → off"
    assert saved.change_id is not None
    await save_setting(guild.pool, UndoRequest(saved.change_id), actor="alice", guild_id=guild.guild_id, secret=SECRET)
    assert await guild.evidence() == [], "undoing it reads anew, and brings nothing back"
    async with guild.pool.reading(guild.guild_id) as here:
        after = await switch.evidence_key(here, SECRET, "us")
    assert before is not None
    assert after is not None
    assert before.key != after.key
    await guild.compare()
    assert await guild.groups() == guild.true_groups


async def test_changing_what_is_done_keeps_what_was_read(guild: ComparingGuild) -> None:
    await guild.compare()
    before = await guild.evidence()
    request = AccountsRequest("automatic")
    await save_setting(guild.pool, request, actor="alice", guild_id=guild.guild_id, secret=SECRET)
    assert await guild.evidence() == before
    assert (await guild.compare()).counts["read"] == 0


async def test_without_a_secret_it_cannot_be_switched_on(guild: ComparingGuild) -> None:
    request = AccountsRequest("automatic")
    with pytest.raises(ConfigurationError, match="PATT_INSTALLATION_SECRET"):
        await preview_setting(guild.pool, request, guild_id=guild.guild_id)
    with pytest.raises(ConfigurationError, match="PATT_INSTALLATION_SECRET"):
        await save_setting(guild.pool, request, actor="alice", guild_id=guild.guild_id)
    assert (await guild.now()).mode == "suggest"


async def test_an_objection_is_read_for_no_character_of_the_player(guild: ComparingGuild) -> None:
    await guild.compare()
    assert await guild.rows("select salt from guild_identity.account_settings") != [(None,)]
    siblings = guild.siblings()
    done = await object_to(guild, siblings[0])
    assert done.sentence == (
        f"{len(siblings)} characters of this player and account are not compared any more, "
        "and what was read for them is erased."
    )
    assert [await kept_of(guild, each) for each in siblings] == [[]] * len(siblings)
    await guild.rows("delete from guild_identity.account_evidence returning 1")
    report = await guild.compare()
    assert report.counts["read"] == len(guild.world.characters) - len(siblings)
    assert [await kept_of(guild, each) for each in siblings] == [[]] * len(siblings)


async def object_to(guild: ComparingGuild, character: WorldCharacter, *, objects: bool = True) -> Objected:
    """Let the player of a character object, or no longer."""
    ((number,),) = await guild.rows(
        "select id from guild_identity.wow_characters where character_name = %(name)s", {"name": character.name}
    )
    return await set_objection(guild.pool, SECRET, number, objects=objects, actor="alice", guild_id=guild.guild_id)


async def test_an_objection_outlives_erasing_and_finds_the_character_that_comes_back(guild: ComparingGuild) -> None:
    objecting = guild.siblings()[0]
    await object_to(guild, objecting)
    await guild.rows(
        "delete from guild_identity.wow_characters where character_name = %(name)s returning 1",
        {"name": objecting.name},
    )
    ((kept,),) = await guild.rows("select to_jsonb(o) - 'created_at' from guild_identity.account_objections o")
    assert {name for name, value in kept.items() if value is not None} == {"guild_id", "key", "objected_by"}
    assert objecting.name not in str(kept)
    await guild.roster()
    await guild.refresh()
    await guild.compare()
    assert await kept_of(guild, objecting) == []
    assert (await guild.now()).objecting == 1


async def test_an_objection_on_a_shared_account_leaves_the_other_account_of_who_plays_on_it(
    guild: ComparingGuild,
) -> None:
    """It covers the character on the shared account alone. The other one is read once, and kept."""
    await guild.compare()
    objecting, shared = guild.siblings()[:2]
    elsewhere = next(each for each in guild.world.characters if each not in guild.siblings())
    await guild.play("Vera", shared, elsewhere)
    await guild.play("Mito", objecting)
    await object_to(guild, objecting)
    await guild.rows("delete from guild_identity.account_evidence returning 1")
    assert (await guild.compare()).counts["read"] == len(guild.world.characters) - len(guild.siblings())
    assert (await kept_of(guild, objecting), await kept_of(guild, shared)) == ([], [])
    assert await kept_of(guild, elsewhere) == [True]
    assert (await guild.compare()).counts["read"] == 0


def meanwhile(guild: ComparingGuild, happens: Callable[[], Awaitable[object]]) -> None:
    """Let something happen while Battle.net answers."""

    class Slow(BattleNetClient):
        async def fetch_pets(self, *args: Any) -> Any:
            await happens()
            return await BattleNetClient.fetch_pets(self, *args)

    guild.source.__class__ = Slow


async def test_an_objection_while_battle_net_answers_holds_for_the_answer(guild: ComparingGuild) -> None:
    objecting = guild.siblings()[0]
    meanwhile(guild, lambda: object_to(guild, objecting))
    assert (await guild.compare()).counts["read"] == len(guild.world.characters)
    assert await kept_of(guild, objecting) == []
    assert objecting.name not in str(await guild.groups())


@pytest.mark.parametrize("modes", [("off",), ("off", "suggest")])
async def test_what_was_requested_before_it_was_switched_off_is_not_kept(
    guild: ComparingGuild, modes: Sequence[switch.Mode]
) -> None:
    async def switched() -> None:
        for mode in modes:
            await guild.switch(mode)

    meanwhile(guild, switched)
    await guild.compare()
    assert await guild.evidence() == []


async def test_a_player_who_objects_no_longer_is_compared_again(guild: ComparingGuild) -> None:
    objecting = guild.siblings()[0]
    with pytest.raises(Refused, match="has not objected"):
        await object_to(guild, objecting, objects=False)
    await object_to(guild, objecting)
    assert (await object_to(guild, objecting, objects=False)).sentence == "1 character may be compared again."
    await guild.compare()
    assert await kept_of(guild, objecting) != []


async def test_an_objection_needs_the_secret_of_the_installation(guild: ComparingGuild) -> None:
    ((number,),) = await guild.rows("select min(id) from guild_identity.wow_characters")
    with pytest.raises(ConfigurationError, match="PATT_INSTALLATION_SECRET"):
        await set_objection(guild.pool, None, number, objects=True, actor="alice", guild_id=guild.guild_id)
