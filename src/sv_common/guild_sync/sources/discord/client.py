"""Discord's REST API, version 10: reads a server, changes roles, posts messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import quote

import httpx2

from sv_common.guild_sync.core.errors import SourceDenied, SourceError
from sv_common.guild_sync.sources.discord.message import Announcement, message, new_message
from sv_common.guild_sync.sources.discord.permissions import BotApplication, DiscordServer, RoleAuthority, TextChannel
from sv_common.guild_sync.sources.discord.rate_limits import LIMITS, DiscordLimits
from sv_common.guild_sync.sources.discord.wire import (
    INTENT_REMEDY,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NOT_ON_SERVER_REMEDY,
    REJECTED_REMEDY,
    UNKNOWN_CHANNEL,
    UNKNOWN_MEMBER,
    UNKNOWN_MESSAGE,
    UNKNOWN_USER,
    audit_reason,
    error_code,
    parse_application,
    parse_authority,
    parse_member,
    parse_roles,
    parse_server,
    parse_text_channels,
    refusal,
    role_refusal,
    snowflake,
)
from sv_common.guild_sync.sources.http import (
    REAL_TIME,
    USUAL_RETRIES,
    Asked,
    Node,
    RateLimiter,
    RetryPolicy,
    Timing,
    read_json,
    refuse_busy,
    send,
    with_retries,
)
from sv_common.guild_sync.sources.models import DiscordGuild, DiscordMember, DiscordRole

T = TypeVar("T")

API_URL = "https://discord.com/api/v10"
PAGE_SIZE = 1000
MOST_SERVERS = 200
"""The largest page of the servers that a bot is on (Discord documentation, "Get Current User Guilds")."""

REJECTED_FOR = 3600.0
"""Seconds after which a token that was rejected is tried once more: Discord may have been wrong."""

_UNAUTHORIZED = 401


class DiscordClient:
    """The `DiscordSource` and the `Announcer` of the real world.

    After Discord has rejected the token, every further call raises the same SourceDenied without a request, because Discord
    blocks an address that goes on. It is tried again when the token has changed, or after an hour; `token` may be a function
    that reads it. `contact_url` is where Discord finds the operator of the bot.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        token: str | Callable[[], str],
        api_url: str = API_URL,
        contact_url: str = "https://patt.invalid",
        limiter: RateLimiter | None = None,
        retries: RetryPolicy = USUAL_RETRIES,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._read_token = token if callable(token) else lambda: token
        self._token = self._read_token()
        self._agent = f"DiscordBot ({contact_url}, {version('patt')})".encode()
        self._limiter = limiter or RateLimiter(LIMITS, timing)
        self._limits = DiscordLimits(timing)
        self._retries = retries
        self._timing = timing
        self._rejected_at: float | None = None
        self._own_id = ""

    @property
    def invalid_requests(self) -> int:
        """How many requests of the last ten minutes count towards Discord's ban (it blocks an address for 10,000)."""
        return self._limits.invalid_requests

    async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:
        """Fetch name, roles and members of a server. Raises a SourceError when any part of it cannot be read whole.

        An empty member list is returned as Discord gave it.
        """
        guild = await self._read(discord_guild_id, "", "the server")
        roles = await self._fetch_roles(discord_guild_id)
        members = await self._fetch_members(discord_guild_id)
        return DiscordGuild(discord_guild_id, guild.child("name").any_text(), roles, members)

    async def fetch_member(self, discord_guild_id: str, user_id: str) -> DiscordMember | None:
        """Fetch one member; None when the user is not on the server. Raises a SourceError when that is not known."""
        asked = Asked("Discord", "one member of the server")
        path = f"/guilds/{_part(discord_guild_id)}/members/{_part(user_id)}"

        def read(response: httpx2.Response) -> DiscordMember | None:
            if not response.is_success and error_code(response) in (UNKNOWN_MEMBER, UNKNOWN_USER):
                return None
            return parse_member(_answer(response, asked), discord_guild_id)

        return await self._ask(_Call("GET", path, f"GET member {discord_guild_id}", asked), read)

    async def fetch_authority(self, discord_guild_id: str) -> RoleAuthority:
        """Fetch all roles and what the bot may do with them. Raises a SourceError when that cannot be read."""
        bot = await self._fetch_own_member(discord_guild_id)
        roles = await self._read(discord_guild_id, "/roles", "the roles of the server")
        return parse_authority(roles, bot, discord_guild_id)

    async def fetch_application(self) -> BotApplication:
        """Fetch the application that the bot belongs to. Raises a SourceError, such as for a rejected token."""
        asked = Asked("Discord", "the bot's own application")
        call = _Call("GET", "/oauth2/applications/@me", "GET application", asked)
        return parse_application(await self._ask(call, lambda response: _answer(response, asked)))

    async def fetch_servers(self) -> list[DiscordServer]:
        """Fetch the servers that the bot is on, the first 200 of them. Raises a SourceError."""
        asked = Asked("Discord", "the servers that the bot is on")
        call = _Call("GET", "/users/@me/guilds", "GET my guilds", asked, query={"limit": str(MOST_SERVERS)})
        return [parse_server(entry) for entry in (await self._ask(call, lambda got: _answer(got, asked))).items()]

    async def fetch_text_channels(self, discord_guild_id: str) -> list[TextChannel]:
        """Fetch the channels that take messages, by their position, with what the bot may do in each.

        Raises a SourceError when that cannot be read.
        """
        bot = await self._fetch_own_member(discord_guild_id)
        roles = await self._read(discord_guild_id, "/roles", "the roles of the server")
        channels = await self._read(discord_guild_id, "/channels", "the channels of the server")
        return parse_text_channels(channels, roles, bot, discord_guild_id)

    async def add_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        """Give a member one role; giving it again changes nothing. Raises a SourceError when Discord refuses."""
        await self._change_role("PUT", discord_guild_id, user_id, role_id, reason)

    async def remove_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        """Take one role from a member; taking it again changes nothing. Raises a SourceError when Discord refuses."""
        await self._change_role("DELETE", discord_guild_id, user_id, role_id, reason)

    async def announce(self, channel_id: str, announcement: Announcement) -> str:
        """Post one message that mentions no member, cut to Discord's limits, and return its id.

        Within some minutes, the same nonce posts nothing a second time. Raises a SourceError when it is not posted.
        """
        asked = Asked("Discord", "a message in the audit channel")
        path = f"/channels/{_part(channel_id)}/messages"
        call = _Call("POST", path, f"POST message {channel_id}", asked, json=new_message(announcement))
        return await self._ask(call, lambda response: str(snowflake(_answer(response, asked).child("id"))))

    async def rewrite(self, channel_id: str, message_id: str, announcement: Announcement) -> bool:
        """Edit a posted message; False when it was deleted. Raises a SourceError."""
        asked = Asked("Discord", "the change of a message in the audit channel")
        path = f"/channels/{_part(channel_id)}/messages/{_part(message_id)}"
        call = _Call("PATCH", path, f"PATCH message {channel_id}", asked, json=message(announcement))
        response = await self._ask(call, _as_it_is)
        if error_code(response) in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
            return False
        if not response.is_success:
            raise refusal(response, asked)
        return True

    async def _fetch_roles(self, guild_id: str) -> list[DiscordRole]:
        roles = await self._read(guild_id, "/roles", "the roles of the server")
        return [role for role, _ in parse_roles(roles, guild_id)]

    async def _fetch_members(self, guild_id: str) -> list[DiscordMember]:
        members: dict[int, DiscordMember] = {}
        last = 0
        while True:
            query = {"limit": str(PAGE_SIZE), "after": str(last)}
            page = await self._read(guild_id, "/members", "the member list of the server", query)
            entries = list(page.items())
            found = {snowflake(entry.child("user").child("id")): parse_member(entry, guild_id) for entry in entries}
            members.update(found)
            if len(entries) < PAGE_SIZE:
                return list(members.values())
            if max(found) <= last:
                raise page.malformed("a page of members that come after those of the page before")
            last = max(found)

    async def _change_role(self, method: str, guild_id: str, user_id: str, role_id: str, reason: str) -> None:
        asked = Asked("Discord", "the change of a member's role")
        path = f"/guilds/{_part(guild_id)}/members/{_part(user_id)}/roles/{_part(role_id)}"
        response = await self._ask(_Call(method, path, f"{method} role {guild_id}", asked, reason=reason), _as_it_is)
        if response.is_success:
            return
        if error_code(response) == MISSING_PERMISSIONS:
            raise await self._role_refusal(guild_id, role_id)
        raise refusal(response, asked)

    async def _role_refusal(self, guild_id: str, role_id: str) -> SourceDenied:
        """Find out what prevents the change, for the error's sentence; where that fails too, the sentence has no names."""
        try:
            authority = await self.fetch_authority(guild_id)
        except SourceError:
            return role_refusal(None)
        obstacle = authority.obstacle(role_id)
        return SourceDenied(obstacle) if obstacle else role_refusal(authority.roles.get(role_id))

    async def _fetch_own_member(self, guild_id: str) -> DiscordMember:
        bot = await self.fetch_member(guild_id, await self._fetch_own_id())
        if bot is None:
            raise SourceDenied(NOT_ON_SERVER_REMEDY)
        return bot

    async def _fetch_own_id(self) -> str:
        """Fetch the bot's id, once: a token belongs to one bot."""
        if not self._own_id:
            asked = Asked("Discord", "the bot's own account")
            call = _Call("GET", "/users/@me", "GET me", asked)
            self._own_id = await self._ask(call, lambda response: str(snowflake(_answer(response, asked).child("id"))))
        return self._own_id

    async def _read(self, guild_id: str, path: str, what: str, query: Mapping[str, str] | None = None) -> Node:
        asked = Asked("Discord", what)
        call = _Call("GET", f"/guilds/{_part(guild_id)}{path}", f"GET guild{path} {guild_id}", asked, query=query)

        def read(response: httpx2.Response) -> Node:
            if path == "/members" and not response.is_success and error_code(response) == MISSING_ACCESS:
                raise SourceDenied(INTENT_REMEDY)
            return _answer(response, asked)

        return await self._ask(call, read)

    async def _ask(self, call: _Call, read: Callable[[httpx2.Response], T]) -> T:
        """Send until there is an answer that another attempt would not change."""

        async def attempt() -> T:
            response = await self._send(call)
            if response.status_code == _UNAUTHORIZED:
                self._rejected_at = self._timing.clock()
                raise SourceDenied(REJECTED_REMEDY)
            refuse_busy(response, call.asked)
            return read(response)

        return await with_retries(attempt, self._retries, self._timing)

    async def _send(self, call: _Call) -> httpx2.Response:
        self._refuse_rejected()
        await self._limits.wait(call.route)
        await self._limiter.acquire()
        self._refuse_rejected()  # by an answer that came while this waited
        # As bytes: a token that was pasted with other than ASCII letters is then Discord's to reject.
        headers = {b"Authorization": f"Bot {self._token.strip()}".encode(), b"User-Agent": self._agent}
        if call.reason:
            headers[b"X-Audit-Log-Reason"] = audit_reason(call.reason).encode()
        url = self._api_url + call.path
        request = self._http.build_request(call.method, url, params=call.query, json=call.json, headers=headers)
        response = await send(self._http, request, call.asked)
        self._limits.learn(call.route, response)
        return response

    def _refuse_rejected(self) -> None:
        if self._rejected_at is None:
            return
        token = self._read_token()
        if token == self._token and self._timing.clock() - self._rejected_at < REJECTED_FOR:
            raise SourceDenied(REJECTED_REMEDY)
        if token != self._token:
            self._token, self._own_id = token, ""
        self._rejected_at = None


@dataclass(frozen=True, slots=True)
class _Call:
    """One request. `route` is what Discord limits by: verb, kind of address, and the server or channel."""

    method: str
    path: str
    route: str
    asked: Asked
    query: Mapping[str, str] | None = None
    json: object = None
    reason: str = ""


def _as_it_is(response: httpx2.Response) -> httpx2.Response:
    return response


def _answer(response: httpx2.Response, asked: Asked) -> Node:
    if not response.is_success:
        raise refusal(response, asked)
    return Node(read_json(response, asked), asked)


def _part(text: str) -> str:
    return quote(text, safe="")
