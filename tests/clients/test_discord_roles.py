"""Changing roles through the real client, on a server that refuses what Discord refuses."""

from collections.abc import Callable, Sequence

import httpx2
import pytest

from clients.conftest import Net
from sv_common.guild_sync.changes.changeset import RoleChange
from sv_common.guild_sync.changes.roles import (
    Member,
    MemberGone,
    Obstacle,
    RoleOutcome,
    RoleRun,
    still_to_do,
    to_put_back,
)
from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.model import AuditEntry, WorldMember
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.permissions import Permission
from sv_common.guild_sync.sources.http import Timing

REASON = "PATT, bob: Zoë is Officer"


@pytest.fixture
def alice(world: GuildWorld) -> WorldMember:
    return world.discord_join("alice", roles=[world.role_named("Raider"), world.role_named("Book Club")])


@pytest.fixture
def run(net: Net) -> RoleRun:
    return RoleRun(net.discord)


def known(world: GuildWorld, member: WorldMember) -> Member:
    return Member(7, member.user_id, world.discord_guild_id)


def give(world: GuildWorld, name: str) -> RoleChange:
    return RoleChange(7, world.role_named(name).role_id, True, "alice", name)


def take(world: GuildWorld, name: str) -> RoleChange:
    return RoleChange(7, world.role_named(name).role_id, False, "alice", name)


async def promote(run: RoleRun, world: GuildWorld, member: WorldMember) -> RoleOutcome:
    """Make a Raider an Officer, by a plan that names the taking first."""
    return await carry_out(run, world, member, (take(world, "Raider"), give(world, "Officer")))


async def carry_out(run: RoleRun, world: GuildWorld, member: WorldMember, plan: Sequence[RoleChange]) -> RoleOutcome:
    address = known(world, member)
    roles = still_to_do(plan, await run.look(address))
    await run.check(address, roles)
    return await run.make(address, roles, reason=REASON)


async def put_back(run: RoleRun, world: GuildWorld, member: WorldMember, outcome: RoleOutcome) -> RoleOutcome:
    address = known(world, member)
    roles = to_put_back(outcome.changes, await run.look(address))
    await run.check(address, roles)
    return await run.make(address, roles, reason="undo")


def held(world: GuildWorld, member: WorldMember) -> list[str]:
    return sorted(role.name for role in world.roles if role.role_id in member.role_ids)


def changes(simulator: GuildSimulator) -> int:
    return simulator.calls["add_role"] + simulator.calls["remove_role"]


async def test_the_bots_standing_is_told_by_discord(net: Net) -> None:
    authority = await net.discord.fetch_authority(net.world.discord_guild_id)
    assert authority.top_role is not None
    assert (authority.top_role.name, authority.may_manage_roles) == ("PATT", True)
    assert set(authority.roles) == {role.role_id for role in net.world.roles}
    assert authority.obstacle(net.world.role_named("Guild Master").role_id) is None


@pytest.mark.parametrize(
    ("own", "everyones", "may"),
    [
        (Permission.MANAGE_ROLES, 0, True),
        (Permission.ADMINISTRATOR, 0, True),
        (0, Permission.MANAGE_ROLES, True),
        (1 << 50, 1 << 49, False),
    ],
)
async def test_a_permission_comes_from_any_role_that_the_bot_holds_and_from_everyones(
    net: Net, own: int, everyones: int, may: bool
) -> None:
    net.world.role_named("PATT").permissions = own
    net.world.role_named("@everyone").permissions = everyones
    assert (await net.discord.fetch_authority(net.world.discord_guild_id)).may_manage_roles is may


async def test_who_the_bot_is_is_asked_once(net: Net) -> None:
    for _ in range(3):
        await net.discord.fetch_authority(net.world.discord_guild_id)
    assert net.calls["me"] == 1


async def test_a_bot_that_is_not_on_the_server_is_to_be_invited(net: Net) -> None:
    net.world.members.remove(net.world.bot)
    with pytest.raises(SourceDenied, match="Invite it with the permission Manage Roles"):
        await net.discord.fetch_authority(net.world.discord_guild_id)


@pytest.mark.parametrize("permissions", [None, 8, "many"])
async def test_permissions_that_cannot_be_read_are_malformed(net: Net, permissions: object) -> None:
    everyone = {"id": net.world.discord_guild_id, "name": "@everyone", "position": 0, "permissions": "0"}
    role = {"id": net.world.bot.role_ids[0], "name": "PATT", "position": 1, "permissions": permissions}
    net.faults.json("roles", [everyone, role])
    with pytest.raises(SourceMalformed, match=r"\.permissions"):
        await net.discord.fetch_authority(net.world.discord_guild_id)


async def test_a_list_of_roles_that_lacks_everyones_says_nothing_about_what_the_bot_may_do(net: Net) -> None:
    net.faults.json("roles", [])
    with pytest.raises(SourceMalformed, match="a list with the role @everyone in it"):
        await net.discord.fetch_authority(net.world.discord_guild_id)


async def test_the_right_role_is_given_before_the_wrong_one_is_taken_with_a_reason(
    net: Net, run: RoleRun, alice: WorldMember
) -> None:
    outcome = await promote(run, net.world, alice)
    officer, raider = net.world.role_named("Officer").role_id, net.world.role_named("Raider").role_id
    assert (outcome.error, outcome.is_unverified) == (None, False)
    assert outcome.roles == sorted(alice.role_ids)
    assert held(net.world, alice) == ["Book Club", "Officer"]
    assert net.world.audit_log == [
        AuditEntry("add", alice.user_id, officer, REASON),
        AuditEntry("remove", alice.user_id, raider, REASON),
    ]
    assert outcome.changes == [RoleChange(7, officer, True), RoleChange(7, raider, False)]


def gone(world: GuildWorld) -> None:
    world.roles.remove(world.role_named("Raider"))


def of_an_integration(world: GuildWorld) -> None:
    world.role_named("Raider").managed = True


def above_the_bot(world: GuildWorld) -> None:
    world.role_named("Raider").position = 99


def beside_the_bot(world: GuildWorld) -> None:
    raider, own = world.role_named("Raider"), world.role_named("PATT")
    raider.position = own.position
    assert int(raider.role_id) < int(own.role_id)


def without_permission(world: GuildWorld) -> None:
    world.role_named("PATT").permissions = 0


def without_any_role(world: GuildWorld) -> None:
    world.bot.role_ids = []
    world.role_named("@everyone").permissions = Permission.MANAGE_ROLES


ABOVE = "Move the bot's role above 'Raider' in Server Settings → Roles."


@pytest.mark.parametrize(
    ("obstruct", "remedy"),
    [
        (gone, "The role 'Raider' no longer exists on the Discord server. Map the rank to another role."),
        (of_an_integration, "on behalf of an integration; no bot can. Map the rank to another role."),
        (above_the_bot, ABOVE),
        (beside_the_bot, ABOVE),
        (without_permission, "Switch Manage Roles on for the role 'PATT' in Server Settings → Roles."),
        (without_any_role, "Give the bot a role with the permission Manage Roles, above 'Officer'"),
    ],
)
async def test_each_obstacle_is_named_with_its_remedy_before_anything_is_changed(
    net: Net, run: RoleRun, alice: WorldMember, obstruct: Callable[[GuildWorld], None], remedy: str
) -> None:
    plan = (give(net.world, "Officer"), take(net.world, "Raider"))
    obstruct(net.world)
    with pytest.raises(Obstacle) as refusal:
        await carry_out(run, net.world, alice, plan)
    assert remedy in str(refusal.value)
    assert changes(net.simulator) == 0


async def test_everyones_role_cannot_be_given(net: Net, run: RoleRun, alice: WorldMember) -> None:
    plan = (give(net.world, "@everyone"),)
    with pytest.raises(Obstacle, match="Every member has '@everyone'"):
        await carry_out(run, net.world, alice, plan)


async def test_what_is_already_so_is_neither_checked_nor_done(net: Net, run: RoleRun, alice: WorldMember) -> None:
    without_permission(net.world)
    plan = (give(net.world, "Raider"), take(net.world, "Officer"))
    outcome = await carry_out(run, net.world, alice, plan)
    assert (outcome.error, outcome.changes, net.calls["roles"], changes(net.simulator)) == (None, [], 0, 0)


async def test_the_bots_standing_is_asked_once_for_many_members(net: Net, run: RoleRun) -> None:
    members = [net.world.discord_join(f"m{number}", roles=[net.world.role_named("Raider")]) for number in range(5)]
    for member in members:
        assert (await promote(run, net.world, member)).error is None
    assert (net.calls["roles"], net.calls["me"]) == (1, 1)


async def test_a_change_that_discord_confirms_and_does_not_show_is_no_success(
    net: Net, run: RoleRun, alice: WorldMember
) -> None:
    net.faults.empty("add_role", 204)
    outcome = await promote(run, net.world, alice)
    assert "'Officer' was given to alice, but the member does not have the role" in (outcome.error or "")
    assert (outcome.roles, outcome.is_unverified) == (sorted(alice.role_ids), False)


async def test_a_role_that_discord_refuses_all_the_same_is_not_tried_on_the_next_member(
    net: Net, run: RoleRun, alice: WorldMember
) -> None:
    bob = net.world.discord_join("bob", roles=[net.world.role_named("Raider")])
    net.faults.json("add_role", {"message": "Missing Permissions", "code": 50013}, 403, times=None)
    first = await promote(run, net.world, alice)
    assert "Move the bot's role above 'Officer'" in (first.error or "")
    with pytest.raises(Obstacle) as second:
        await promote(run, net.world, bob)
    assert (str(second.value), changes(net.simulator)) == (first.error, 1)


async def test_an_obstacle_that_appears_after_the_check_is_named_exactly(net: Net, alice: WorldMember) -> None:
    run = RoleRun(net.discord)
    await carry_out(run, net.world, alice, [take(net.world, "Book Club")])
    without_permission(net.world)
    outcome = await promote(run, net.world, alice)
    assert "Switch Manage Roles on for the role 'PATT'" in (outcome.error or "")


async def test_a_standing_that_cannot_be_read_stops_the_run(net: Net, run: RoleRun, alice: WorldMember) -> None:
    net.faults.json("roles", {"message": "Missing Access", "code": 50001}, 403, times=None)
    with pytest.raises(SourceDenied, match="cannot see it"):
        await promote(run, net.world, alice)
    assert "cannot see it" in (run.stopped_by or "")
    assert (net.calls["roles"], changes(net.simulator)) == (1, 0)


async def test_a_member_who_has_left_is_a_sentence(net: Net, run: RoleRun, alice: WorldMember) -> None:
    net.world.discord_leave(alice)
    with pytest.raises(MemberGone, match="has left the Discord server"):
        await promote(run, net.world, alice)


async def test_roles_are_put_back_as_they_were(net: Net, run: RoleRun, alice: WorldMember) -> None:
    outcome = await promote(run, net.world, alice)
    net.world.audit_log.clear()
    back = await put_back(run, net.world, alice, outcome)
    assert (back.error, back.roles) == (None, sorted(alice.role_ids))
    assert held(net.world, alice) == ["Book Club", "Raider"]
    assert [entry.action for entry in net.world.audit_log] == ["add", "remove"]


async def test_roles_that_are_back_already_are_left_as_they_are(net: Net, run: RoleRun, alice: WorldMember) -> None:
    outcome = await promote(run, net.world, alice)
    first = await put_back(run, net.world, alice, outcome)
    asked = changes(net.simulator)
    assert (await put_back(run, net.world, alice, outcome)).roles == first.roles
    assert changes(net.simulator) == asked


async def test_putting_back_is_refused_before_anything_is_changed_where_the_bot_may_not(
    net: Net, alice: WorldMember
) -> None:
    outcome = await promote(RoleRun(net.discord), net.world, alice)
    above_the_bot(net.world)
    asked = changes(net.simulator)
    with pytest.raises(Obstacle, match="Move the bot's role above 'Raider'"):
        await put_back(RoleRun(net.discord), net.world, alice, outcome)
    assert changes(net.simulator) == asked


async def test_putting_back_is_believed_only_when_it_is_seen(net: Net, run: RoleRun, alice: WorldMember) -> None:
    outcome = await promote(run, net.world, alice)
    net.faults.empty("remove_role", 204)
    assert "still has the role" in ((await put_back(run, net.world, alice, outcome)).error or "")


async def test_no_id_leads_a_change_of_roles_to_another_address(timing: Timing) -> None:
    asked: list[bytes] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.raw_path)
        return httpx2.Response(204)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(note)) as http:
        client = DiscordClient(http, token="t", api_url="http://127.0.0.1/api", timing=timing)  # noqa: S106 -- made up
        for member, role in (("..", "8"), ("5", ".."), (".", "a/b?c")):
            await client.add_role("7", member, role, reason=REASON)
    assert asked == [
        b"/api/guilds/7/members/%2E%2E/roles/8",
        b"/api/guilds/7/members/5/roles/%2E%2E",
        b"/api/guilds/7/members/%2E/roles/a%2Fb%3Fc",
    ]
