"""Everything that the client asks of Discord is as Discord documents it, in each flow that there is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import pytest

from conformance.document import DiscordDocument
from conformance.recorder import Recorder
from faults.installation import Installation
from sv_common.guild_sync.mitigations import fix_all, undo
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.message import Announcement, Section

pytestmark = pytest.mark.fixtures

LONG_REASON = "PATT, bob: “Zoë” → Räuber, 100 % sure 🔥\n" * 30

Call = Callable[[Installation], Awaitable[object]]


def _person(installation: Installation) -> str:
    return next(person.member.user_id for person in installation.world.people if person.member)


def _role(installation: Installation) -> str:
    return installation.world.role_named("Raider").role_id


async def _rewrite(installation: Installation) -> bool:
    channel_id = installation.world.audit_channel_id
    message_id = await installation.discord.announce(channel_id, Announcement("Title", "body", "n-1"))
    sections = tuple(Section(f"Rule {number} 🔥", ("• new: @everyone " * 40,) * 40, 5_000) for number in range(30))
    return await installation.discord.rewrite(channel_id, message_id, Announcement("Title", "body", "n-1", sections))


CASES: dict[str, Call] = {
    "fetch_application": lambda each: each.discord.fetch_application(),
    "fetch_servers": lambda each: each.discord.fetch_servers(),
    "fetch_text_channels": lambda each: each.discord.fetch_text_channels(each.world.discord_guild_id),
    "fetch_guild": lambda each: each.discord.fetch_guild(each.world.discord_guild_id),
    "fetch_member": lambda each: each.discord.fetch_member(each.world.discord_guild_id, _person(each)),
    "fetch_authority": lambda each: each.discord.fetch_authority(each.world.discord_guild_id),
    "add_role": lambda each: each.discord.add_role(
        each.world.discord_guild_id, _person(each), _role(each), reason=LONG_REASON
    ),
    "remove_role": lambda each: each.discord.remove_role(
        each.world.discord_guild_id, _person(each), _role(each), reason="PATT, bob"
    ),
    "announce": lambda each: each.discord.announce(
        each.world.audit_channel_id, Announcement("Title 🔥" * 99, "@everyone\n" * 900, "n" * 25)
    ),
    "rewrite": _rewrite,
}
"""One call of every method by which the client asks Discord something."""


def test_every_method_that_asks_discord_has_a_case() -> None:
    asking = {
        name for name, _ in inspect.getmembers(DiscordClient, inspect.iscoroutinefunction) if not name.startswith("_")
    }
    assert CASES.keys() == asking


@pytest.mark.parametrize("method", CASES)
async def test_what_a_method_asks_is_as_documented(
    installation: Installation, recorder: Recorder, discord_document: DiscordDocument, method: str
) -> None:
    await CASES[method](installation)
    assert recorder.exchanges
    assert [fault for each in recorder.exchanges for fault in discord_document.faults_of_request(each)] == []


async def test_what_a_guild_asks_in_its_life_and_what_it_is_answered_is_as_documented(
    installation: Installation, recorder: Recorder, discord_document: DiscordDocument
) -> None:
    await installation.set_up()
    world = installation.world
    for person in world.people:
        if person.member:
            world.set_discord_roles(person.member, [world.role_named("Member")])
    await installation.sync_discord()
    bot = installation.discord
    fixed = await fix_all(
        installation.pool, "role_mismatch", actor="bøb", guild_id=installation.guild_id, discord_bot=bot
    )
    await undo(installation.pool, fixed.results[0].attempt_id or 0, actor="alice", discord_bot=bot)
    world.join("Zephyrine", note="alt of Nobody")
    await installation.sync_battlenet()
    asked = {(each.method, each.path.split("/")[1]) for each in recorder.exchanges}
    assert asked == {
        *(("GET", "guilds"), ("PUT", "guilds"), ("DELETE", "guilds"), ("GET", "users"), ("POST", "channels")),
    }
    wrong = [
        fault
        for each in recorder.exchanges
        for fault in (*discord_document.faults_of_request(each), *discord_document.faults_of_answer(each))
    ]
    assert wrong == []
