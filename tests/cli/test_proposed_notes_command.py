"""`patt proposed-notes`: which notes should say something else, and why; and keys that may fetch them."""

from __future__ import annotations

import re

import psycopg
import pytest

from cli.conftest import Patt

pytestmark = pytest.mark.usefixtures("guild")


@pytest.fixture
def confirmed(guild: psycopg.Connection) -> psycopg.Connection:
    """An officer has confirmed all links; the alt's note is empty, and so is that of Mito's, who has no main."""
    guild.execute(
        "update guild_identity.player_characters set basis = 'officer', confirmed_by = 'alice', confirmed_at = now()"
    )
    guild.execute("update guild_identity.players set main_character_id = 1 where id = 1")
    guild.execute("update guild_identity.wow_characters set guild_note = '' where character_name = 'Rivermane'")
    return guild


@pytest.mark.usefixtures("confirmed")
def test_notes_are_listed_with_what_they_should_say_and_why(patt: Patt) -> None:
    told = patt("proposed-notes")
    assert told.code == 0
    assert "alt of Elrek" in told.out
    assert re.search(r"The note is empty\..*also plays Elrek", told.out, re.DOTALL)  # in several lines of a column
    assert "Mito-area-52: Its player has no main character." in told.out
    found = patt("proposed-notes", "--json").json
    assert [(each["character"], each["proposed"], each["why"]) for each in found["proposed"]] == [
        ("Rivermane-area-52", "alt of Elrek", "empty")
    ]


def test_without_any_it_is_said_that_there_are_none(patt: Patt) -> None:
    assert "Every note says what is known for certain, or contradicts nothing of it." in patt("proposed-notes").out


def test_a_key_fetches_notes_only_if_it_was_made_for_that(patt: Patt) -> None:
    patt("keys", "add", "Plain")
    patt("keys", "add", "Elrek", "--notes")
    listed = {each["uploader"]: each["may_fetch_notes"] for each in patt("keys", "list", "--json").json}
    assert listed == {"Plain": False, "Elrek": True}
    assert patt("keys", "list").out.count("fetches notes") == 1
