"""Every route of the simulated Discord answers as Discord documents it: its success, and each error that it can give.

Routes are taken from the simulator itself, so a new one is checked without being named here; only a body that it wants
has to be given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx2
import pytest
from starlette.routing import Route

from conformance.document import DiscordDocument
from conformance.recorder import Recorder
from faults.installation import seeded_world
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.simulators.discord import DiscordSimulator
from sv_common.guild_sync.simulators.model import WorldMessage
from sv_common.guild_sync.sources.discord.message import Announcement, message, new_message

pytestmark = pytest.mark.fixtures

NOBODY = "42"

BODIES: Mapping[str, Mapping[str, object]] = {
    "message": new_message(Announcement("title", "body", "n-1")),
    "rewrite": message(Announcement("title", "another body", "n-1")),
}
"""What is sent to the routes that want a body."""

QUERIES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "guild": ({"with_counts": "true"},),
    "members": ({"limit": "1000"}, {"limit": "2", "after": "840000000000000001"}),
}
"""With which queries a route is asked beside none."""


ROUTES = [
    route
    for route in DiscordSimulator(seeded_world()).app.routes
    if isinstance(route, Route) and not route.path.startswith("/oauth2/")
]
"""Signing in follows RFC 6749 and 7009, and Discord's document leaves its addresses out."""

EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.name))


def _method(route: Route) -> str:
    return next(method for method in sorted(route.methods or ()) if method != "HEAD")


class Bot:
    """Asks the routes of the simulated Discord, and says what is wrong with the answers."""

    def __init__(
        self, http: httpx2.AsyncClient, simulator: GuildSimulator, recorder: Recorder, document: DiscordDocument
    ) -> None:
        self._http = http
        self._simulator = simulator
        self._recorder = recorder
        self._document = document
        self.token = simulator.discord_token

    async def ask(
        self,
        route: Route,
        query: Mapping[str, str] | None = None,
        *,
        body: object = None,
        unknown: str = "",
    ) -> int:
        """Ask a route about what there is, or about one `unknown` thing; return the status.

        The answer must be as documented.
        """
        method, names = _method(route), self._there_is() | ({unknown: NOBODY} if unknown else {})
        headers = {"User-Agent": "DiscordBot (https://patt.invalid, 1)", "Authorization": f"Bot {self.token}"}
        url = self._simulator.discord_url + route.path.format_map(names)
        sent = BODIES.get(route.name) if body is None else body
        response = await self._http.request(method, url, params=query, json=sent, headers=headers)
        assert self._document.faults_of_answer(self._recorder.exchanges[-1]) == []
        return response.status_code

    def _there_is(self) -> dict[str, str]:
        """What the names in a path stand for."""
        world = self._simulator.world
        return {
            "guild": world.discord_guild_id,
            "user": world.members[0].user_id,
            "role": world.role_named("Raider").role_id,
            "channel": world.audit_channel_id,
            "message": self._posted().message_id,
        }

    def _posted(self) -> WorldMessage:
        """A message in the channel."""
        world = self._simulator.world
        if not world.messages:
            world.messages.append(WorldMessage(world.new_snowflake(), world.audit_channel_id, None, BODIES["rewrite"]))
        return world.messages[0]


@pytest.fixture
def bot(
    http: httpx2.AsyncClient, simulator: GuildSimulator, recorder: Recorder, discord_document: DiscordDocument
) -> Bot:
    return Bot(http, simulator, recorder, discord_document)


@EVERY_ROUTE
async def test_a_success_is_as_documented(bot: Bot, route: Route) -> None:
    for query in (None, *QUERIES.get(route.name, ())):
        assert await bot.ask(route, query) in (200, 204)


@EVERY_ROUTE
async def test_a_rejected_token_is_told_as_documented(bot: Bot, route: Route) -> None:
    bot.token = "wrong"  # noqa: S105 -- made up
    assert await bot.ask(route) == 401


@EVERY_ROUTE
async def test_what_is_unknown_is_told_as_documented(bot: Bot, route: Route) -> None:
    for name in re.findall(r"{(\w+)}", route.path):
        assert await bot.ask(route, unknown=name) == 404


@EVERY_ROUTE
@pytest.mark.parametrize("scope", ["user", "global", "shared"])
async def test_a_rate_limit_is_told_as_documented(
    bot: Bot, simulator: GuildSimulator, route: Route, scope: str
) -> None:
    simulator.faults.rate_limited(route.name, 1.5, scope=scope)
    assert await bot.ask(route) == 429


def _named(name: str) -> Route:
    return next(route for route in ROUTES if route.name == name)


async def test_a_missing_intent_is_told_as_documented(bot: Bot, simulator: GuildSimulator) -> None:
    simulator.discord.members_intent = False
    assert await bot.ask(_named("members")) == 403


@pytest.mark.parametrize("name", ["add_role", "remove_role"])
async def test_a_missing_permission_is_told_as_documented(bot: Bot, simulator: GuildSimulator, name: str) -> None:
    simulator.world.role_named("PATT").permissions = 0
    assert await bot.ask(_named(name)) == 403


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "many"}, {"after": "-1"}])
async def test_a_wrong_query_is_told_as_documented(bot: Bot, query: dict[str, str]) -> None:
    assert await bot.ask(_named("members"), query) == 400


@pytest.mark.parametrize("body", [{}, {"content": "x" * 2001}, {"embeds": [{"title": "x"}] * 11}])
async def test_a_message_that_cannot_be_is_told_as_documented(bot: Bot, body: dict[str, object]) -> None:
    assert await bot.ask(_named("message"), body=body) == 400
