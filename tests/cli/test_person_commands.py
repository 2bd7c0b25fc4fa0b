"""`patt person erase`, `patt export` and `patt guild remove`: shown first, done exactly, and without a way back."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from cli.conftest import Patt


def _count(guild: psycopg.Connection, table: str) -> int:
    ((count,),) = guild.execute(
        psycopg.sql.SQL("select count(*) from {}").format(psycopg.sql.Identifier(*table.split(".")))
    )
    return int(count)


def test_a_person_is_erased_after_what_goes_was_shown(patt: Patt, guild: psycopg.Connection) -> None:
    patt("alias", "add", "Elly", "Elrek")
    patt("set-hiatus", "Elrek", "--reason", "Elrek is at sea")
    seen = patt("person", "erase", "elrek", "--dry-run")
    assert seen.code == 0
    assert "Erases Elrek for good: 1 player, 2 characters, 1 alias, parts of 2 fixes and decisions" in seen.out
    assert "This cannot be undone." in seen.out
    assert "the next sync brings them back" in seen.out
    assert _count(guild, "guild_identity.players") == 2
    done = patt("person", "erase", "Elrek", "--yes")
    assert "Erased: 1 player, 2 characters" in done.out
    assert guild.execute("select display_name from guild_identity.players").fetchall() == [("Mito",)]
    names = guild.execute("select character_name from guild_identity.wow_characters order by 1").fetchall()
    assert names == [("Mito",), ("Stranger",)]
    attempts = guild.execute("select plan::text || changes::text || reason from guild_identity.fix_attempts").fetchall()
    assert all("Elrek" not in text and "Elly" not in text for (text,) in attempts)
    assert patt("undo", 1).refuses("changed nothing")
    assert patt("person", "erase", "Elrek", "--yes").refuses("Nobody is called “Elrek”.")
    ((counts,),) = guild.execute("select counts from guild_identity.erasures").fetchall()
    assert counts["characters"] == 2


@pytest.mark.usefixtures("guild")
def test_without_an_answer_nobody_is_erased(patt: Patt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", _says_no)
    assert patt("person", "erase", "Elrek").code == 1
    assert [each["name"] for each in patt("people", "--json").json["items"]] == ["Elrek", "Mito"]


def _says_no(*_: object, abort: bool) -> None:
    assert abort
    raise SystemExit(1)


@pytest.mark.usefixtures("guild")
def test_a_person_is_given_their_data_to_be_read_and_as_json_without_who_decided(patt: Patt, tmp_path: Path) -> None:
    patt("alias", "add", "Elly", "Elrek")
    patt("scan")
    data = patt("export", "Elrek", "--json").json
    assert data["person"] == "Elrek"
    assert [each["character_name"] for each in data["sections"]["characters"]] == ["Elrek", "Rivermane"]
    assert [each["alias"] for each in data["sections"]["aliases"]] == ["Elly"]
    assert data["sections"]["done"][0]["steps"]
    assert not [key for rows in data["sections"].values() for row in rows for key in row if key.endswith("_by")]
    text = patt("export", "Elrek").out
    assert "What PATT stores about Elrek in Lantern Watch" in text
    assert "alias: Elly" in text
    assert "Mito" not in text
    file = tmp_path / "elrek.json"
    assert patt("export", "Elrek", "--json", "--file", file).code == 0
    assert json.loads(file.read_text("utf-8"))["person"] == "Elrek"
    assert file.stat().st_mode & 0o077 == 0
    assert patt("export", "Elrek", "--file", file).refuses("cannot be written: File exists")


def test_a_guild_is_removed_only_when_its_name_is_typed(patt: Patt, guild: psycopg.Connection) -> None:
    guild.execute(
        "insert into guild_identity.guilds (region, realm_slug, name_slug, name) values ('us', 'area-52', 'other', 'Other')"
    )
    seen = patt("guild", "remove", "--guild", 1, "--dry-run")
    assert "Removes Lantern Watch with everything that is stored about it: 4 characters, 2 players" in seen.out
    assert patt("guild", "remove", "--guild", 1, "--name", "Lantern").refuses("That is not the guild's name.")
    assert patt("guild", "remove", "--name", "Lantern Watch").refuses("Several guilds")
    assert _count(guild, "guild_identity.wow_characters") == 4
    assert "Lantern Watch was removed" in patt("guild", "remove", "--guild", 1, "--name", "Lantern Watch").out
    assert guild.execute("select name from guild_identity.guilds").fetchall() == [("Other",)]
    assert _count(guild, "guild_identity.wow_characters") == 0
    assert _count(guild, "guild_identity.players") == 0
