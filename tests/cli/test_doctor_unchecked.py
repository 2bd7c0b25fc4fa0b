"""What `patt doctor` cannot use: its fault is told, what depends on it is not checked, and everything else is."""

from __future__ import annotations

import os

import pytest

from cli.conftest import Practice
from sv_common.db import embedded, migrate

NOT_CHECKED = "Not checked, because “{}” failed."


def test_settings_that_cannot_be_used_are_named_and_nothing_else_can_be_checked(practice: Practice) -> None:
    practice.environment.setenv("PATT_LOG_LEVEL", "loud")
    wrong = practice.wrong()
    assert "PATT_LOG_LEVEL: Input should be" in wrong.pop("settings")[0]
    assert set(wrong) == {
        *("discord sign-in", "database", "schema", "database access", "worker", "guilds"),
        *("battlenet credentials", "discord token", "discord members intent"),
    }
    assert set(wrong.values()) == {(NOT_CHECKED.format("settings"), "Fix “settings” first.")}


def test_settings_that_cannot_be_used_are_told_in_the_language_of_the_terminal(practice: Practice) -> None:
    practice.environment.setenv("PATT_LANGUAGE", "de")
    practice.environment.setenv("PATT_LOG_LEVEL", "loud")
    practice.environment.setenv("PATT_BASE_URL", "ftp://example")
    told = practice.wrong()["settings"][0]
    assert "PATT_LOG_LEVEL: Muss 'DEBUG', 'INFO', 'WARNING' oder 'ERROR' sein" in told
    assert "PATT_BASE_URL: muss eine Adresse sein, die mit http:// oder https:// beginnt" in told


def test_a_database_that_does_not_answer_does_not_hide_what_the_sources_say(practice: Practice) -> None:
    practice.environment.setenv("PATT_DATABASE_URL", "postgresql://nobody:hidden@127.0.0.1:1/nothing")
    checks = practice.examine()
    assert "The database does not answer" in checks["database"]["message"]
    assert "hidden" not in str(checks)
    assert checks["database"]["remedy"] == "Start the database server, and check PATT_DATABASE_URL."
    for name in ("schema", "database access", "worker", "guilds"):
        assert checks[name]["message"] == NOT_CHECKED.format("database")
    assert checks["battlenet credentials"]["ok"]
    assert checks["discord token"]["ok"]
    assert checks["discord members intent"]["ok"]


def test_a_database_of_another_schema_is_not_looked_into(practice: Practice) -> None:
    practice.change("update public.alembic_version set version_num = '0000'")
    wrong = practice.wrong()
    assert wrong.pop("schema")[0] == "The database has the schema 0000, which this version of PATT does not know."
    assert wrong == dict.fromkeys(
        ("database access", "worker", "guilds"), (NOT_CHECKED.format("schema"), "Fix “schema” first.")
    )


def test_before_any_set_up_the_set_up_is_the_remedy(practice: Practice, server: embedded.EmbeddedServer) -> None:
    practice.environment.setenv("PATT_DATABASE_URL", embedded.recreate_database(server, "never_set_up"))
    assert practice.wrong()["schema"] == (
        f"The database has the schema (none), and this version needs {migrate.newest_revision()}.",
        "patt init",
    )


def test_an_embedded_database_that_cannot_start_is_told(practice: Practice) -> None:
    practice.environment.delenv("PATT_DATABASE_URL")
    (practice.folder / "occupied").write_text("no folder", encoding="utf-8")
    practice.environment.setenv("PATT_DATA_DIR", str(practice.folder / "occupied"))
    said, advice = practice.wrong()["database"]
    assert "The embedded database in PATT_DATA_DIR" in said
    assert "does not start" in said
    assert "patt doctor" not in said
    assert advice


def test_a_database_user_without_rights_is_told_of_each_table(practice: Practice) -> None:
    practice.change("drop role if exists stranger")
    practice.change("create role stranger login")
    practice.change("grant select on public.alembic_version to stranger")
    try:
        url = os.environ["PATT_DATABASE_URL"]
        practice.environment.setenv("PATT_DATABASE_URL", url.replace("//postgres@", "//stranger@"))
        wrong = practice.wrong()
        assert "may not read and change: common.access_grants, " in wrong["database access"][0]
        assert wrong["worker"] == (
            "The database refused to read this: permission denied for schema jobs.",
            "Fix “database access” first.",
        )
        assert "permission denied for schema guild_identity" in wrong["guilds"][0]
    finally:
        practice.change("drop owned by stranger")
        practice.change("drop role stranger")


@pytest.mark.parametrize(
    ("secret", "message", "remedy"),
    [
        ("other", "Battle.net rejected the client id or the client secret.", "Set new ones with: patt init"),
        ("", "The client id or the client secret of Battle.net is not set.", "PATT_BLIZZARD_CLIENT_SECRET"),
    ],
)
def test_credentials_that_battlenet_does_not_take_leave_the_roster_unchecked(
    practice: Practice, secret: str, message: str, remedy: str
) -> None:
    practice.give("PATT_BLIZZARD_CLIENT_SECRET", secret)
    wrong = practice.wrong()
    assert list(wrong) == ["battlenet credentials", "guild 1 roster"]
    assert message in wrong["battlenet credentials"][0]
    assert remedy in wrong["battlenet credentials"][1]
    assert wrong["guild 1 roster"][0] == NOT_CHECKED.format("battlenet credentials")


@pytest.mark.parametrize(
    ("token", "message", "remedy"),
    [
        ("other", "Discord rejected the bot's token", "Set a new token with: patt init"),
        ("", "No Discord bot token is set.", "PATT_DISCORD_BOT_TOKEN"),
    ],
)
def test_a_token_that_discord_does_not_take_leaves_the_server_unchecked(
    practice: Practice, token: str, message: str, remedy: str
) -> None:
    practice.give("PATT_DISCORD_BOT_TOKEN", token)
    wrong = practice.wrong()
    said, advice = wrong.pop("discord token")
    assert message in said
    assert remedy in advice
    on_the_server = [f"guild 1 {what}" for what in ("discord server", "manage roles", "rank roles", "audit channel")]
    assert list(wrong) == ["discord members intent", *on_the_server]
    assert {said for said, _ in wrong.values()} == {NOT_CHECKED.format("discord token")}


def test_a_bot_that_was_thrown_out_is_told_with_the_link_that_brings_it_back(practice: Practice) -> None:
    practice.simulator.discord.is_invited = False
    wrong = practice.wrong()
    said, advice = wrong.pop("guild 1 discord server")
    assert "Discord knows no server with this id." in said
    assert f"&permissions=268454912&guild_id={practice.world.discord_guild_id}" in advice
    assert list(wrong) == ["guild 1 manage roles", "guild 1 rank roles", "guild 1 audit channel"]
    assert {said for said, _ in wrong.values()} == {NOT_CHECKED.format("guild 1 discord server")}
