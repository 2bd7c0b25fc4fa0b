"""`patt people` and `patt inactive`: the list of everyone, filtered, sorted, and as a file; and who is inactive."""

from __future__ import annotations

import csv
import io

import psycopg
import pytest

from cli.conftest import Patt


@pytest.fixture
def sleepers(guild: psycopg.Connection) -> psycopg.Connection:
    """Elrek was last seen long ago on every character, and Mito on an alt alone."""
    guild.execute(
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by, "
        "basis) values (4, 2, 1, 'full_match', 'exact', 't', 'note')"
    )
    guild.execute(
        "update guild_identity.wow_characters c set last_login_timestamp = (extract(epoch from now()) * 1000)::bigint "
        "- case when c.character_name = 'Mito' then 0 else 40 end * 86400000::bigint "
        "where c.guild_id = 1"
    )
    return guild


def _names(patt: Patt, *options: str) -> list[str]:
    return [each["name"] for each in patt("people", *options, "--json").json["items"]]


@pytest.mark.usefixtures("sleepers")
def test_people_are_listed_filtered_sorted_and_searched(patt: Patt) -> None:
    assert _names(patt) == ["Elrek", "Mito"]
    assert _names(patt, "--sort", "name", "--reverse") == ["Mito", "Elrek"]
    assert _names(patt, "--search", "elr") == ["Elrek"]
    assert _names(patt, "--inactive") == ["Elrek"]
    patt("set-hiatus", "Elrek", "--until", "2099-12-24", "--reason", "exams")
    assert _names(patt, "--inactive") == []
    assert _names(patt, "--hiatus") == ["Elrek"]
    text = patt("people", "--hiatus").out
    assert "until 2099-12-24" in text
    assert "1 found; page 1 of 1." in text


@pytest.mark.usefixtures("sleepers")
def test_a_file_for_a_spreadsheet_is_printed_as_it_is(patt: Patt) -> None:
    printed = patt("people", "--show", "all", "--csv").out
    rows = list(csv.DictReader(io.StringIO(printed.removeprefix("\ufeff"), newline="")))
    assert printed.startswith("\ufeffkind,number,name")
    assert {"Elrek", "Mito"} <= {row["name"] for row in rows}


@pytest.mark.usefixtures("sleepers")
def test_who_is_inactive_is_told_by_player_and_alts_of_active_players_come_last(patt: Patt) -> None:
    patt("scan")
    groups = patt("inactive", "--json").json["items"]
    assert [(each["player"], each["quiet"]) for each in groups] == [("Elrek", False), ("Mito", True)]
    assert "2 players and characters without one; page 1 of 1." in patt("inactive").out


@pytest.mark.usefixtures("sleepers")
@pytest.mark.parametrize("options", [("--sort", "mood"), ("--discord", "x"), ("--rank", "10"), ("--proof", "guess")])
def test_a_filter_that_does_not_exist_is_refused(patt: Patt, options: tuple[str, ...]) -> None:
    outcome = patt("people", *options)
    assert (outcome.code, options[0] in outcome.err) == (2, True)
