"""Signing in with the simulated Discord, as somebody whom a test guild knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx2
from fastapi import FastAPI

from guild_builder import GUILD_MASTER, OFFICER, ROLE_NAMES, GuildBuilder
from patt.auth import permissions
from patt.auth.permissions import Change, Given, Kind
from patt.web.security import FORM_HEADER, form_token_of
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.model import WorldMember
from web.helpers import BASE_URL, application, asker

MASTER, CAPTAIN, FRIEND, STRANGER = "9001", "9002", "9003", "9999"
"""Discord ids of the people here: the guild's master, an officer by rank, a member with nothing, and nobody's member."""

NAMES = {MASTER: "Aldwyn", CAPTAIN: "Brisa", FRIEND: "Corin", STRANGER: "Dara"}
BEGIN, CALLBACK, CHOICE = "/login/discord", "/login/discord/callback", "/login/guild"


def with_discord(simulator: GuildSimulator, pool: Pool, base_url: str = BASE_URL) -> FastAPI:
    """Return the application, set up to sign people in with the simulated Discord."""
    simulator.discord.sign_in.strangers = [WorldMember(number, name.lower(), name) for number, name in NAMES.items()]
    simulator.discord.sign_in.redirect_urls = [f"{base_url}{CALLBACK}"]
    return application(
        pool,
        base_url,
        discord_client_id=simulator.discord_client_id,
        discord_client_secret=simulator.discord_client_secret,
        discord_authorize_url=simulator.discord_authorize_url,
        discord_api_url=simulator.discord_url,
    )


async def populate(guild: GuildBuilder) -> dict[str, int]:
    """Put the four people into a guild, its Discord roles beside them; return their characters by Discord id."""
    for role_id, name in ROLE_NAMES.items():
        await guild.execute(
            "insert into guild_identity.discord_roles (guild_id, role_id, name, position, is_integration) "
            "values (%(guild)s, %(role)s, %(name)s, 1, false)",
            {"role": role_id, "name": name},
        )
    characters = {
        MASTER: await _join(guild, MASTER, rank=GUILD_MASTER),
        CAPTAIN: await _join(guild, CAPTAIN, rank=OFFICER),
    }
    await _member(guild, FRIEND, ["900"])
    return characters


async def give(guild: GuildBuilder, kind: Kind, key: str, role: Given) -> None:
    """Let a rank or a Discord role give a role."""
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await permissions.decide(here, Change(kind, key, role), actor="test")


async def confirm(guild: GuildBuilder, discord_id: str, character: int) -> None:
    """Stand for it that a character is a member's."""
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await permissions.confirm(here, discord_id, character, actor="test")


async def _join(guild: GuildBuilder, discord_id: str, *, rank: int) -> int:
    name = NAMES[discord_id]
    player = await guild.player(name, member=await _member(guild, discord_id, []), is_confirmed=True)
    character = await guild.character(name, rank=rank)
    await guild.link(character, player, source="manual", as_main=True)
    return character


async def _member(guild: GuildBuilder, discord_id: str, roles: Sequence[str]) -> int:
    name = NAMES[discord_id]
    member = await guild.member(name, roles=roles)
    await guild.execute(
        "update guild_identity.discord_users set discord_id = %(discord_id)s where id = %(member)s",
        {"discord_id": discord_id, "member": member},
    )
    return member


@dataclass
class Visitor:
    """A browser of somebody who is signed in to Discord: goes to it, presses a button there, and is sent back."""

    client: httpx2.AsyncClient
    discord_id: str | None

    async def begin(self) -> str:
        """Ask to sign in; return where Discord's page is."""
        answer = await self.client.get(BEGIN)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def agree(self, page: str) -> str:
        """Press the button on Discord's page (that of nobody: Cancel); return where Discord sends the browser."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            data = {} if self.discord_id is None else {"user": self.discord_id}
            answer = await http.post(page, data=data)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def sign_in(self) -> httpx2.Response:
        """Do all of it; return the answer to whom Discord sends back."""
        return await self.come_back(await self.agree(await self.begin()))

    async def come_back(self, address: str, **changes: str) -> httpx2.Response:
        """Follow Discord's redirect, with some of its parameters changed."""
        parts = urlsplit(address)
        return await self.client.get(parts.path, params={**dict(parse_qsl(parts.query)), **changes})

    async def post(self, path: str, session: str, **fields: str) -> httpx2.Response:
        """Send a form of one's own page."""
        return await self.client.post(path, data=fields, headers={FORM_HEADER: form_token_of(session)})


def visitor(app: FastAPI, discord_id: str | None) -> Visitor:
    """Return somebody with a browser of their own; close its `client` in the end."""
    return Visitor(asker(app), discord_id)
