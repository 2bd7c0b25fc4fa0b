"""Which guild, Discord server and channel `patt init` takes, and which it refuses with the remedy."""

from __future__ import annotations

import re

import psycopg
import pytest

from cli.conftest import Init, Patt
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.model import Realm, WorldChannel
from sv_common.guild_sync.sources.discord.permissions import Overwrite, Permission


@pytest.mark.parametrize("realm", ["Ревущий фьорд", "HeulenderFjord"])
def test_a_realm_is_found_by_its_name_in_any_language(
    init: Init, world: GuildWorld, database: psycopg.Connection, realm: str
) -> None:
    names = {"ru_RU": "Ревущий фьорд", "de_DE": "Heulender Fjord"}
    world.region, world.realm = "eu", Realm(1615, "Howling Fjord", "howling-fjord", names)
    world.realms.append(world.realm)
    outcome = init(region="EU", realm=realm)
    assert outcome.code == 0, outcome.err
    assert "Guild 1 is The Lantern Watch, Howling Fjord (eu)" in outcome.out
    found = database.execute("select region, realm_slug from guild_identity.guilds").fetchall()
    assert found == [("eu", "howling-fjord")]


def test_a_guild_that_is_known_by_another_spelling_is_not_added_twice(
    init: Init, world: GuildWorld, database: psycopg.Connection
) -> None:
    world.guild_name, world.guild_slug = "Dawn's Wake", "dawns-wake"
    assert init(guild="dawn's wake").code == 0
    assert init(guild="<Dawn's  Wake>").code == 0
    rows = database.execute("select name, name_slug from guild_identity.guilds").fetchall()
    assert rows == [("Dawn's Wake", "dawns-wake")]


@pytest.mark.parametrize(
    ("moved", "addresses"), [("--moved", {"new-watch"}), ("--no-moved", {"the-lantern-watch", "new-watch"})]
)
def test_a_guild_with_a_new_name_is_the_known_one_if_an_officer_says_so(
    init: Init, world: GuildWorld, database: psycopg.Connection, moved: str, addresses: set[str]
) -> None:
    assert init().code == 0
    world.guild_name, world.guild_slug = "New Watch", "new-watch"
    outcome = init(moved, "--skip", "server", "--skip", "channel", guild="New Watch")
    assert outcome.code == 0, outcome.err
    assert {slug for (slug,) in database.execute("select name_slug from guild_identity.guilds")} == addresses


def test_a_guild_with_a_new_name_is_moved_by_one_command_and_keeps_its_past(
    init: Init, patt: Patt, world: GuildWorld, database: psycopg.Connection
) -> None:
    assert init().code == 0
    world.guild_name, world.guild_slug = "New Watch", "new-watch"
    looked = patt("guild", "move", "New Watch", "--dry-run")
    assert (looked.code, "are the same" in looked.out) == (0, True)
    assert database.execute("select name_slug from guild_identity.guilds").fetchall() == [("the-lantern-watch",)]
    outcome = patt("guild", "move", "New Watch")
    assert (outcome.code, "is New Watch now" in outcome.out) == (0, True)
    assert database.execute("select name, name_slug from guild_identity.guilds").fetchall() == [
        ("New Watch", "new-watch")
    ]
    former = database.execute("select name, name_slug from guild_identity.former_addresses").fetchall()
    assert former == [("The Lantern Watch", "the-lantern-watch")]
    assert patt("guild", "move", "New Watch").code == 1


def test_a_bot_that_is_not_invited_yet_is_told_with_a_link_of_the_exact_permissions(
    init: Init, patt: Patt, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.discord.is_invited = False
    link = f"https://discord.com/oauth2/authorize?client_id={world.bot.user_id}&scope=bot&permissions=268454912"
    assert init(discord_server=None).refuses(
        f"The bot is on no Discord server yet. Open this link to invite it, then continue:\n  {link}\n"
    )
    assert init().refuses(f"  {link}&guild_id={world.discord_guild_id}\n")
    simulator.discord.is_invited = True
    assert init().code == 0


def test_of_several_servers_one_has_to_be_named(
    init: Init, simulator: GuildSimulator, world: GuildWorld, database: psycopg.Connection
) -> None:
    simulator.discord.other_servers = {"5": "Elsewhere"}
    assert init(discord_server=None).refuses(f"There are: 5 (Elsewhere), {world.discord_guild_id} (The Lantern Watch)")
    assert init().code == 0
    assert database.execute("select discord_guild_id from guild_identity.guilds").fetchall() == [
        (world.discord_guild_id,)
    ]


def test_without_the_members_intent_the_set_up_stops_and_says_where_to_switch_it_on(
    init: Init, simulator: GuildSimulator
) -> None:
    simulator.discord.members_intent = False
    for _ in range(2):
        assert init().refuses("Switch on the Server Members Intent for the bot in the Developer Portal")
    simulator.discord.members_intent = True
    assert init(discord_bot_token=None).code == 0


@pytest.mark.parametrize(
    "lacking",
    [
        Permission.SEND_MESSAGES,
        pytest.param(Permission.VIEW_CHANNEL, marks=pytest.mark.nightly),
        pytest.param(Permission.EMBED_LINKS, marks=pytest.mark.nightly),
    ],
)
def test_a_channel_in_which_the_bot_may_not_post_is_not_taken(
    init: Init, world: GuildWorld, database: psycopg.Connection, lacking: Permission
) -> None:
    officers = world.channel(world.audit_channel_id)
    assert officers is not None
    officers.overwrites = [Overwrite(world.discord_guild_id, False, 0, lacking)]
    for named in (world.audit_channel_id, "officers"):
        outcome = init(audit_channel=named)
        assert outcome.code == 1
        assert re.search(f"In #officers the bot lacks .*{lacking.label}", outcome.err)
    assert database.execute("select audit_channel_id from guild_identity.guilds").fetchall() == [(None,)]
    officers.overwrites.append(Overwrite(world.role_named("PATT").role_id, False, lacking, 0))
    assert init(audit_channel="#Officers").code == 0
    assert database.execute("select audit_channel_id from guild_identity.guilds").fetchall() == [(officers.channel_id,)]


def test_two_channels_of_one_name_are_told_apart_by_their_id(init: Init, world: GuildWorld) -> None:
    world.channels.append(WorldChannel("830000000000000009", "officers", 5))
    assert init().refuses("“officers” fits more than one choice. Use one of: 8300")
    assert init(audit_channel="830000000000000009").code == 0


def test_another_guild_cannot_take_the_same_discord_server(init: Init, patt: Patt, world: GuildWorld) -> None:
    assert patt("guild", "add", "Others", "--realm", "sector-17", "--discord-server", world.discord_guild_id).code == 0
    assert init().refuses("belongs to another guild here")


def test_of_several_guilds_one_is_chosen_by_name_or_number(init: Init, patt: Patt) -> None:
    assert patt("guild", "add", "Others", "--realm", "sector-17").code == 0
    assert init().code == 0
    assert patt("init", "--yes").refuses("There are: 1 (Others, sector-17 (us)), 2 (The Lantern Watch")
    for name in ("2", "THE LANTERN WATCH"):
        assert "Guild 2 is The Lantern Watch" in patt("init", "--yes", "--guild", name).out
