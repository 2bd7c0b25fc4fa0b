"""The assistant: each obstacle is named where it is found, what was accepted stays, and nobody but who may sees any of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from cli.conftest import addresses_of
from guild_builder import GuildBuilder
from laws import snapshot
from patt.auth.permissions import ROLES, Role
from patt.bootstrap import Services
from patt.config import load_settings
from patt.setup.wizard import STEPS
from patt.web.context import SESSION_COOKIE
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.sources.discord.permissions import Overwrite, Permission
from sv_common.guild_sync.sources.http import http_client
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import Seen, bound_session, made, officer, session

SETUP = "/admin/setup"


@pytest.fixture(scope="module")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as simulator:
        yield simulator


@pytest.fixture
def simulator(served: GuildSimulator) -> GuildSimulator:
    served.load(GuildWorld.seeded(7, 20))
    return served


@pytest.fixture
def folder(simulator: GuildSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working folder, from which both sources are the simulated ones."""
    for name, value in addresses_of(simulator).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
async def services(folder: Path, pool: Pool) -> AsyncIterator[Services]:
    async with http_client() as http:
        yield Services(load_settings(), pool, Sources(), http=http)


@pytest.fixture
async def assistant(services: Services, pool: Pool) -> AsyncIterator[Assistant]:
    """Somebody who sets up an installation without a guild."""
    token = await session(pool)
    app = made(services)
    async with officer(app, token) as client:
        yield Assistant(client, app, token)
    # None is cut off: what a connection was doing would go on in the database of the next test.
    await asyncio.gather(*(each.task for each in app.state.readings._all.values()))


class Assistant:
    """A browser on the pages of the set-up."""

    def __init__(self, client: httpx2.AsyncClient, app: FastAPI, token: str) -> None:
        self.client, self.app, self.token = client, app, token

    async def answer(self, step: str, **answers: str) -> str:
        """Answer a step; return what the page says to which this leads."""
        fields = {f"answer.{name.replace('_', '-')}": value for name, value in answers.items()}
        page = await self.client.post(SETUP, data={"step": step, **fields}, follow_redirects=True)
        assert page.status_code == 200, page.text
        return Seen(page).text("content")

    async def look(self, step: str = "") -> str:
        page = await self.client.get(SETUP, params={"step": step} if step else {})
        assert page.status_code == 200, page.text
        return Seen(page).text("content")

    async def connect(self, simulator: GuildSimulator, *steps: str) -> None:
        """Answer steps as they should be."""
        right = {
            "battlenet": {
                "battlenet_client_id": simulator.client_id,
                "battlenet_client_secret": simulator.client_secret,
            },
            "guild": {"region": "us", "realm": "Mal'Torith", "guild": "The Lantern Watch"},
            "discord": {"discord_bot_token": simulator.discord_token},
            "server": {},
            "channel": {"audit_channel": "officers"},
        }
        for step in steps:
            await self.answer(step, **right[step])

    async def read(self, step: str = "roster") -> None:
        """Wait until what is read beside the pages is there."""
        until = time.monotonic() + 30
        while (reading := self.app.state.readings.get(1, step)) is None or reading.is_running:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)


async def test_keys_that_are_wrong_are_named_at_once_and_not_kept(
    assistant: Assistant, simulator: GuildSimulator, folder: Path
) -> None:
    told = await assistant.answer("battlenet", battlenet_client_id="mine", battlenet_client_secret="mistyped")  # noqa: S106 -- made up
    assert "Battle.net rejected the client id or the client secret" in told
    assert not (folder / ".env").exists()
    page = await assistant.client.post(
        SETUP,
        data={"step": "battlenet", "answer.battlenet-client-id": "mine", "answer.battlenet-client-secret": "mistyped"},
        follow_redirects=True,
    )
    assert ('value="mine"' in page.text, "mistyped" in page.text) == (True, False)
    await assistant.connect(simulator, "battlenet")
    assert simulator.client_secret in (folder / ".env").read_text(encoding="utf-8")
    assert "Which guild is yours?" in await assistant.look("guild")
    assert "Keys accepted" in await assistant.look("guild")


@pytest.mark.parametrize(
    ("realm", "guild", "region", "sentence"),
    [
        ("Mal Toriht", "The Lantern Watch", "us", "has no realm “Mal Toriht”. Did you mean Mal'Torith?"),
        ("Nowhere", "The Lantern Watch", "us", "has no realm “Nowhere”. Check the region too."),
        ("Mal'Torith", "The Lantern Watsch", "us", "has no guild “The Lantern Watsch”. Spell it as the game does"),
        ("Mal'Torith", "The Lantern Watch", "eu", "has no"),
        ("Mal'Torith", "The Lantern Watch", "cn", "“cn” is not a region of Battle.net"),
    ],
)
async def test_a_guild_that_is_not_found_is_told_with_what_is_near_and_what_was_typed_stays(
    assistant: Assistant, simulator: GuildSimulator, realm: str, guild: str, region: str, sentence: str
) -> None:
    await assistant.connect(simulator, "battlenet")
    fields = {"answer.realm": realm, "answer.guild": guild, "answer.region": region}
    page = await assistant.client.post(SETUP, data={"step": "guild", **fields}, follow_redirects=True)
    assert sentence in Seen(page).text("content")
    assert f'value="{guild}"' in page.text
    assert "No guild yet" in Seen(await assistant.client.get("/admin/inbox")).text("content")


async def test_realm_and_guild_are_looked_up_while_they_are_typed(
    assistant: Assistant, simulator: GuildSimulator
) -> None:
    async def found(realm: str, guild: str) -> str:
        asked = {"answer.region": "us", "answer.realm": realm, "answer.guild": guild}
        headers = {"HX-Request": "true", "HX-Target": "guild-found"}
        return Seen(await assistant.client.get(SETUP, params=asked, headers=headers)).text()

    assert await found("maltorith", "the lantern watch") == "", "without keys nothing can be looked up"
    await assistant.connect(simulator, "battlenet")
    assert await found("", "") == ""
    assert await found("maltorith", "") == "Realm found: Mal'Torith"
    assert "The Lantern Watch , 20 members" in await found("maltorith", "the lantern watch")
    assert "Did you mean Mal'Torith?" in await found("Mal Toriht", "x")
    before = simulator.calls["realms"]
    assert "has no guild “Nobody”" in await found("maltorith", "Nobody")
    assert simulator.calls["realms"] == before, "the realms are kept for a while"


async def test_a_source_that_is_down_is_named_and_the_answer_counts_once_it_is_back(
    assistant: Assistant, simulator: GuildSimulator
) -> None:
    await assistant.connect(simulator, "battlenet")
    simulator.faults.status("roster", 500, times=None)
    told = await assistant.answer("guild", region="us", realm="Mal'Torith", guild="The Lantern Watch")
    assert "Battle.net" in told
    assert "500" in told
    simulator.faults.clear()
    await assistant.connect(simulator, "guild")
    assert "The Lantern Watch · US" in await assistant.look()


async def test_each_obstacle_on_discord_is_named_as_it_is_found_and_passes_without_an_answer(
    assistant: Assistant, simulator: GuildSimulator, folder: Path
) -> None:
    await assistant.connect(simulator, "battlenet", "guild")
    discord, world = simulator.discord, simulator.world
    discord.members_intent = discord.is_invited = False
    assert "Discord rejected the bot's token" in await assistant.answer("discord", discord_bot_token="mistyped")  # noqa: S106 -- made up
    assert "Switch on the Server Members Intent" in await assistant.answer(
        "discord", discord_bot_token=simulator.discord_token
    )
    assert simulator.discord_token in (folder / ".env").read_text(encoding="utf-8"), "the token itself was right"
    discord.members_intent = True
    assert "Discord knows the bot as “PATT”." in await assistant.look("discord")
    invitation = await assistant.client.get(SETUP, params={"step": "server"})
    assert 'href="https://discord.com/oauth2/authorize?client_id=' in invitation.text
    assert "The bot is on no Discord server yet." in Seen(invitation).text("content")
    discord.is_invited = True
    await assistant.answer("server")
    channels, world.channels = world.channels, []
    assert "The Discord server has no text channel." in await assistant.look("channel")
    world.channels = channels
    officers = world.channel(world.audit_channel_id)
    assert officers is not None
    officers.overwrites = [Overwrite(world.discord_guild_id, False, 0, Permission.SEND_MESSAGES)]
    assert "In #officers the bot lacks Send Messages" in await assistant.answer("channel", audit_channel="officers")
    officers.overwrites = []
    await assistant.connect(simulator, "channel")
    assert "Connected" in await assistant.look("roster")


async def test_what_the_environment_says_is_not_contradicted(
    assistant: Assistant, simulator: GuildSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_BLIZZARD_CLIENT_ID", "")
    told = await assistant.answer(
        "battlenet", battlenet_client_id=simulator.client_id, battlenet_client_secret=simulator.client_secret
    )
    assert "PATT_BLIZZARD_CLIENT_ID is set in the environment, which overrides .env." in told


async def test_the_set_up_goes_on_where_it_stopped_also_after_a_restart(
    assistant: Assistant, simulator: GuildSimulator, pool: Pool, services: Services
) -> None:
    assert "Welcome to PATT" in await assistant.look()
    await assistant.connect(simulator, "battlenet")
    assert "Go on with the set-up" in await assistant.look()
    await assistant.connect(simulator, "guild")
    await assistant.read()
    assert "Invite the bot" in await assistant.look()
    again = made(Services(load_settings(), pool, Sources(), http=services.http))
    async with officer(again, assistant.token) as client:
        assert "Invite the bot" in Seen(await client.get(SETUP)).text("content")


async def test_what_was_set_up_is_there_for_all_parts_of_the_process(
    assistant: Assistant, simulator: GuildSimulator, services: Services
) -> None:
    assert services.sources.profiles is None
    await assistant.connect(simulator, "battlenet", "guild", "discord")
    assert services.sources.profiles is not None
    assert services.sources.discord is not None, "a worker beside the pages has the same sources"


async def test_the_ranks_are_shown_with_three_of_their_characters_and_saved_all_at_once(
    assistant: Assistant, simulator: GuildSimulator, pool: Pool, folder: Path
) -> None:
    await assistant.connect(simulator, "battlenet", "guild", "discord", "server", "channel")
    await assistant.read()
    (folder / "PATTSync.lua").write_text(addon.render(simulator.world), encoding="utf-8")
    await assistant.answer("export", export="PATTSync.lua")
    shown = await assistant.client.get(SETUP, params={"step": "ranks"})
    of_rank = [each.name for each in simulator.world.characters if each.rank == 4]
    assert sum(f"<bdi>{name}</bdi>" in shown.text for name in of_rank) == 3
    roles = {role.name: role.role_id for role in simulator.world.roles}
    told = await assistant.answer("ranks", **{"rank.0": roles["Guild Master"], "rank.6": "none", "managed": "yes"})
    assert "Discord" in told
    async with pool.reading(1) as here:
        rows = await here.rows(
            "select wow_rank_index, discord_role_name, is_role_managed, is_without_role from common.guild_ranks "
            "where guild_id = %(guild_id)s and (discord_role_id is not null or is_without_role) order by 1"
        )
    assert [tuple(row) for row in rows] == [(0, "Guild Master", True, False), (6, None, False, True)]
    await assistant.read("members")
    changed = await assistant.answer("ranks", **{"rank.6": roles["Social"]})
    assert "No role that the bot can give" not in changed
    assert "suggested" in (await assistant.client.get(SETUP, params={"step": "ranks"})).text


async def test_a_key_is_shown_once_as_a_command_and_a_file(assistant: Assistant, simulator: GuildSimulator) -> None:
    await assistant.connect(simulator, "battlenet", "guild")
    data = {"step": "key", "answer.uploader": "Bob"}
    shown = await assistant.client.post(SETUP, data=data, follow_redirects=True)
    code = shown.text.split('class="key">')[1].split("<")[0]
    assert f'href="data:text/plain;charset=utf-8,{code}"' in shown.text
    assert "patt watch --key-file patt-code.txt" in shown.text
    assert code not in str(shown.url)
    assert code not in await assistant.look("key")
    assert "Upload keys exist for: Bob." in await assistant.look("key")


async def test_looking_at_the_steps_changes_nothing(
    assistant: Assistant, simulator: GuildSimulator, pool: Pool, folder: Path
) -> None:
    await assistant.connect(simulator, "battlenet", "guild", "discord")
    await assistant.read()
    before, kept = await snapshot.take(pool), (folder / ".env").read_bytes()
    for step in STEPS:
        for anew in ("false", "true"):
            page = await assistant.client.get(SETUP, params={"step": step.name, "anew": anew, "guild": 1})
            assert page.status_code == 200, page.text
    assert snapshot.differences(before, await snapshot.take(pool)) == {}
    assert (folder / ".env").read_bytes() == kept


@pytest.mark.parametrize("role", ROLES)
async def test_who_is_bound_to_a_guild_or_is_no_administrator_may_not_set_up(
    services: Services, pool: Pool, guild: GuildBuilder, role: Role
) -> None:
    app = made(services)
    bound = await bound_session(pool, "bound", role, guild.guild_id)
    free = await bound_session(pool, "free", role, None)
    for secret, may in ((bound, False), (free, role == "administrator")):
        async with officer(app, secret) as client:
            for path in (SETUP, f"{SETUP}/restore"):
                assert (await client.get(path)).status_code == (200 if may else 403), path
            answer = await client.post(SETUP, data={"step": "key", "answer.uploader": "Bob"})
            assert answer.status_code == (303 if may else 403)
            found = await client.get("/admin/search", params={"q": "Set up another guild"})
            assert (f"{SETUP}?new=true" in found.text) is may
            assert SESSION_COOKIE not in answer.cookies
