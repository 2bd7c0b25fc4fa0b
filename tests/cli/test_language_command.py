"""`patt guild language`: showing and setting the language of a guild."""

from __future__ import annotations

import psycopg
import pytest

from cli.conftest import Patt


@pytest.mark.usefixtures("guild")
def test_the_language_is_shown_previewed_set_and_undone(patt: Patt) -> None:
    assert patt("guild", "language").out.strip() == "en: English"
    seen = patt("guild", "language", "de", "--preview")
    assert "Language  English  Deutsch" in seen.out
    assert patt("guild", "language", "--json").json == {"language": "en", "name": "English"}
    assert "Gespeichert." in patt("guild", "language", "de").out
    assert patt("guild", "language").out.strip() == "de: Deutsch"
    [made] = patt("settings", "history", "--json").json
    assert patt("settings", "undo", made["id"]).code == 0
    assert patt("guild", "language").out.strip() == "en: English"


def test_a_language_that_is_not_there_is_refused_with_the_codes(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("guild", "language", "klingon").refuses("Use one of: en, de, en-XA.")
    [row] = guild.execute("select language from guild_identity.guilds").fetchall()
    assert row == ("en",)
