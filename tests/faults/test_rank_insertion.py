"""A rank is inserted in the game and shifts every index below it: no role is touched until an officer has confirmed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.installation import Installation
from faults.test_role_changes import OPEN, fix, held
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.roster import ranks
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.model import WorldMember

BATTLENET_FIRST, ADDON_FIRST = ("sync_battlenet", "upload"), ("upload", "sync_battlenet")


async def automate_roles(installation: Installation) -> None:
    """Let role fixes run automatically, as an officer may choose: the most that can go wrong."""
    await installation.rows(
        "insert into guild_identity.rule_settings (guild_id, issue_type, auto_mitigate, updated_by) "
        "values (%(guild)s, 'role_mismatch', true, 'bob') returning guild_id",
        {"guild": installation.guild_id},
    )
    await confirm_all(installation)


async def confirm_all(installation: Installation) -> None:
    """Let an officer stand for every link: automation changes roles over no other."""
    await installation.rows(
        "update guild_identity.player_characters set link_source = 'manual', basis = 'officer', confirmed_by = 'alice', "
        "confirmed_at = now() returning 1"
    )
    await installation.rows(
        "update guild_identity.players set discord_basis = 'officer', discord_confirmed_by = 'alice', "
        "discord_confirmed_at = now() where discord_user_id is not null returning 1"
    )


async def confirm(installation: Installation) -> int:
    async with installation.pool.writing(installation.guild_id, alone=False) as guild:
        return await ranks.confirm_names(guild)


async def sync_all(installation: Installation, order: tuple[str, ...]) -> None:
    for source in (*order, "sync_discord"):
        await getattr(installation, source)()


def an_officer(installation: Installation) -> WorldMember:
    """The member of a player whose highest rank is Officer."""
    officer = installation.world.role_named("Officer")
    for person in installation.world.people:
        if person.member and installation.world.correct_role(person) is officer:
            return person.member
    raise LookupError("this world has no officers")


def untouched(installation: Installation) -> bool:
    """Whether no member was given or deprived of a role, nor was it tried."""
    calls = installation.simulator.calls
    return installation.world.audit_log == [] and calls["add_role"] + calls["remove_role"] == 0


async def wrongly_mapped(installation: Installation) -> list[str]:
    """Ranks that map to another role than they should; of a rank without members, none is right too."""
    world = installation.world
    held_ranks = {character.rank for character in world.characters}
    async with installation.pool.writing(installation.guild_id, alone=False) as guild:
        table = {rank.wow_rank_index: rank for rank in await ranks.all_ranks(guild)}
    wrong = []
    for index, name in enumerate(world.rank_names):
        role = world.rank_roles.get(index)
        right = {role and role.role_id} | (set() if index in held_ranks else {None})
        if index in table and table[index].discord_role_id not in right:
            wrong.append(f"{index} {name}: {table[index].discord_role_name}")
    return wrong


BOTH_ORDERS = pytest.mark.parametrize("order", [BATTLENET_FIRST, ADDON_FIRST], ids=["battlenet first", "addon first"])


@BOTH_ORDERS
@pytest.mark.parametrize("rank", [1, 2, 4])
async def test_an_inserted_rank_touches_no_role_until_it_is_confirmed_and_then_everything_is_right(
    installed: Installation, order: tuple[str, ...], rank: int
) -> None:
    await automate_roles(installed)
    installed.world.insert_rank(rank, "Warlord")
    for source in (*order, "sync_discord", *order):
        report = await getattr(installed, source)()
        assert (untouched(installed), await installed.rows(OPEN)) == (True, [(0,)]), source
    assert report.check is not None
    assert "The ranks changed in the game" in " ".join(report.check.errors)
    assert await confirm(installed) > 0
    await sync_all(installed, order)
    assert (await installed.rows(OPEN), untouched(installed)) == ([(0,)], True)
    assert await wrongly_mapped(installed) == []


@BOTH_ORDERS
async def test_a_rank_inserted_above_the_lowest_leaves_that_without_a_role_until_it_is_confirmed(
    installed: Installation, order: tuple[str, ...]
) -> None:
    await automate_roles(installed)
    installed.world.insert_rank(6, "Warlord")
    await sync_all(installed, order)
    assert (untouched(installed), await installed.rows(OPEN)) == (True, [(0,)])
    await confirm(installed)
    await sync_all(installed, order)
    assert (untouched(installed), await installed.rows(OPEN)) == (True, [(0,)])
    assert await wrongly_mapped(installed) == []


async def test_after_it_is_confirmed_roles_are_corrected_as_before(installed: Installation) -> None:
    await automate_roles(installed)
    installed.world.insert_rank(1, "Warlord")
    await sync_all(installed, ADDON_FIRST)
    await confirm(installed)
    member = an_officer(installed)
    installed.world.set_discord_roles(member, [installed.world.role_named("Member")])
    await installed.sync_discord()
    assert held(installed, member) == ["Officer"]


async def test_a_mismatch_that_was_open_before_stays_open_and_cannot_be_fixed_meanwhile(
    installed: Installation,
) -> None:
    member = an_officer(installed)
    installed.world.set_discord_roles(member, [installed.world.role_named("Member")])
    await installed.sync_discord()
    installed.world.insert_rank(1, "Warlord")
    await installed.sync_battlenet()
    with pytest.raises(Refused, match="changed rank together"):
        await fix(installed)
    assert (await installed.rows(OPEN), untouched(installed)) == ([(1,)], True)
    await installed.upload()
    await confirm(installed)
    assert [result.outcome for result in await fix(installed)] == [FixOutcome.FIXED]
    assert held(installed, member) == ["Officer"]


async def test_a_rank_that_has_no_role_on_purpose_keeps_that_under_its_new_number(installed: Installation) -> None:
    async with installed.pool.writing(installed.guild_id, alone=False) as guild:
        await ranks.leave_without_role(guild, 4)
    await sync_all(installed, BATTLENET_FIRST)
    installed.world.insert_rank(1, "Warlord")
    await sync_all(installed, BATTLENET_FIRST)
    await confirm(installed)
    async with installed.pool.writing(installed.guild_id, alone=False) as here:
        table = {rank.wow_rank_index: rank for rank in await ranks.all_ranks(here)}
    assert (table[5].name, table[5].is_without_role, table[4].is_without_role) == ("Member", True, False)


async def test_confirming_before_battle_net_shows_the_new_ranks_is_refused(installed: Installation) -> None:
    await automate_roles(installed)
    installed.world.insert_rank(1, "Warlord")
    await installed.upload()
    with pytest.raises(Refused, match="Sync Battle"):
        await confirm(installed)
    await installed.sync_discord()
    assert untouched(installed)
    await installed.sync_battlenet()
    assert await confirm(installed) > 0
    await installed.sync_discord()
    assert (await installed.rows(OPEN), untouched(installed)) == ([(0,)], True)


async def test_without_the_addon_an_officer_maps_the_ranks_anew_and_confirms(installed: Installation) -> None:
    await automate_roles(installed)
    world = installed.world
    world.insert_rank(1, "Warlord")
    await installed.sync_battlenet()
    async with installed.pool.writing(installed.guild_id, alone=False) as guild:
        await ranks.leave_without_role(guild, 1)
        for index in range(2, len(world.rank_names)):
            role = world.rank_roles[index]
            await ranks.map_to_role(guild, index, role.role_id, role.name, is_managed=True)
    await installed.sync_discord()
    assert untouched(installed)
    assert await confirm(installed) == 0
    await installed.sync_discord()
    assert (await installed.rows(OPEN), untouched(installed)) == ([(0,)], True)
    member = an_officer(installed)
    world.set_discord_roles(member, [])
    await installed.sync_discord()
    assert held(installed, member) == ["Officer"]


def remove(world: GuildWorld) -> None:
    world.remove_rank(3)


def rename(world: GuildWorld) -> None:
    world.rank_names[1] = "Council"


@BOTH_ORDERS
@pytest.mark.parametrize("change", [remove, rename])
async def test_a_rank_that_is_removed_or_renamed_is_held_too(
    installed: Installation, order: tuple[str, ...], change: Callable[[GuildWorld], None]
) -> None:
    await automate_roles(installed)
    change(installed.world)
    for source in (*order, "sync_discord"):
        await getattr(installed, source)()
        assert untouched(installed), source
    await confirm(installed)
    await sync_all(installed, order)
    assert (await installed.rows(OPEN), untouched(installed)) == ([(0,)], True)
    assert await wrongly_mapped(installed) == []


async def test_promotions_one_by_one_are_no_new_ranks(installed: Installation) -> None:
    await automate_roles(installed)
    world = installed.world
    officers = [person for person in world.people if person.highest_rank == 1]
    for officer in officers:
        world.set_rank(officer.main, 3)
        for alt in officer.alts:
            world.set_rank(alt, 5)
        await installed.sync_battlenet()
    assert len(officers) == 3
    assert all(world.role_named("Raider").role_id in officer.member.role_ids for officer in officers if officer.member)


async def test_a_rank_that_everybody_was_promoted_out_of_is_compared_again_after_the_next_export(
    installed: Installation,
) -> None:
    await automate_roles(installed)
    world = installed.world
    officers = [person for person in world.people if person.highest_rank == 1]
    for officer in officers:
        world.set_rank(officer.main, 4)
    await installed.sync_battlenet()
    assert untouched(installed)
    await installed.upload()
    assert all(world.role_named("Member").role_id in officer.member.role_ids for officer in officers if officer.member)
