"""Claiming characters with the simulated Discord and the simulated Battle.net, in a guild of a few people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from fastapi import FastAPI

from guild_builder import GuildBuilder
from patt.bootstrap import BATTLE_NET_CALLBACK, Services
from patt.web.context import CLAIM_COOKIE
from patt.web.rendering import FORM_FIELD
from patt.web.security import form_token_of
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.battlenet_oauth import SignInAccount
from sv_common.guild_sync.simulators.model import Realm, WorldCharacter, WorldMember
from sv_common.guild_sync.sources.ports import Sources
from web.discord_people import CALLBACK
from web.helpers import BASE_URL, Seen, asker, made, settings

CLAIM, TO_DISCORD, TO_BATTLE_NET = "/claim", "/claim/discord", "/claim/battlenet"
SECRET = InstallationSecret("a secret of a test, which is long enough for one")
HOME = Realm(3676, "Area 52", "area-52")

CORIN, DARA = "9003", "9004"
"""Ids on Discord of two members of the guild."""

NAMES = {CORIN: "Corin", DARA: "Dara"}
ACCOUNT_OF_CORIN, ACCOUNT_OF_DARA = 600_000_001, 600_000_002


def claim_app(simulator: GuildSimulator, pool: Pool, base_url: str = BASE_URL, **others: Any) -> FastAPI:
    """Return the application, set up to sign people in with both, and with a secret unless others say so."""
    simulator.discord.sign_in.strangers = [WorldMember(number, name.lower(), name) for number, name in NAMES.items()]
    simulator.discord.sign_in.redirect_urls = [f"{base_url}{CALLBACK}"]
    simulator.battlenet.sign_in.redirect_urls = [f"{base_url}{BATTLE_NET_CALLBACK}"]
    secret = others.pop("secret", SECRET)
    values: dict[str, Any] = {
        "discord_client_id": simulator.discord_client_id,
        "discord_client_secret": simulator.discord_client_secret,
        "discord_authorize_url": simulator.discord_authorize_url,
        "discord_api_url": simulator.discord_url,
        "blizzard_client_id": simulator.client_id,
        "blizzard_client_secret": simulator.client_secret,
        "blizzard_authorize_url": simulator.battlenet_authorize_url,
        "blizzard_token_url": simulator.token_url,
        "blizzard_api_url": simulator.battlenet_url,
        **others,
    }
    return made(Services(settings(base_url, **values), pool, Sources(), secret=secret))


@dataclass
class People:
    """Two members of a guild with a Battle.net account each, and their characters by name: rows, and as Battle.net has them."""

    guild: GuildBuilder
    simulator: GuildSimulator
    members: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    characters: dict[str, WorldCharacter] = field(default_factory=dict)

    async def arrive(self) -> None:
        """Let both be on Discord, and their characters in the guild."""
        for discord_id, name in NAMES.items():
            self.members[discord_id] = await self.guild.member(name)
            await self.guild.execute(
                "update guild_identity.discord_users set discord_id = %(id)s where id = %(row)s",
                {"id": discord_id, "row": self.members[discord_id]},
            )
        for place, name in enumerate(("Velquin", "Odo", "Silvermoth", "Thornwick"), start=1):
            self.rows[name] = await self.guild.character(name, rank=min(place, 3))
            self.characters[name] = self.on_battle_net(name, place)
            await self.guild.execute(
                "update guild_identity.wow_characters set blizzard_realm_id = %(realm)s, blizzard_character_id = %(id)s, "
                "character_class = 'Hunter' where id = %(row)s",
                {"realm": HOME.realm_id, "id": self.characters[name].character_id, "row": self.rows[name]},
            )
        self.characters["Wanderer"] = self.on_battle_net("Wanderer", 77)
        mine = [self.characters[name] for name in ("Velquin", "Odo", "Wanderer")]
        self.give(ACCOUNT_OF_CORIN, "Corin#1234", mine)
        self.give(ACCOUNT_OF_DARA, "Dära#5678", [self.characters["Silvermoth"]], [self.characters["Thornwick"]])

    @staticmethod
    def on_battle_net(name: str, number: int) -> WorldCharacter:
        """Return a character as Battle.net has it."""
        return WorldCharacter(name, HOME, 700_000_000 + number, 3, 80, 3, 1)

    def give(self, number: int, tag: str, *licenses: Sequence[WorldCharacter], region: str = "us") -> None:
        """Let a Battle.net account have these licenses, each with its characters."""
        accounts = self.simulator.battlenet.sign_in.accounts
        accounts[:] = [each for each in accounts if each.number != number]
        accounts.append(SignInAccount(number, tag, [list(each) for each in licenses], region))

    async def proven(self) -> dict[str, str]:
        """Return the player of each character that is proven to be theirs."""
        rows = await self.guild.rows(
            "select c.character_name, p.display_name from guild_identity.player_characters l "
            "join guild_identity.wow_characters c on c.id = l.character_id "
            "join guild_identity.players p on p.id = l.player_id where l.basis = 'proven'"
        )
        return dict(rows)

    async def links(self) -> dict[str, tuple[str, str]]:
        """Return the player of each character, and what the link rests on."""
        rows = await self.guild.rows(
            "select c.character_name, p.display_name, l.basis from guild_identity.player_characters l "
            "join guild_identity.wow_characters c on c.id = l.character_id "
            "join guild_identity.players p on p.id = l.player_id"
        )
        return {name: (player, basis) for name, player, basis in rows}


@dataclass
class Claimer:
    """A member's browser: on the page, at Discord, at Battle.net, and back."""

    client: httpx2.AsyncClient
    discord_id: str
    account: int

    @property
    def session(self) -> str:
        return self.client.cookies.get(CLAIM_COOKIE) or ""

    async def say_who(self) -> httpx2.Response:
        """Sign in with Discord; return the answer to whom Discord sends back."""
        return await self._through(TO_DISCORD, {"user": self.discord_id})

    async def begin(self) -> str:
        """Ask to sign in with Battle.net; return where its page is."""
        answer = await self.client.get(TO_BATTLE_NET)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def agree(self, page: str, **said: str) -> str:
        """Press the button on Battle.net's page; return where it sends the browser."""
        return await self._pressed(page, {"account": str(self.account), **said})

    async def cancel(self, page: str) -> str:
        """Press Cancel there."""
        return await self._pressed(page, {})

    async def come_back(self, address: str, **changes: str) -> httpx2.Response:
        """Follow a redirect back, with some of its parameters changed."""
        parts = urlsplit(address)
        return await self.client.get(parts.path, params={**dict(parse_qsl(parts.query)), **changes})

    async def prove(self, **said: str) -> httpx2.Response:
        """Sign in with Battle.net; return the answer to whom it sends back."""
        return await self.come_back(await self.agree(await self.begin(), **said))

    async def look(self) -> Seen:
        """Open the page."""
        return Seen(await self.client.get(CLAIM))

    async def post(self, what: str, fields: Mapping[str, str | list[str]] | None = None) -> httpx2.Response:
        """Press a button of the page."""
        data = {FORM_FIELD: form_token_of(self.session), **(fields or {})}
        return await self.client.post(f"{CLAIM}/{what}", data=data)

    async def confirm(self, *characters: int, **fields: str) -> httpx2.Response:
        """Confirm the list that the page shows, with these characters ticked."""
        page = (await self.client.get(CLAIM)).text
        seen = page.split('name="seen" value="')[1].split('"')[0]
        return await self.post("confirm", {"seen": seen, "character": list(map(str, characters)), **fields})

    async def claim(self, *characters: int, **fields: str) -> httpx2.Response:
        """Do all of it."""
        await self.say_who()
        answer = await self.prove()
        assert answer.status_code == 303, Seen(answer).text()
        return await self.confirm(*characters, **fields)

    async def _through(self, way: str, data: dict[str, str]) -> httpx2.Response:
        answer = await self.client.get(way)
        assert answer.status_code == 303, answer.text
        return await self.come_back(await self._pressed(str(answer.headers["location"]), data))

    async def _pressed(self, page: str, data: dict[str, str]) -> str:
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.post(page, data=data)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])


def claimer(app: FastAPI, discord_id: str = CORIN, account: int = ACCOUNT_OF_CORIN) -> Claimer:
    """Return a member with a browser of their own."""
    return Claimer(asker(app), discord_id, account)
