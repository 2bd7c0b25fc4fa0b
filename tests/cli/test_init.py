"""`patt init` with its answers given beforehand, against the simulated sources."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cli.conftest import Outcome, Patt
from patt.setup.flow import STEPS
from sv_common.db import embedded, migrate
from sv_common.guild_sync.domain.discord_access import Overwrite, Permission
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.simulators.model import Realm, WorldChannel, WorldRole

Init = Callable[..., Outcome]
KEY = re.compile(r"patt watch --server http://127\.0\.0\.1:8000 --key (\S{20,})")
NAMED = {0: "Guild Master", 1: "Officer", 2: "Veteran", 4: "Member", 6: "Social"}


@pytest.fixture
def answers(simulator: GuildSimulator, world: GuildWorld) -> dict[str, str | None]:
    """Every answer that the set-up asks for."""
    return {
        "guild": "the lantern watch",
        "realm": "Mal'Torith",
        "region": "us",
        "battlenet-client-id": simulator.client_id,
        "battlenet-client-secret": simulator.client_secret,
        "discord-bot-token": simulator.discord_token,
        "discord-server": world.discord_guild_id,
        "audit-channel": "officers",
        "uploader": "Bob",
    }


@pytest.fixture
def init(patt: Patt, workplace: Path, answers: dict[str, str | None], simulator: GuildSimulator) -> Init:
    """Run `patt init --yes` with all answers, some of them changed or left out, and see that no secret is printed."""

    def run(*more: str, **changes: str | None) -> Outcome:
        given = answers | {name.replace("_", "-"): value for name, value in changes.items()}
        options = [part for name, value in given.items() if value is not None for part in (f"--{name}", value)]
        outcome = patt("init", "--yes", *options, *more)
        printed = outcome.out + outcome.err
        assert simulator.client_secret not in printed
        assert simulator.discord_token not in printed
        assert "Traceback" not in printed
        return outcome

    return run


@pytest.fixture
def export(workplace: Path, world: GuildWorld) -> str:
    """The addon's file, as an officer has it."""
    file = workplace / "PATTSync.lua"
    file.write_text(addon.render(world), encoding="utf-8")
    return str(file)


def everything(database: psycopg.Connection) -> dict[str, list[Any]]:
    """All rows of all tables."""
    query = "select schemaname, tablename from pg_tables where schemaname in ('common', 'guild_identity', 'jobs')"
    return {
        table: database.execute(
            sql.SQL("select to_jsonb(t) from {} t order by 1").format(sql.Identifier(schema, table))
        ).fetchall()
        for schema, table in database.execute(query).fetchall()
    }


def mapping(database: psycopg.Connection) -> dict[int, str | None]:
    rows = database.execute("select wow_rank_index, discord_role_name from common.guild_ranks order by 1").fetchall()
    return dict(rows)


def test_a_guild_is_set_up_from_an_empty_database_to_mapped_ranks_and_an_upload_key(
    init: Init,
    export: str,
    workplace: Path,
    world: GuildWorld,
    simulator: GuildSimulator,
    server: embedded.EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = embedded.recreate_database(server, "set_up_from_nothing")
    monkeypatch.setenv("PATT_DATABASE_URL", url)
    outcome = init(export=export)
    assert outcome.code == 0, outcome.err
    assert f"Guild 1 is The Lantern Watch, Mal'Torith (us), with {len(world.characters)} characters." in outcome.out
    assert migrate.current_revision(url) == migrate.newest_revision()
    with psycopg.connect(url) as database:
        guild = database.execute(
            "select name, region, realm_slug, name_slug, discord_guild_id, audit_channel_id from guild_identity.guilds"
        ).fetchall()
        assert guild == [
            (
                "The Lantern Watch",
                "us",
                "maltorith",
                "the-lantern-watch",
                world.discord_guild_id,
                world.audit_channel_id,
            )
        ]
        assert mapping(database) == NAMED
        managed = database.execute("select bool_and(is_role_managed) from common.guild_ranks").fetchone()
        assert managed == (True,)
        runs = database.execute("select pipeline, status from guild_identity.sync_log order by id").fetchall()
        assert runs == [("battlenet_sync", "done"), ("addon_upload", "done"), ("discord_sync", "done")]
        assert database.execute("select uploader from common.upload_keys").fetchall() == [("Bob",)]
    assert KEY.search(outcome.out)
    kept = (workplace / ".env").read_text(encoding="utf-8").splitlines()
    assert kept == [
        f"PATT_BLIZZARD_CLIENT_ID='{simulator.client_id}'",
        f"PATT_BLIZZARD_CLIENT_SECRET='{simulator.client_secret}'",
        f"PATT_DISCORD_BOT_TOKEN='{simulator.discord_token}'",
    ]
    assert stat.S_IMODE((workplace / ".env").stat().st_mode) == 0o600


def test_the_key_that_is_shown_lets_its_companion_upload_and_is_kept_nowhere(
    init: Init, patt: Patt, database: psycopg.Connection, workplace: Path
) -> None:
    shown = KEY.search(init().out)
    assert shown is not None
    assert [key["uploader"] for key in patt("keys", "list", "--json").json] == ["Bob"]
    assert shown.group(1) not in str(everything(database)) + (workplace / ".env").read_text(encoding="utf-8")


def test_setting_up_twice_changes_nothing(
    init: Init, patt: Patt, export: str, database: psycopg.Connection, workplace: Path
) -> None:
    assert init(export=export).code == 0
    before, kept = everything(database), (workplace / ".env").read_bytes()
    for again in (patt("init", "--yes"), init()):
        assert again.code == 0, again.err
        assert "Guild 1 is The Lantern Watch" in again.out
        assert "Read less than a minute ago." in again.out
        assert "There are upload keys for: Bob." in again.out
        assert KEY.search(again.out) is None
    assert everything(database) == before
    assert (workplace / ".env").read_bytes() == kept
    assert "Others is guild 2." in patt("guild", "add", "Others", "--realm", "sector-17").out


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ("battlenet-client-id", "battlenet"),
        ("battlenet-client-secret", "battlenet"),
        ("realm", "guild"),
        ("guild", "guild"),
        ("discord-bot-token", "discord"),
        ("audit-channel", "channel"),
    ],
)
def test_what_is_missing_is_named_with_its_option(init: Init, missing: str, step: str) -> None:
    outcome = init(**{missing: None})
    assert outcome.code == 1
    assert f"Give it with --{missing}, or leave the step out: --skip {step}" in outcome.err


def test_what_was_done_before_a_fault_stays_done_and_is_not_asked_for_again(
    init: Init, patt: Patt, database: psycopg.Connection
) -> None:
    assert init(audit_channel=None).code == 1
    outcome = patt("init", "--yes", "--audit-channel", "officers", "--uploader", "Bob")
    assert outcome.code == 0, outcome.err
    assert len(mapping(database)) == len(NAMED)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"battlenet-client-id": "other"}, "Battle.net rejected the client id or the client secret."),
        ({"battlenet-client-secret": "other"}, "Battle.net rejected the client id or the client secret."),
        ({"discord-bot-token": "other"}, "Discord rejected the bot's token"),
    ],
)
def test_a_credential_that_is_refused_is_not_kept(
    init: Init, workplace: Path, changes: dict[str, str], sentence: str
) -> None:
    outcome = init(**changes)
    assert outcome.code == 1
    assert sentence in outcome.err
    kept = (workplace / ".env").read_text(encoding="utf-8") if (workplace / ".env").exists() else ""
    assert "other" not in kept


def test_a_credential_of_the_environment_is_used_where_it_is_and_cannot_be_replaced_by_another(
    init: Init, workplace: Path, simulator: GuildSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_DISCORD_BOT_TOKEN", simulator.discord_token)
    assert init(discord_bot_token=None).code == 0
    assert "DISCORD_BOT_TOKEN" not in (workplace / ".env").read_text(encoding="utf-8")
    monkeypatch.setenv("PATT_DISCORD_BOT_TOKEN", "an old one")
    refused = init()
    assert refused.code == 1
    assert "PATT_DISCORD_BOT_TOKEN is set in the environment of this program, which goes before .env." in refused.err


def test_what_else_stands_in_the_settings_file_stays(init: Init, workplace: Path) -> None:
    file = workplace / ".env"
    file.write_text("# ours\nOTHER='a b'\nPATT_DISCORD_BOT_TOKEN=old\nPATT_LOG_LEVEL=ERROR", encoding="utf-8")
    file.chmod(0o644)
    assert init().code == 0
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["# ours", "OTHER='a b'"]
    assert "PATT_LOG_LEVEL=ERROR" in lines
    assert not [line for line in lines if line.endswith("old")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"realm": "Mal Toriht"}, "The region us has no realm “Mal Toriht”. Did you mean Mal'Torith?"),
        ({"realm": "Nowhere at all"}, "The region us has no realm “Nowhere at all”. Check the region too."),
        ({"realm": "sector-17"}, "Sector 17 (us) has no guild “the lantern watch”."),
        (
            {"guild": "The Lantern Watsch"},
            "Mal'Torith (us) has no guild “The Lantern Watsch”. Spell it as the game does",
        ),
        ({"region": "cn"}, "“cn” is no region that Battle.net can be asked for. Use one of: us, eu, kr, tw."),
        ({"discord-server": "5"}, "The bot is not on the Discord server 5."),
        ({"audit-channel": "offices"}, "“offices” is none of them. There are: 830000000000000002 (#general)"),
        ({"audit-channel": "Raid"}, "“Raid” is none of them."),
        ({"export": "nowhere.lua"}, "nowhere.lua cannot be read"),
        ({"map": "1=Chief"}, "No role that can be given is called “Chief”. There are: Guild Master, Officer"),
        ({"map": "1=PATT"}, "No role that can be given is called “PATT”."),
        ({"map": "1=@everyone"}, "No role that can be given is called “@everyone”."),
        (
            {"map": "3=Raider"},
            "“3=Raider” does not map a rank. Write --map RANK=ROLE, with a rank out of: 0, 1, 2, 4, 6.",
        ),
        ({"map": "Raider"}, "“Raider” does not map a rank."),
        ({"base-url": "patt.example.org"}, "“patt.example.org” is no address of pages."),
        ({"skip": "coffee"}, "“coffee” is no step that could be left out. The steps are: battlenet, guild"),
    ],
)
def test_an_answer_that_cannot_be_right_is_told_with_its_remedy(
    init: Init, changes: dict[str, str], sentence: str
) -> None:
    outcome = init(**changes)
    assert outcome.code == 1
    assert sentence in outcome.err


@pytest.mark.parametrize("realm", ["Ревущий фьорд", "Heulender Fjord", "howling-fjord", "HeulenderFjord"])
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


def test_a_bot_that_is_not_invited_yet_is_told_with_a_link_of_the_exact_permissions(
    init: Init, patt: Patt, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.discord.is_invited = False
    link = f"https://discord.com/oauth2/authorize?client_id={world.bot.user_id}&scope=bot&permissions=268454912"
    nowhere = init(discord_server=None)
    assert nowhere.code == 1
    assert f"The bot is on no Discord server yet. Open this link to invite it, then go on:\n  {link}\n" in nowhere.err
    elsewhere = init()
    assert elsewhere.code == 1
    assert f"  {link}&guild_id={world.discord_guild_id}\n" in elsewhere.err
    simulator.discord.is_invited = True
    assert init().code == 0


def test_of_several_servers_one_has_to_be_named(
    init: Init, simulator: GuildSimulator, world: GuildWorld, database: psycopg.Connection
) -> None:
    simulator.discord.other_servers = {"5": "Elsewhere"}
    outcome = init(discord_server=None)
    assert outcome.code == 1
    assert f"There are: 5 (Elsewhere), {world.discord_guild_id} (The Lantern Watch)" in outcome.err
    assert init().code == 0
    assert database.execute("select discord_guild_id from guild_identity.guilds").fetchall() == [
        (world.discord_guild_id,)
    ]


def test_without_the_members_intent_the_set_up_stops_and_says_where_to_switch_it_on(
    init: Init, simulator: GuildSimulator
) -> None:
    simulator.discord.members_intent = False
    for _ in range(2):
        outcome = init()
        assert outcome.code == 1
        assert "Switch on the Server Members Intent for the bot in the Developer Portal" in outcome.err
    simulator.discord.members_intent = True
    assert init(discord_bot_token=None).code == 0


@pytest.mark.parametrize("lacking", [Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.EMBED_LINKS])
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
    outcome = init()
    assert (outcome.code, "“officers” is more than one of them. There are: 8300" in outcome.err) == (1, True)
    assert init(audit_channel="830000000000000009").code == 0


def test_while_the_names_of_ranks_are_unknown_only_the_guild_masters_role_is_suggested(
    init: Init, database: psycopg.Connection
) -> None:
    outcome = init()
    assert outcome.code == 0
    assert "The names of the ranks are not known yet: only the addon tells them." in outcome.out
    assert "Without a role as yet: rank 1, 2, 4, 6." in outcome.out
    assert mapping(database) == {0: "Guild Master", 1: None, 2: None, 4: None, 6: None}


def test_with_the_first_export_the_other_roles_are_suggested_too(
    init: Init, export: str, database: psycopg.Connection
) -> None:
    assert init().code == 0
    assert init(export=export).code == 0
    assert mapping(database) == NAMED


def test_an_export_of_another_guild_is_not_taken_in(init: Init, export: str, database: psycopg.Connection) -> None:
    text = Path(export).read_text(encoding="utf-8").replace("The Lantern Watch", "The Others")
    Path(export).write_text(text, encoding="utf-8")
    outcome = init(export=export)
    assert (outcome.code, "This export is of “The Others”, and not of “The Lantern Watch”." in outcome.err) == (1, True)
    named = database.execute("select count(*) from common.guild_ranks where name_in_game is not null").fetchone()
    assert named == (0,)


def test_ranks_are_mapped_by_number_to_roles_by_name_or_id_or_to_none_on_purpose(
    init: Init, world: GuildWorld, database: psycopg.Connection
) -> None:
    raider = world.role_named("Raider")
    outcome = init(
        "--map", "1=officer", "--map", f"2={raider.role_id}", "--map", "4=Raider", "--map", "6=none", "--no-managed"
    )
    assert outcome.code == 0, outcome.err
    rows = database.execute(
        "select wow_rank_index, discord_role_name, is_role_managed, is_without_role from common.guild_ranks order by 1"
    ).fetchall()
    assert rows == [
        (0, "Guild Master", False, False),
        (1, "Officer", False, False),
        (2, "Raider", False, False),
        (4, "Raider", False, False),
        (6, None, False, True),
    ]


def test_two_roles_of_one_name_are_told_apart_by_their_id(init: Init, world: GuildWorld) -> None:
    world.roles.append(WorldRole("820000000000000099", "Officer", 1))
    outcome = init(map="1=Officer")
    assert (outcome.code, "Several roles are called “Officer”. Give the role's id" in outcome.err) == (1, True)


def test_roles_that_the_bot_cannot_give_are_mapped_with_a_word_of_what_to_move(
    init: Init, export: str, world: GuildWorld, database: psycopg.Connection
) -> None:
    world.role_named("PATT").position = world.role_named("Veteran").position
    outcome = init(export=export)
    assert outcome.code == 0
    assert (
        "may not give or take them: 'Guild Master', 'Officer', 'Veteran'. Move the bot's role above 'Guild Master'"
        in outcome.out
    )
    assert mapping(database) == NAMED


def test_a_bot_that_may_not_manage_roles_is_told_and_does_not_stop_the_set_up(init: Init, world: GuildWorld) -> None:
    world.role_named("PATT").permissions = 0
    outcome = init()
    assert outcome.code == 0
    assert "! The bot lacks the permission Manage Roles, so no fix can give or take a role." in outcome.out


def test_names_that_changed_in_the_game_are_shown_and_wait_for_an_officer(
    init: Init, patt: Patt, workplace: Path, world: GuildWorld, export: str
) -> None:
    assert init(export=export).code == 0
    world.rank_names[1] = "Warden"
    Path(export).write_text(addon.render(world), encoding="utf-8")
    outcome = init(export=export)
    assert outcome.code == 0
    assert "! Rank 1 is “Warden” in the game, and was “Officer” when its role was decided." in outcome.out
    assert "Until they are confirmed, no role is concluded from a rank." in outcome.out
    assert [rank["name"] for rank in patt("ranks", "list", "--json").json][1] == "Officer"


def test_each_step_can_be_left_out_and_what_needs_it_says_so(init: Init, database: psycopg.Connection) -> None:
    outcome = init("--skip", "discord", "--skip", "export")
    assert outcome.code == 0, outcome.err
    assert outcome.out.count("Left for later: it needs the token of the Discord bot.") == 1
    assert outcome.out.count("Left for later: it needs the guild's Discord server.") == 3
    assert "takes up what is left: discord, server, channel, export, ranks, members" in outcome.out
    all_left_out = init(*(part for step in STEPS for part in ("--skip", step.name)))
    assert (all_left_out.code, all_left_out.out.count("Left out.")) == (0, len(STEPS))


def test_a_source_that_is_away_stops_the_set_up_and_later_it_goes_on(init: Init, simulator: GuildSimulator) -> None:
    simulator.faults.status("roster", 500, times=None)
    outcome = init()
    assert (outcome.code, "Battle.net failed with an error of its own (HTTP 500)" in outcome.err) == (1, True)
    simulator.faults.clear()
    assert init().code == 0


def test_another_guild_cannot_take_the_same_discord_server(init: Init, patt: Patt, world: GuildWorld) -> None:
    assert patt("guild", "add", "Others", "--realm", "sector-17", "--discord-server", world.discord_guild_id).code == 0
    outcome = init()
    assert (outcome.code, "belongs to another guild of this installation" in outcome.err) == (1, True)


def test_of_several_guilds_one_is_chosen_by_name_or_number(init: Init, patt: Patt) -> None:
    assert patt("guild", "add", "Others", "--realm", "sector-17").code == 0
    assert init().code == 0
    which = patt("init", "--yes")
    assert (which.code, "There are: 1 (Others, sector-17 (us)), 2 (The Lantern Watch" in which.err) == (1, True)
    for name in ("2", "THE LANTERN WATCH"):
        assert "Guild 2 is The Lantern Watch" in patt("init", "--yes", "--guild", name).out


def test_the_address_of_the_pages_is_kept_and_stands_in_the_companions_command(init: Init, workplace: Path) -> None:
    outcome = init(base_url="https://patt.example.org/")
    assert "patt watch --server https://patt.example.org --key" in outcome.out
    assert "PATT_BASE_URL='https://patt.example.org'" in (workplace / ".env").read_text(encoding="utf-8")


def test_without_a_terminal_the_answers_have_to_be_given(patt: Patt, workplace: Path) -> None:
    outcome = patt("init")
    assert (outcome.code, "There is no terminal to ask at." in outcome.err) == (1, True)


def test_a_database_that_does_not_answer_or_is_newer_is_told_in_a_sentence(
    init: Init, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("update public.alembic_version set version_num = '9999'")
    newer = init()
    assert (newer.code, "has the schema 9999, which this version of PATT does not know" in newer.err) == (1, True)
    monkeypatch.setenv("PATT_DATABASE_URL", "postgresql://nobody:hidden@127.0.0.1:1/nothing")
    away = init()
    assert (away.code, "The database does not answer" in away.err, "hidden" in away.err) == (1, True, False)


def test_a_settings_file_that_cannot_be_read_is_named(init: Init, workplace: Path) -> None:
    (workplace / ".env").write_bytes(b"PATT_LOG_LEVEL=\xff\n")
    outcome = init()
    assert (outcome.code, "The file .env in this folder cannot be read" in outcome.err) == (1, True)
