"""`patt digest`: what would be told, and why it cannot be."""

from __future__ import annotations

import psycopg
import pytest

from cli.conftest import Patt
from patt.config import Settings


def test_a_dry_run_shows_what_would_be_told(patt: Patt, guild: psycopg.Connection) -> None:
    patt("scan")
    shown = patt("digest", "--dry-run")
    assert shown.code == 0
    assert "Unlinked WoW Character: " in shown.out
    as_json = patt("digest", "--dry-run", "--json").json
    assert [section["heading"] for section in as_json["sections"]]
    assert guild.execute("select count(*) from guild_identity.announcements").fetchone() == (0,)


def test_without_news_there_is_nothing_to_tell(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("digest", "--dry-run").out == "No news.\n"


def test_without_discord_it_says_what_to_set(patt: Patt, guild: psycopg.Connection) -> None:
    assert patt("digest").refuses("set PATT_DISCORD_BOT_TOKEN")


def test_without_a_channel_it_says_where_to_set_one(
    patt: Patt, guild: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_DISCORD_BOT_TOKEN", "made-up")
    assert patt("digest").refuses("no audit channel")


@pytest.mark.parametrize(
    ("base_url", "page"),
    [
        ("http://127.0.0.1:8000", None),
        ("http://localhost:8000", None),
        ("http://[::1]:8000/", None),
        ("https://patt.example/", "https://patt.example/admin"),
    ],
)
def test_only_an_address_that_others_can_reach_is_shown_to_them(base_url: str, page: str | None) -> None:
    assert Settings.model_validate({"base_url": base_url}).public_page("/admin") == page
