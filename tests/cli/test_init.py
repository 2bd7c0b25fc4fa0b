"""`patt init` with its answers given beforehand: done once and for all, or stopped with the remedy and gone on with later."""

from __future__ import annotations

import io
import re
import stat
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cli.conftest import Init, Patt
from cli.mapped_ranks import NAMED, mapping
from patt.auth.hashing import hashed
from patt.companion.code import read_code
from patt.setup.wizard import STEPS
from sv_common.db import embedded, migrate
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld

CODE = re.compile(r"  patt watch\nThe code, shown only once: (patt1\S{20,})")


def everything(database: psycopg.Connection) -> dict[str, list[Any]]:
    """Every row but those that count what was requested of Battle.net and Discord."""
    query = (
        "select schemaname, tablename from pg_tables where schemaname in ('common', 'guild_identity', 'jobs') "
        "and tablename not like 'request\\_%'"
    )
    return {
        table: database.execute(
            sql.SQL("select to_jsonb(t) from {} t order by 1").format(sql.Identifier(schema, table))
        ).fetchall()
        for schema, table in database.execute(query).fetchall()
    }


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
    assert CODE.search(outcome.out)
    kept = (workplace / ".env").read_text(encoding="utf-8").splitlines()
    assert kept == [
        f"PATT_BLIZZARD_CLIENT_ID='{simulator.client_id}'",
        f"PATT_BLIZZARD_CLIENT_SECRET='{simulator.client_secret}'",
        f"PATT_DISCORD_BOT_TOKEN='{simulator.discord_token}'",
    ]
    assert stat.S_IMODE((workplace / ".env").stat().st_mode) == 0o600


def test_the_code_that_is_shown_lets_its_companion_upload_and_is_kept_nowhere(
    init: Init, patt: Patt, database: psycopg.Connection, workplace: Path
) -> None:
    shown = CODE.search(init().out)
    assert shown is not None
    assert [key["uploader"] for key in patt("keys", "list", "--json").json] == ["Bob"]
    code = read_code(shown.group(1))
    assert code.server == "http://127.0.0.1:8000"
    kept = str(everything(database)) + (workplace / ".env").read_text(encoding="utf-8")
    assert [each for each in (shown.group(1), code.key) if each in kept] == []
    hashes = database.execute("select key_hash from common.upload_keys").fetchall()
    assert hashes == [(hashed(code.key),)]


def test_setting_up_twice_changes_nothing(
    init: Init, patt: Patt, export: str, database: psycopg.Connection, workplace: Path
) -> None:
    assert init(export=export).code == 0
    before, kept = everything(database), (workplace / ".env").read_bytes()
    for again in (patt("init", "--yes"), init()):
        assert again.code == 0, again.err
        assert "Guild 1 is The Lantern Watch" in again.out
        assert "Read less than a minute ago." in again.out
        assert "Upload keys exist for: Bob." in again.out
        assert CODE.search(again.out) is None
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
    assert init(**{missing: None}).refuses(f"Give it with --{missing}, or skip the step: --skip {step}")


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
    assert init(**changes).refuses(sentence)
    kept = (workplace / ".env").read_text(encoding="utf-8") if (workplace / ".env").exists() else ""
    assert "other" not in kept


def test_a_credential_of_the_environment_is_used_where_it_is_and_cannot_be_replaced_by_another(
    init: Init, workplace: Path, simulator: GuildSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_DISCORD_BOT_TOKEN", simulator.discord_token)
    assert init(discord_bot_token=None).code == 0
    assert "DISCORD_BOT_TOKEN" not in (workplace / ".env").read_text(encoding="utf-8")
    monkeypatch.setenv("PATT_DISCORD_BOT_TOKEN", "an old one")
    assert init().refuses("PATT_DISCORD_BOT_TOKEN is set in the environment, which overrides .env.")


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
        ({"region": "cn"}, "“cn” is not a region of Battle.net. Use one of: us, eu, kr, tw."),
        ({"discord-server": "5"}, "The bot is not on the Discord server 5."),
        ({"audit-channel": "offices"}, "“offices” is not a choice. Use one of: 830000000000000002 (#general)"),
        ({"audit-channel": "Raid"}, "“Raid” is not a choice."),
        ({"export": "nowhere.lua"}, "nowhere.lua cannot be read"),
        ({"map": "1=Chief"}, "No role that the bot can give is named “Chief”. Use one of: Guild Master, Officer"),
        ({"map": "1=PATT"}, "No role that the bot can give is named “PATT”."),
        ({"map": "1=@everyone"}, "No role that the bot can give is named “@everyone”."),
        (
            {"map": "3=Raider"},
            "“3=Raider” does not map a rank. Write --map RANK=ROLE, with one of the ranks 0, 1, 2, 4, 6.",
        ),
        ({"map": "Raider"}, "“Raider” does not map a rank."),
        ({"base-url": "patt.example.org"}, "“patt.example.org” is not a web address."),
        ({"skip": "coffee"}, "“coffee” is not a step. The steps are: battlenet, guild"),
    ],
)
def test_an_answer_that_cannot_be_right_is_told_with_its_remedy(
    init: Init, changes: dict[str, str], sentence: str
) -> None:
    assert init(**changes).refuses(sentence)


def test_each_step_can_be_left_out_and_what_needs_it_says_so(init: Init, database: psycopg.Connection) -> None:
    outcome = init("--skip", "discord", "--skip", "export")
    assert outcome.code == 0, outcome.err
    assert outcome.out.count("Later: it needs the token of the Discord bot.") == 1
    assert outcome.out.count("Later: it needs the guild's Discord server.") == 3
    assert "continues with: discord, server, channel, export, ranks, members" in outcome.out
    all_left_out = init(*(part for step in STEPS for part in ("--skip", step.name)))
    assert (all_left_out.code, all_left_out.out.count("Skipped.")) == (0, len(STEPS))


def test_a_source_that_is_away_stops_the_set_up_and_later_it_goes_on(init: Init, simulator: GuildSimulator) -> None:
    simulator.faults.status("roster", 500, times=None)
    assert init().refuses("Battle.net failed with an error of its own (HTTP 500)")
    simulator.faults.clear()
    assert init().code == 0


def test_the_address_of_the_pages_is_kept_and_stands_in_the_companions_code(init: Init, workplace: Path) -> None:
    outcome = init(base_url="https://patt.example.org/")
    shown = CODE.search(outcome.out)
    assert shown is not None
    assert read_code(shown.group(1)).server == "https://patt.example.org"
    assert "PATT_BASE_URL='https://patt.example.org'" in (workplace / ".env").read_text(encoding="utf-8")


def test_without_a_terminal_the_answers_have_to_be_given(patt: Patt, workplace: Path) -> None:
    assert patt("init").refuses("PATT cannot prompt without a terminal.")


def test_the_end_of_what_is_typed_ends_the_set_up_with_a_sentence(
    patt: Patt, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = io.StringIO()
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", typed)
    outcome = patt("init")
    assert (outcome.code, "Stopped. Finished steps are kept" in outcome.out) == (130, True)


@pytest.mark.own_database
def test_a_database_that_does_not_answer_or_is_newer_is_told_in_a_sentence(
    init: Init, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("update public.alembic_version set version_num = '9999'")
    assert init().refuses("has the schema 9999, which this version of PATT does not know")
    monkeypatch.setenv("PATT_DATABASE_URL", "postgresql://nobody:hidden@127.0.0.1:1/nothing")
    away = init()
    assert (away.code, "The database does not answer" in away.err, "hidden" in away.err) == (1, True, False)


def test_a_settings_file_that_cannot_be_read_is_named(init: Init, workplace: Path) -> None:
    (workplace / ".env").write_bytes(b"PATT_LOG_LEVEL=\xff\n")
    assert init().refuses("The file .env in this folder cannot be read")


def test_that_the_classic_games_cannot_be_read_yet_is_said_where_a_guild_is_set_up(init: Init, patt: Patt) -> None:
    outcome = init()
    told = "Retail guilds only: Battle.net's rosters of the Classic games cannot be read yet."
    assert told in outcome.out
    assert outcome.out.index(told) < outcome.out.index("Guild 1 is The Lantern Watch")
    assert "the Classic games cannot be read from Battle.net yet." in init(guild="Nobody's Watch").err
    assert "no Classic games yet" in patt("guild", "add", "--help").out
