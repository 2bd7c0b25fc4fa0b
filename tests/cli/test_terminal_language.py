"""The command line in the language of the terminal, and of the guild that a command is about."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from cli.command_tree import commands
from cli.conftest import Patt
from patt.cli.inbox import MOST_SHOWN
from patt.cli.main import COMMANDS
from patt.setup.wizard import STEPS
from sv_common.guild_sync.core.language import PSEUDO, language, speaking


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATT_LANGUAGE", PSEUDO)


def test_the_help_of_patt_is_in_the_language_of_the_terminal(patt: Patt, pseudo: None) -> None:
    told = patt("--help").out
    assert [name for name, each in COMMANDS.items() if f"⟦{each.help}⟧" not in told] == []
    for text in ("Usage:", "Options", "Commands", "Show this message and exit."):
        assert f"⟦{text}⟧" in told


def test_the_help_of_a_command_and_of_its_options_is_in_the_language_of_the_terminal(patt: Patt, pseudo: None) -> None:
    told = patt("settings", "rank", "--help").out
    for text in (
        "Map a rank to a Discord role, and compare roles at once.",
        "0 is the guild master.",
        "Whether fixes give and take it.",
        "Number of the guild, if there are several.",
        "[required]",
        "Arguments",
    ):
        assert f"⟦{text}⟧" in told


def test_every_help_can_be_translated() -> None:
    with speaking(PSEUDO):
        bare = [
            (" ".join(words), text)
            for words, command in commands()
            for text in (command.help, *(getattr(each, "help", None) for each in command.params))
            if words and not (text or "⟦").startswith("⟦")
        ]
    assert bare == []


def test_a_mistake_is_answered_in_the_language_of_the_terminal(patt: Patt, pseudo: None) -> None:
    told = patt("admin", "revoke-token", "seven").err
    assert "⟦Error⟧" in told
    assert "⟦“seven” is not a number. Write 12, or '#12' in quotes.⟧" in told


def test_the_locale_of_the_terminal_counts_where_nothing_else_is_said(
    patt: Patt, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATT_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert patt("--help").code == 0
    assert language() == "de"


def test_json_has_the_same_keys_and_codes_in_every_language(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = patt("doctor", "--json").json["checks"]
    monkeypatch.setenv("PATT_LANGUAGE", PSEUDO)
    translated = patt("doctor", "--json").json["checks"]
    assert [(each["name"], each["ok"], *each) for each in translated] == [
        (each["name"], each["ok"], *each) for each in english
    ]
    assert [each["message"] for each in translated if "⟦" not in each["message"]] == []


def test_what_is_said_about_a_guild_is_in_the_language_of_the_guild(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute("update guild_identity.guilds set language = %s", (PSEUDO,))
    told = patt("issues").out
    assert "⟦severity⟧" in told
    assert "⟦0 open issues; page 1 of 1.⟧" in told


def test_numbers_that_a_help_names_are_those_that_count(patt: Patt) -> None:
    steps = ", ".join(step.name for step in STEPS)
    assert f"A step to skip ({steps}); may be repeated." in " ".join(
        patt("init", "--help").out.replace("│", "").split()
    )
    assert f"not the first {MOST_SHOWN}." in patt("inbox", "list", "--help").out


def test_a_guild_that_is_added_speaks_the_language_of_the_terminal(patt: Patt, pseudo: None, database: Any) -> None:
    assert patt("guild", "add", "Lantern Watch", "--realm", "area-52", "--region", "us").code == 0
    assert database.execute("select language from guild_identity.guilds").fetchall() == [(PSEUDO,)]


def test_the_history_of_settings_speaks_the_guilds_language_and_writes_days_in_it(
    patt: Patt, guild: psycopg.Connection, pseudo: None
) -> None:
    guild.execute("update guild_identity.guilds set language = 'de'")
    patt("settings", "rule", "stale_character", "--set", "stale_after_days=45")
    told = patt("settings", "history").out
    assert "wann" in told
    assert re.search(r"\d\d\.\d\d\.\d{4} \d\d:\d\d\b(?!:)", told)
