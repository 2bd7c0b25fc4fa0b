"""The small parts of pages: signs, sigils, arms."""

from __future__ import annotations

import re

import httpx2
import pytest

from guild_builder import GuildBuilder
from patt.web.assets import STATIC, url_of
from patt.web.places import NAVIGATION, SETTING_PLACES
from patt.web.rendering import arms_of
from sv_common.guild_sync.issues.model import Severity
from sv_common.guild_sync.sources.models import CLASS_NAMES
from web.helpers import PAGE, PLAYERS

SYMBOLS = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
STYLE = (STATIC / "patt.css").read_text(encoding="utf-8")


def _signs_of(text: str) -> set[str]:
    return set(re.findall(rf'<use href="{re.escape(url_of("icons.svg"))}#([^"]+)"', text))


@pytest.mark.parametrize("path", [PAGE, PLAYERS, f"{PLAYERS}?show=all", *(place.href for place in SETTING_PLACES)])
async def test_every_sign_of_a_page_is_in_the_sprite(reader: httpx2.AsyncClient, path: str) -> None:
    signs = _signs_of((await reader.get(path)).text)
    assert signs
    assert signs <= SYMBOLS


def test_every_place_severity_and_strength_has_a_sign() -> None:
    wanted = [*(place.icon for place in NAVIGATION), *Severity, "strong", "likely", "weak"]
    assert {f"i-{each}" for each in wanted} <= SYMBOLS


def test_every_class_has_a_sign_and_a_color() -> None:
    for name in CLASS_NAMES.values():
        slug = name.lower().replace(" ", "-")
        assert f"c-{slug}" in SYMBOLS, name
        assert f".c-{slug} {{" in STYLE, name


async def test_a_class_is_said_in_a_word_wherever_its_color_is_shown(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await troubled.execute("update guild_identity.wow_characters set character_class = 'Death Knight'")
    text = (await alice.get(f"{PLAYERS}?show=all")).text + (await alice.get("/admin/map?tab=table")).text
    rows = [row for row in re.split(r"<tr\b", text)[1:] if "cname c-" in row]
    assert rows
    for row in rows:
        slug = re.search(r"cname c-([\w-]+)", row)
        assert slug is not None
        words = re.sub(r"<[^>]+>", " ", row).lower()
        assert slug[1].replace("-", " ") in words, row


def test_somebody_always_bears_the_same_arms_and_everybody_some() -> None:
    assert arms_of("Mito") == arms_of("Mito")
    assert [arms_of(name).letter for name in ("mito", "달빛검", "'Odo'", "🐉", "")] == ["M", "달", "O", "?", "?"]
    everybodys = [arms_of(f"Name {number}") for number in range(200)]
    assert {each.tone for each in everybodys} == set(range(1, 9))
    assert {f"h-{each.field}" for each in everybodys} == {symbol for symbol in SYMBOLS if symbol.startswith("h-")}
