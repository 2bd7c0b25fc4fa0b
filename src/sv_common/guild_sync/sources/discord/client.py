"""Discord's REST API, version 10: reads a server, changes roles, posts messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx2

from sv_common.guild_sync.core.errors import SourceDenied, SourceError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.discord import wire
from sv_common.guild_sync.sources.discord.message import Announcement, message, new_message
from sv_common.guild_sync.sources.discord.permissions import BotApplication, DiscordServer, RoleAuthority, TextChannel
from sv_common.guild_sync.sources.discord.rate_limits import LIMITS, DiscordLimits
from sv_common.guild_sync.sources.http import (
    PRODUCT_VERSION,
    REAL_TIME,
    USUAL_RETRIES,
    Asked,
    Node,
    RateLimiter,
    RetryPolicy,
    Sender,
    Timing,
    refuse_busy,
    segment,
)
from sv_common.guild_sync.sources.models import DiscordGuild, DiscordMember
from sv_common.guild_sync.sources.permits import NoPermits, Permits

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

    After Discord has rejected the token, further calls raise SourceDenied without a request, because Discord blocks an address
    that goes on: until the token (text, or a function that reads it) has changed, or for an hour. `contact_url` is the operator's.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        token: str | Callable[[], str],
        api_url: str = API_URL,
        contact_url: str = "https://patt.invalid",
        limiter: RateLimiter | None = None,
        permits: Permits | None = None,
        retries: RetryPolicy = USUAL_RETRIES,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._sender = Sender(http, retries, timing)
        self._api_url = api_url.rstrip("/")
        self._read_token = token if callable(token) else lambda: token
        self._token = self._read_token()
        self._agent = f"DiscordBot ({contact_url}, {PRODUCT_VERSION})".encode()
        self._limiter = limiter or RateLimiter(LIMITS, timing)
        self._limits = DiscordLimits(timing)
        self._permits = permits or NoPermits()
        self._rejected_at: float | None = None
        self._own_id = ""

    @property
    def invalid_requests(self) -> int:
        """How many requests of the last ten minutes count towards Discord's ban (it blocks an address for 10,000)."""
        return self._limits.invalid_requests

    async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:
        guild = await self._read(discord_guild_id, "", tr("the server"))
        roles = wire.parse_roles(await self._fetch_roles(discord_guild_id), discord_guild_id)
        members = await self._fetch_members(discord_guild_id)
        return DiscordGuild(discord_guild_id, guild.child("name").any_text(), [role for role, _ in roles], members)

    async def fetch_member(self, discord_guild_id: str, user_id: str) -> DiscordMember | None:
        path = f"/guilds/{segment(discord_guild_id)}/members/{segment(user_id)}"
        call = _Call("GET", path, f"GET member {discord_guild_id}", tr("one member of the server"))

        def read(response: httpx2.Response) -> DiscordMember | None:
            if not response.is_success and wire.error_code(response) in (wire.UNKNOWN_MEMBER, wire.UNKNOWN_USER):
                return None
            return wire.parse_member(call.answer(response), discord_guild_id)

        return await self._ask(call, read)

    async def fetch_authority(self, discord_guild_id: str) -> RoleAuthority:
        bot = await self._fetch_own_member(discord_guild_id)
        return wire.parse_authority(await self._fetch_roles(discord_guild_id), bot, discord_guild_id)

    async def fetch_application(self) -> BotApplication:
        """Fetch the application that the bot belongs to. Raises a SourceError, such as for a rejected token."""
        call = _Call("GET", "/oauth2/applications/@me", "GET application", tr("the bot's own application"))
        return wire.parse_application(await self._ask(call, call.answer))

    async def fetch_servers(self) -> list[DiscordServer]:
        """Fetch the servers that the bot is on, the first 200 of them. Raises a SourceError."""
        query = {"limit": str(MOST_SERVERS)}
        call = _Call("GET", "/users/@me/guilds", "GET my guilds", tr("the servers that the bot is on"), query)
        return [wire.parse_server(entry) for entry in (await self._ask(call, call.answer)).items()]

    async def fetch_text_channels(self, discord_guild_id: str) -> list[TextChannel]:
        """Fetch the channels that take messages, by position, with what the bot may do in each. Raises a SourceError."""
        bot = await self._fetch_own_member(discord_guild_id)
        roles = await self._fetch_roles(discord_guild_id)
        channels = await self._read(discord_guild_id, "/channels", tr("the channels of the server"))
        return wire.parse_text_channels(channels, roles, bot, discord_guild_id)

    async def add_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        await self._change_role("PUT", discord_guild_id, user_id, role_id, reason)

    async def remove_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        await self._change_role("DELETE", discord_guild_id, user_id, role_id, reason)

    async def announce(self, channel_id: str, announcement: Announcement) -> str:
        path, content = f"/channels/{segment(channel_id)}/messages", new_message(announcement)
        call = _Call("POST", path, f"POST message {channel_id}", tr("a message in the audit channel"), json=content)
        return await self._ask(call, lambda response: str(wire.snowflake(call.answer(response).child("id"))))

    async def rewrite(self, channel_id: str, message_id: str, announcement: Announcement) -> bool:
        path, what = (
            f"/channels/{segment(channel_id)}/messages/{segment(message_id)}",
            tr("the change of a message in the audit channel"),
        )
        call = _Call("PATCH", path, f"PATCH message {channel_id}", what, json=message(announcement))
        response = await self._ask(call, lambda response: response)
        if wire.error_code(response) in (wire.UNKNOWN_MESSAGE, wire.UNKNOWN_CHANNEL):
            return False
        if not response.is_success:
            raise wire.refusal(response, call.asked)
        return True

    async def _fetch_roles(self, guild_id: str) -> Node:
        return await self._read(guild_id, "/roles", tr("the roles of the server"))

    async def _fetch_members(self, guild_id: str) -> list[DiscordMember]:
        members: dict[int, DiscordMember] = {}
        last = 0
        while True:
            query = {"limit": str(PAGE_SIZE), "after": str(last)}
            page = await self._read(guild_id, "/members", tr("the member list of the server"), query)
            entries = list(page.items())
            found = {
                wire.snowflake(entry.child("user").child("id")): wire.parse_member(entry, guild_id) for entry in entries
            }
            members.update(found)
            if len(entries) < PAGE_SIZE:
                return list(members.values())
            if max(found) <= last:
                raise page.malformed(tr("a page of members that come after those of the page before"))
            last = max(found)

    async def _change_role(self, method: str, guild_id: str, user_id: str, role_id: str, reason: str) -> None:
        path = f"/guilds/{segment(guild_id)}/members/{segment(user_id)}/roles/{segment(role_id)}"
        call = _Call(method, path, f"{method} role {guild_id}", tr("the change of a member's role"), reason=reason)
        response = await self._ask(call, lambda response: response)
        if response.is_success:
            return
        if wire.error_code(response) != wire.MISSING_PERMISSIONS:
            raise wire.refusal(response, call.asked)
        try:
            authority = await self.fetch_authority(guild_id)
        except SourceError:  # then the sentence has no names
            raise wire.role_refusal(None) from None
        obstacle = authority.obstacle(role_id)
        raise SourceDenied(obstacle) if obstacle else wire.role_refusal(authority.roles.get(role_id))

    async def _fetch_own_member(self, guild_id: str) -> DiscordMember:
        if not self._own_id:  # a token belongs to one bot
            call = _Call("GET", "/users/@me", "GET me", tr("the bot's own account"))
            self._own_id = await self._ask(call, lambda got: str(wire.snowflake(call.answer(got).child("id"))))
        bot = await self.fetch_member(guild_id, self._own_id)
        if bot is None:
            raise SourceDenied(tr(wire.NOT_ON_SERVER_REMEDY))
        return bot

    async def _read(self, guild_id: str, path: str, what: str, query: Mapping[str, str] | None = None) -> Node:
        call = _Call("GET", f"/guilds/{segment(guild_id)}{path}", f"GET guild{path} {guild_id}", what, query)

        def read(response: httpx2.Response) -> Node:
            if path == "/members" and not response.is_success and wire.error_code(response) == wire.MISSING_ACCESS:
                raise SourceDenied(tr(wire.INTENT_REMEDY))
            return call.answer(response)

        return await self._ask(call, read)

    async def _ask(self, call: _Call, read: Callable[[httpx2.Response], T]) -> T:
        """Send until there is an answer that another attempt would not change."""

        async def attempt() -> T:
            response = await self._send(call)
            if response.status_code == _UNAUTHORIZED:
                self._rejected_at = self._sender.timing.clock()
                raise SourceDenied(tr(wire.REJECTED_REMEDY))
            refuse_busy(response, call.asked)
            return read(response)

        return await self._sender.repeat(attempt)

    async def _send(self, call: _Call) -> httpx2.Response:
        self._refuse_rejected()
        await self._limits.wait(call.route)
        async with self._permits.permit(call.asked, call.route) as permit:
            await self._limiter.acquire()
            self._refuse_rejected()  # by an answer that came while this waited
            response = await self._sender.send(self._request(call), call.asked)
            permit.learn(self._limits.told(response))
        self._limits.learn(call.route, response)
        return response

    def _request(self, call: _Call) -> httpx2.Request:
        # As bytes: a token that was pasted with other than ASCII letters is then Discord's to reject.
        headers = {b"Authorization": f"Bot {self._token.strip()}".encode(), b"User-Agent": self._agent}
        if call.reason:
            headers[b"X-Audit-Log-Reason"] = wire.audit_reason(call.reason).encode()
        url = self._api_url + call.path
        return self._sender.http.build_request(call.method, url, params=call.query, json=call.json, headers=headers)

    def _refuse_rejected(self) -> None:
        if self._rejected_at is None:
            return
        token = self._read_token()
        if token == self._token and self._sender.timing.clock() - self._rejected_at < REJECTED_FOR:
            raise SourceDenied(tr(wire.REJECTED_REMEDY))
        if token != self._token:
            self._token, self._own_id = token, ""
        self._rejected_at = None


@dataclass(frozen=True, slots=True)
class _Call:
    """One request. `route` is what Discord limits by: verb, kind of address, and the server or channel."""

    method: str
    path: str
    route: str
    what: str
    query: Mapping[str, str] | None = None
    json: object = None
    reason: str = ""

    @property
    def asked(self) -> Asked:
        return Asked("Discord", self.what)

    def answer(self, response: httpx2.Response) -> Node:
        """Read a whole answer. Raises what an unusual one means."""
        if not response.is_success:
            raise wire.refusal(response, self.asked)
        return Node.of(response, self.asked)
