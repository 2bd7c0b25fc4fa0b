"""Undoing on the command line: the last change, several at once, and a part."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from cli.conftest import Patt


def _owners(guild: psycopg.Connection) -> list[tuple[str, str]]:
    return guild.execute(
        "select c.character_name, p.display_name from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id "
        "join guild_identity.players p on p.id = l.player_id order by 1"
    ).fetchall()


def test_without_a_number_your_last_change_is_named_and_undone(patt: Patt, guild: psycopg.Connection) -> None:
    before = _owners(guild)
    assert patt("undo", "--yes").refuses("You have changed nothing that can be undone")
    patt("link", "Stranger", "Mito")
    dry = patt("undo", "--dry-run")
    assert "linked Stranger-area-52 to Mito." in dry.out
    assert _owners(guild) != before
    done = patt("undo", "--yes")
    assert (done.code, "Undone: Link Stranger-area-52 to Mito" in done.out) == (0, True)
    assert _owners(guild) == before


def test_it_asks_before_your_last_change_is_undone(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    patt("link", "Stranger", "Mito")
    linked = _owners(guild)
    for answers in (["n"], [""], ["nonsense", "n"], []):
        monkeypatch.setattr("builtins.input", _typing(answers))
        assert patt("undo").code == 1
        assert _owners(guild) == linked


def test_the_answer_may_be_given_in_the_guilds_language(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _owners(guild)
    patt("guild", "language", "de")
    patt("link", "Stranger", "Mito")
    monkeypatch.setattr("builtins.input", _typing(["j"]))
    assert patt("undo").code == 0
    assert _owners(guild) == before


def test_what_a_member_has_said_is_undone_with_a_reason_only(patt: Patt, guild: psycopg.Connection) -> None:
    before = _owners(guild)
    patt("link", "Stranger", "Mito")
    guild.execute("update guild_identity.fix_attempts set issue_type = 'claim', actor = 'member Mito'")
    guild.commit()
    ((number,),) = guild.execute("select max(id) from guild_identity.fix_attempts").fetchall()
    linked = _owners(guild)
    assert (
        "Member Mito said that of their own characters. A reason is needed"
        in patt("undo", str(number), "--dry-run").out
    )
    assert patt("undo", str(number)).refuses(
        "Member Mito said that of their own characters. Give a reason to undo that."
    )
    assert _owners(guild) == linked
    assert patt("undo", str(number), "--reason", "It was his brother.").code == 0
    assert _owners(guild) == before
    ((reason,),) = guild.execute(
        "select undone_reason from guild_identity.fix_attempts where id = %s", [number]
    ).fetchall()
    assert reason == "It was his brother."


def _typing(answers: list[str]) -> Callable[[], str]:
    """Return what types these lines, and then ends the input."""
    left = iter(answers)

    def line() -> str:
        for answer in left:
            return answer
        raise EOFError

    return line


@pytest.mark.usefixtures("guild")
def test_a_dismissal_is_undone_as_your_last_change(patt: Patt) -> None:
    patt("scan")
    (number,) = (each["id"] for each in patt("issues", "--rule", "orphan_wow", "--json").json["items"])
    patt("dismiss", number, "--reason", "bank alt")
    done = patt("undo", "--yes")
    assert (done.code, "dismissed “" in done.out, "Undone for 1 issue." in done.out) == (0, True, True)
    assert patt("show", number, "--json").json["issue"]["dismissed_at"] is None
    assert patt("undo", "--yes").refuses("You have changed nothing that can be undone")


@pytest.mark.usefixtures("guild")
def test_undoing_twice_leads_further_back(patt: Patt) -> None:
    patt("scan")
    (number,) = (each["id"] for each in patt("issues", "--rule", "orphan_wow", "--json").json["items"])
    patt("link", "Elrek", "Mito")
    patt("dismiss", number, "--reason", "bank alt")
    assert "dismissed “" in patt("undo", "--yes").out
    assert "Undone: " in patt("undo", "--yes").out
    assert patt("undo", "--yes").refuses("You have changed nothing that can be undone")


@pytest.mark.usefixtures("guild")
def test_a_setting_is_left_to_its_own_command(patt: Patt) -> None:
    patt("settings", "rule", "stale_character", "--set", "stale_after_days=45")
    assert patt("undo", "--yes").refuses("It is a setting. Undo it with: patt settings undo 1")


def test_with_later_undoes_what_stands_in_the_way_too(patt: Patt, guild: psycopg.Connection) -> None:
    before = _owners(guild)
    first = patt("link", "Stranger", "Mito", "--json").json["attempt_id"]
    second = patt("link", "Stranger", "Elrek", "--json").json["attempt_id"]
    refused = patt("undo", first)
    assert refused.refuses("moved Stranger-area-52 from Mito to Elrek on ")
    preview = patt("undo", first, "--with-later", "--dry-run")
    assert (preview.code, "With --with-later you undo both at once:" in preview.out) == (1, True)
    assert patt("undo", first, "--dry-run", "--json").json["together"] == [second, first]
    assert patt("undo", first, "--with-later").code == 0
    assert _owners(guild) == before


def test_several_are_undone_at_once(patt: Patt, guild: psycopg.Connection) -> None:
    before = _owners(guild)
    first = patt("link", "Stranger", "Mito", "--json").json["attempt_id"]
    second = patt("alias", "add", "Robin", "Mito", "--json").json["attempt_id"]
    assert patt("undo", f"{first}-{second}").code == 0
    assert _owners(guild) == before
    assert patt("undo", "nonsense").refuses("is no list of numbers")
