"""Answers as Discord's REST API (version 10) does, for the server of one simulated guild."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sv_common.guild_sync.simulators import discord_shapes as shapes
from sv_common.guild_sync.simulators.discord_oauth import DiscordSignIn
from sv_common.guild_sync.simulators.faults import ERROR_PAGE, TOO_MANY_REQUESTS, Endpoint, Faults, RefusedError
from sv_common.guild_sync.simulators.limits import DiscordBuckets
from sv_common.guild_sync.simulators.model import AuditEntry, WorldChannel, WorldMember, WorldMessage, WorldRole
from sv_common.guild_sync.simulators.world import GuildWorld
from sv_common.guild_sync.sources.discord.permissions import Permission, permissions_in_channel

BOT_TOKEN = "patt-bot-token"  # noqa: S105  # of the simulator, made up
LARGEST_PAGE = 1000
MOST_GUILDS_ON_A_PAGE = 200
MOST_INVALID_REQUESTS = 10_000
"""Refused requests (401, 403, and 429 but for shared limits) within ten minutes for which Discord blocks an address."""
BLOCKED_FOR = 3600
"""Seconds that a blocked address is told to wait; Discord does not say how long it really is."""

LONGEST_REASON = 512
LONGEST_NONCE = 25
LONGEST_CONTENT = 2000
MOST_EMBEDS = 10
LONGEST_IN_ALL_EMBEDS = 6000
LONGEST_EMBED_TEXTS = {"title": 256, "description": 4096}
MOST_FIELDS = 25
LONGEST_FIELD_TEXTS = {"name": 256, "value": 1024}
"""Discord's limits for a message (Discord documentation, "Message" and "Embed Limits"), in characters; a field may not be empty."""


class DiscordSimulator:
    """The REST API of one server, and the sign-in. `app` serves it below its own root; `faults` makes it misbehave.

    Routes: guild, roles, channels, members, member, add_role, remove_role, message, rewrite, me, my_guilds, application. Without
    `members_intent` the member list is refused; without `is_invited` the bot is not on the server. `other_servers` (names by id)
    are only listed. `invalid_requests` count towards the block at `most_invalid_requests`. With `buckets` Discord's rate limits hold.
    """

    def __init__(self, world: GuildWorld, *, faults: Faults | None = None) -> None:
        self.world = world
        self.faults = faults or Faults()
        self.sign_in = DiscordSignIn(world, faults=self.faults)
        self.members_intent = True
        self.is_invited = True
        self.other_servers: dict[str, str] = {}
        self.invalid_requests = 0
        self.most_invalid_requests = MOST_INVALID_REQUESTS
        self.buckets: DiscordBuckets | None = None
        self._authorization = f"Bot {BOT_TOKEN}"
        guild = "/guilds/{guild}"
        member = guild + "/members/{user}"
        self.app = Starlette(
            routes=[
                self._route(guild, "guild", self._guild),
                self._route(f"{guild}/roles", "roles", self._roles),
                self._route(f"{guild}/channels", "channels", self._channels),
                self._route(f"{guild}/members", "members", self._members),
                self._route(member, "member", self._member),
                self._route(member + "/roles/{role}", "add_role", self._add_role, "PUT"),
                self._route(member + "/roles/{role}", "remove_role", self._remove_role, "DELETE"),
                self._route("/channels/{channel}/messages", "message", self._message, "POST"),
                self._route("/channels/{channel}/messages/{message}", "rewrite", self._rewrite, "PATCH"),
                self._route("/users/@me", "me", self._me),
                self._route("/users/@me/guilds", "my_guilds", self._my_guilds),
                self._route("/oauth2/applications/@me", "application", self._application),
                *self.sign_in.routes,
            ]
        )

    def _route(self, path: str, name: str, endpoint: Endpoint, method: str = "GET") -> Route:
        async def guarded(request: Request) -> Response:
            if not request.headers.get("user-agent", "").startswith("DiscordBot ("):
                return HTMLResponse(ERROR_PAGE, 403)
            if name == "me" and (user := self.sign_in.user_of(request.headers.get("authorization"))):
                return JSONResponse(user)
            if request.headers.get("authorization") != self._authorization:
                return JSONResponse({"message": "401: Unauthorized", "code": 0}, 401)
            return await endpoint(request)

        return Route(path, self._blocking(self.faults.watched(name, guarded)), methods=[method], name=name)

    def _blocking(self, endpoint: Endpoint) -> Endpoint:
        """Wrap a route's endpoint, so that its refusals are counted, and too many of them end all answers."""

        async def answer(request: Request) -> Response:
            if self.invalid_requests >= self.most_invalid_requests:
                return HTMLResponse(ERROR_PAGE, TOO_MANY_REQUESTS, {"Retry-After": str(BLOCKED_FOR)})
            response = await self._limited(endpoint, request)
            self.invalid_requests += _is_invalid(response)
            return response

        return answer

    async def _limited(self, endpoint: Endpoint, request: Request) -> Response:
        if self.buckets is None:
            return await endpoint(request)
        place = request.path_params.get("guild") or request.path_params.get("channel") or ""
        refusal, headers = self.buckets.count(f"{request.method} {request.scope['route'].name} {place}")
        response = refusal or await endpoint(request)
        response.headers.update(headers)
        return response

    async def _guild(self, request: Request) -> Response:
        self._check_guild(request)
        return JSONResponse(
            shapes.guild_object(self.world, with_counts=request.query_params.get("with_counts") == "true")
        )

    async def _roles(self, request: Request) -> Response:
        self._check_guild(request)
        return JSONResponse([shapes.role_object(role) for role in self.world.roles])

    async def _channels(self, request: Request) -> Response:
        self._check_guild(request)
        return JSONResponse([shapes.channel_object(each, self.world.discord_guild_id) for each in self.world.channels])

    async def _members(self, request: Request) -> Response:
        self._check_guild(request)
        if not self.members_intent:
            raise _refused(403, 50001, "Missing Access")
        limit = _number(request.query_params.get("limit", "1"))
        after = _number(request.query_params.get("after", "0"))
        if not 1 <= limit <= LARGEST_PAGE:
            raise _refused(400, 50035, "Invalid Form Body")
        ordered = sorted(self.world.members, key=lambda member: int(member.user_id))
        page = [member for member in ordered if int(member.user_id) > after][:limit]
        return JSONResponse([shapes.member_object(member) for member in page])

    async def _member(self, request: Request) -> Response:
        return JSONResponse(shapes.member_object(self._found_member(request)))

    async def _add_role(self, request: Request) -> Response:
        member, role = self._changeable(request)
        if role.role_id not in member.role_ids:
            member.role_ids.append(role.role_id)
            self._log("add", request, member, role)
        return Response(status_code=204)

    async def _remove_role(self, request: Request) -> Response:
        member, role = self._changeable(request)
        if role.role_id in member.role_ids:
            member.role_ids.remove(role.role_id)
            self._log("remove", request, member, role)
        return Response(status_code=204)

    async def _message(self, request: Request) -> Response:
        channel = self._found_channel(request)
        payload = await request.json()
        _check_message(payload)
        self._check_writable(channel, has_embeds=bool(shapes.embeds(payload)))
        nonce = None if payload.get("nonce") is None else str(payload["nonce"])
        is_once = nonce and payload.get("enforce_nonce")
        posted = next((message for message in self.world.messages if is_once and message.nonce == nonce), None)
        if posted is None:
            posted = WorldMessage(self.world.new_snowflake(), channel.channel_id, nonce, payload)
            self.world.messages.append(posted)
        return JSONResponse(shapes.message_object(self.world, posted))

    async def _rewrite(self, request: Request) -> Response:
        channel = self._found_channel(request)
        wanted = request.path_params["message"]
        posted = next((message for message in self.world.messages if message.message_id == wanted), None)
        if posted is None or posted.channel_id != channel.channel_id:
            raise _refused(404, 10008, "Unknown Message")
        payload = {**posted.payload, **await request.json()}
        _check_message(payload)
        self._check_writable(channel, has_embeds=bool(shapes.embeds(payload)))
        posted.payload = payload
        return JSONResponse(shapes.message_object(self.world, posted))

    async def _me(self, request: Request) -> Response:  # noqa: ARG002  # every endpoint takes the request
        return JSONResponse(shapes.me_object(self.world.bot))

    async def _my_guilds(self, request: Request) -> Response:
        if not 1 <= _number(request.query_params.get("limit", "200")) <= MOST_GUILDS_ON_A_PAGE:
            raise _refused(400, 50035, "Invalid Form Body")
        servers = dict(self.other_servers)
        if self.is_invited:
            servers[self.world.discord_guild_id] = self.world.discord_name
        ordered = sorted(servers.items(), key=lambda server: int(server[0]))
        return JSONResponse([shapes.my_guild_object(*server, self._own_permissions()) for server in ordered])

    async def _application(self, request: Request) -> Response:  # noqa: ARG002  # every endpoint takes the request
        return JSONResponse(shapes.application_object(self.world, members_intent=self.members_intent))

    def _found_channel(self, request: Request) -> WorldChannel:
        channel = self.world.channel(request.path_params["channel"])
        if channel is None or not self.is_invited:
            raise _refused(404, 10003, "Unknown Channel")
        return channel

    def _check_guild(self, request: Request) -> None:
        if request.path_params["guild"] != self.world.discord_guild_id or not self.is_invited:
            raise _refused(404, 10004, "Unknown Guild")

    def _check_writable(self, channel: WorldChannel, *, has_embeds: bool) -> None:
        bot, own = self.world.bot, self._own_permissions()
        allowed = permissions_in_channel(
            own, self.world.discord_guild_id, bot.role_ids, bot.user_id, channel.overwrites
        )
        if not allowed & Permission.VIEW_CHANNEL:
            raise _refused(403, 50001, "Missing Access")
        if not allowed & Permission.SEND_MESSAGES or (has_embeds and not allowed & Permission.EMBED_LINKS):
            raise _refused(403, 50013, "Missing Permissions")

    def _own_roles(self) -> list[WorldRole]:
        held = {self.world.discord_guild_id, *self.world.bot.role_ids}
        return [role for role in self.world.roles if role.role_id in held]

    def _own_permissions(self) -> int:
        joined = 0
        for role in self._own_roles():
            joined |= role.permissions
        return joined

    def _found_member(self, request: Request) -> WorldMember:
        self._check_guild(request)
        member = self.world.member(request.path_params["user"])
        if member is None:
            raise _refused(404, 10007, "Unknown Member")
        return member

    def _changeable(self, request: Request) -> tuple[WorldMember, WorldRole]:
        """Find member and role of the address. The bot may give and take what is below its own highest role."""
        member = self._found_member(request)
        role = self.world.role(request.path_params["role"])
        if role is None:
            raise _refused(404, 10011, "Unknown Role")
        if role.role_id == self.world.discord_guild_id:
            raise _refused(400, 50028, "Invalid Role")
        allowed = self._own_permissions() & (Permission.MANAGE_ROLES | Permission.ADMINISTRATOR)
        if role.managed or not allowed or max(map(_height, self._own_roles())) <= _height(role):
            raise _refused(403, 50013, "Missing Permissions")
        return member, role

    def _log(self, action: str, request: Request, member: WorldMember, role: WorldRole) -> None:
        header = request.headers.get("x-audit-log-reason")
        reason = None if header is None else unquote(header)[:LONGEST_REASON]
        self.world.audit_log.append(AuditEntry(action, member.user_id, role.role_id, reason))


def _refused(status: int, code: int, message: str) -> RefusedError:
    return RefusedError(JSONResponse({"message": message, "code": code}, status))


def _is_invalid(response: Response) -> bool:
    shared = response.headers.get("x-ratelimit-scope") == "shared"
    return response.status_code in (401, 403) or (response.status_code == TOO_MANY_REQUESTS and not shared)


def _height(role: WorldRole) -> tuple[int, int]:
    """Order roles by power: by position, and of two in one position the older (lower id) is the higher."""
    return role.position, -int(role.role_id)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise _refused(400, 50035, "Invalid Form Body")
    return int(text)


def _check_message(payload: Mapping[str, object]) -> None:
    content = str(payload.get("content") or "").strip()
    sent = shapes.embeds(payload)
    if not content and not any(_embed_length(embed) for embed in sent):
        raise _refused(400, 50006, "Cannot send an empty message")
    too_long = len(content) > LONGEST_CONTENT or len(sent) > MOST_EMBEDS
    too_long = too_long or len(str(payload.get("nonce") or "")) > LONGEST_NONCE
    too_long = too_long or sum(map(_embed_length, sent)) > LONGEST_IN_ALL_EMBEDS
    if too_long or any(map(_is_invalid_embed, sent)):
        raise _refused(400, 50035, "Invalid Form Body")


def _is_invalid_embed(embed: Mapping[str, object]) -> bool:
    fields = _fields(embed)
    too_long = any(len(_text(embed, key)) > limit for key, limit in LONGEST_EMBED_TEXTS.items())
    too_long = too_long or len(fields) > MOST_FIELDS
    return too_long or not all(
        0 < len(_text(each, key)) <= limit for each in fields for key, limit in LONGEST_FIELD_TEXTS.items()
    )


def _embed_length(embed: Mapping[str, object]) -> int:
    own = sum(len(_text(embed, key)) for key in LONGEST_EMBED_TEXTS)
    return own + sum(len(_text(each, key)) for each in _fields(embed) for key in LONGEST_FIELD_TEXTS)


def _fields(embed: Mapping[str, object]) -> list[Mapping[str, object]]:
    fields = embed.get("fields")
    return [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []


def _text(embed: Mapping[str, object], key: str) -> str:
    return str(embed.get(key) or "").strip()
