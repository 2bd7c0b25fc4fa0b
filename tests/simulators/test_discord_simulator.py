from typing import Any

import httpx2
import pytest

from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.model import WorldMember
from sv_common.guild_sync.sources.discord.permissions import Overwrite, Permission


class Bot:
    """Asks the simulated Discord as the bot does."""

    def __init__(self, http: httpx2.Client, simulator: GuildSimulator) -> None:
        self._http = http
        self.simulator, self.world = simulator, simulator.world
        self.guild = f"/guilds/{simulator.world.discord_guild_id}"
        self.headers = {
            "Authorization": f"Bot {simulator.discord_token}",
            "User-Agent": "DiscordBot (https://patt.invalid, 1)",
        }

    def ask(self, path: str, method: str = "GET", **more: Any) -> httpx2.Response:  # httpx's own
        return self._http.request(method, self.simulator.discord_url + path, headers=self.headers, **more)

    def post(self, channel_id: str, **payload: object) -> httpx2.Response:
        return self.ask(f"/channels/{channel_id}/messages", "POST", json=payload)


@pytest.fixture
def bot(http: httpx2.Client, simulator: GuildSimulator) -> Bot:
    return Bot(http, simulator)


@pytest.fixture
def alice(world: GuildWorld) -> WorldMember:
    return world.discord_join("alice")


def error(answer: httpx2.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_who_is_no_bot_or_has_no_token_is_refused(bot: Bot) -> None:
    bot.headers["User-Agent"] = "curl/8"
    assert bot.ask(bot.guild).status_code == 403
    bot.headers |= {"User-Agent": "DiscordBot (https://patt.invalid, 1)", "Authorization": "Bot wrong"}
    assert error(bot.ask(bot.guild)) == (401, 0)


def test_members_come_one_at_a_time_unless_more_are_asked_for(bot: Bot) -> None:
    ids = sorted((member.user_id for member in bot.world.members), key=int)
    first = bot.ask(f"{bot.guild}/members").json()
    assert [entry["user"]["id"] for entry in first] == ids[:1]
    rest = bot.ask(f"{bot.guild}/members?limit=1000&after={ids[0]}").json()
    assert [entry["user"]["id"] for entry in rest] == ids[1:]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after=-1"])
def test_an_impossible_page_is_refused(bot: Bot, query: str) -> None:
    assert error(bot.ask(f"{bot.guild}/members?{query}")) == (400, 50035)


def test_without_the_intent_there_is_no_member_list(bot: Bot) -> None:
    assert bot.ask("/oauth2/applications/@me").json()["flags"] == 1 << 15
    bot.simulator.discord.members_intent = False
    assert error(bot.ask(f"{bot.guild}/members")) == (403, 50001)
    assert bot.ask("/oauth2/applications/@me").json()["flags"] == 0


def test_the_server_counts_its_members_when_asked(bot: Bot) -> None:
    assert "approximate_member_count" not in bot.ask(bot.guild).json()
    assert bot.ask(f"{bot.guild}?with_counts=true").json()["approximate_member_count"] == len(bot.world.members)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_the_bot_may_not_touch_roles_of_integrations_or_at_its_own_height(
    bot: Bot, alice: WorldMember, method: str
) -> None:
    own, raider = bot.world.role_named("PATT"), bot.world.role_named("Raider")
    path = f"{bot.guild}/members/{alice.user_id}/roles/"
    for name in ("Server Booster", "PATT"):
        assert error(bot.ask(path + bot.world.role_named(name).role_id, method)) == (403, 50013)
    raider.position = own.position
    assert error(bot.ask(path + raider.role_id, method)) == (403, 50013)
    assert error(bot.ask(path + bot.world.discord_guild_id, method)) == (400, 50028)
    raider.position, own.permissions = 1, 0
    assert error(bot.ask(path + raider.role_id, method)) == (403, 50013)
    own.permissions = Permission.MANAGE_ROLES
    assert bot.ask(path + raider.role_id, method).status_code == 204


def test_a_permission_of_everyone_is_the_bots_too(bot: Bot, alice: WorldMember) -> None:
    bot.world.role_named("PATT").permissions = 0
    path = f"{bot.guild}/members/{alice.user_id}/roles/{bot.world.role_named('Raider').role_id}"
    assert error(bot.ask(path, "PUT")) == (403, 50013)
    bot.world.role_named("@everyone").permissions = Permission.MANAGE_ROLES
    assert bot.ask(path, "PUT").status_code == 204


def test_an_address_with_too_many_refused_requests_is_blocked(bot: Bot) -> None:
    bot.simulator.discord.most_invalid_requests = 3
    bot.simulator.faults.rate_limited("guild", 1.0, scope="shared")
    bot.simulator.faults.rate_limited("guild", 1.0)
    assert [bot.ask(bot.guild).status_code for _ in range(2)] == [429, 429]
    assert bot.simulator.discord.invalid_requests == 1
    bot.headers["Authorization"] = "Bot wrong"
    assert [bot.ask(bot.guild).status_code for _ in range(3)] == [401, 401, 429]
    blocked = bot.ask("/users/@me")
    assert (blocked.status_code, blocked.headers["content-type"].split(";")[0]) == (429, "text/html")
    assert "via" not in blocked.headers


def test_of_two_roles_in_one_position_the_older_is_the_higher(bot: Bot, alice: WorldMember) -> None:
    own, raider = bot.world.role_named("PATT"), bot.world.role_named("Raider")
    own.position = raider.position = 5
    own.role_id, raider.role_id = "10", "11"
    bot.world.bot.role_ids = [own.role_id]
    path = f"{bot.guild}/members/{alice.user_id}/roles/"
    assert bot.ask(path + raider.role_id, "PUT").status_code == 204
    own.role_id, bot.world.bot.role_ids = "12", ["12"]
    assert error(bot.ask(path + raider.role_id, "PUT")) == (403, 50013)


def test_a_bot_that_is_not_invited_knows_its_application_and_no_server(bot: Bot) -> None:
    bot.simulator.discord.is_invited = False
    bot.simulator.discord.other_servers = {"5": "Elsewhere"}
    assert [server["name"] for server in bot.ask("/users/@me/guilds").json()] == ["Elsewhere"]
    assert bot.ask("/oauth2/applications/@me").status_code == 200
    for path in (bot.guild, f"{bot.guild}/roles", f"{bot.guild}/channels", f"{bot.guild}/members"):
        assert error(bot.ask(path)) == (404, 10004)
    assert error(bot.post(bot.world.audit_channel_id, content="x")) == (404, 10003)
    bot.simulator.discord.is_invited = True
    servers = bot.ask("/users/@me/guilds").json()
    assert [server["id"] for server in servers] == ["5", bot.world.discord_guild_id]


@pytest.mark.parametrize("limit", ["0", "201", "x"])
def test_an_impossible_page_of_servers_is_refused(bot: Bot, limit: str) -> None:
    assert error(bot.ask(f"/users/@me/guilds?limit={limit}")) == (400, 50035)


@pytest.mark.parametrize(
    ("denied", "payload", "refusal"),
    [
        (Permission.VIEW_CHANNEL, {"content": "x"}, (403, 50001)),
        (Permission.SEND_MESSAGES, {"content": "x"}, (403, 50013)),
        (Permission.EMBED_LINKS, {"embeds": [{"title": "x"}]}, (403, 50013)),
    ],
)
def test_a_channel_takes_from_the_bot_what_it_is_allowed_there(
    bot: Bot, denied: Permission, payload: dict[str, object], refusal: tuple[int, int]
) -> None:
    channel = bot.world.channel(bot.world.audit_channel_id)
    assert channel is not None
    channel.overwrites = [Overwrite(bot.world.discord_guild_id, False, 0, denied)]
    assert error(bot.post(channel.channel_id, **payload)) == refusal
    channel.overwrites.append(Overwrite(bot.world.bot.user_id, True, denied, 0))
    assert bot.post(channel.channel_id, **payload).status_code == 200


def test_the_same_nonce_posts_once(bot: Bot) -> None:
    first = bot.post(bot.world.audit_channel_id, content="hello", nonce="a", enforce_nonce=True)
    again = bot.post(bot.world.audit_channel_id, content="hello", nonce="a", enforce_nonce=True)
    assert first.json()["id"] == again.json()["id"]
    assert len(bot.world.messages) == 1
    bot.post(bot.world.audit_channel_id, content="hello", nonce="a")
    assert len(bot.world.messages) == 2


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, 50006),
        ({"content": " "}, 50006),
        ({"embeds": [{"title": ""}]}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"embeds": [{"description": "x" * 4097}]}, 50035),
        ({"embeds": [{"description": "x" * 3001}] * 2}, 50035),
        ({"embeds": [{"title": "x"}] * 11}, 50035),
        ({"content": "x", "nonce": "n" * 26}, 50035),
    ],
)
def test_a_message_beyond_the_limits_is_refused(bot: Bot, payload: dict[str, object], code: int) -> None:
    assert error(bot.post(bot.world.audit_channel_id, **payload)) == (400, code)
    assert bot.world.messages == []


def test_everyone_is_alarmed_unless_the_message_says_otherwise(bot: Bot) -> None:
    channel = bot.world.audit_channel_id
    assert bot.post(channel, content="@everyone").json()["mention_everyone"] is True
    calm = bot.post(channel, content="@everyone", allowed_mentions={"parse": []})
    assert calm.json()["mention_everyone"] is False


def test_a_rate_limit_has_all_that_discord_sends_with_it(bot: Bot) -> None:
    bot.simulator.faults.rate_limited("guild", 1.25, scope="global")
    answer = bot.ask(bot.guild)
    assert (answer.status_code, answer.json()["retry_after"], answer.json()["global"]) == (429, 1.25, True)
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["via"]
    assert (answer.headers["x-ratelimit-scope"], answer.headers["x-ratelimit-global"]) == ("global", "true")
