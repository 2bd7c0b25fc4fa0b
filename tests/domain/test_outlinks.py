"""Links to other sites: the right page for each region, and none where it would be a wrong one."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sv_common.guild_sync.insights.outlinks import outlinks

_HOSTS = {
    "armory": "worldofwarcraft.blizzard.com",
    "raider_io": "raider.io",
    "warcraft_logs": "www.warcraftlogs.com",
}


def _hrefs(region: str, realm: str | None, name: str) -> dict[str, str]:
    return {link.site: link.href for link in outlinks(region, realm, name)}


@pytest.mark.parametrize(("region", "language"), [("us", "en-us"), ("eu", "en-gb"), ("kr", "ko-kr"), ("tw", "zh-tw")])
def test_each_region_has_its_own_addresses(region: str, language: str) -> None:
    found = _hrefs(region, "area-52", "Mito")
    assert found["armory"] == f"https://worldofwarcraft.blizzard.com/{language}/character/{region}/area-52/mito"
    assert found["raider_io"] == f"https://raider.io/characters/{region}/area-52/Mito"


def test_warcraft_logs_is_linked_only_where_it_calls_realms_by_their_slug() -> None:
    assert _hrefs("eu", "gordunni", "Гдезима")["warcraft_logs"] == (
        "https://www.warcraftlogs.com/character/eu/gordunni/%D0%B3%D0%B4%D0%B5%D0%B7%D0%B8%D0%BC%D0%B0"
    )
    assert "warcraft_logs" not in _hrefs("kr", "azshara", "한별")
    assert "warcraft_logs" not in _hrefs("tw", "crystalpine-stinger", "Mito")


@pytest.mark.parametrize(
    ("region", "realm", "name"),
    [
        ("cn", "area-52", "Mito"),
        ("", "area-52", "Mito"),
        ("us", None, "Mito"),
        ("us", "", "Mito"),
        ("us", "Area 52", "Mito"),
        ("us", "Area52", "Mito"),
        ("us", "kel'thuzad", "Mito"),
        ("us", "..", "Mito"),
        ("us", "a/b", "Mito"),
        ("us", "area-52", ""),
        ("us", "area-52", ".."),
        ("us", "area-52", "../../login"),
        ("us", "area-52", "Mito?x=1"),
        ("us", "area-52", "Mito#a"),
        ("us", "area-52", "javascript:alert(1)"),
        ("us", "area-52", 'Mito"><script>'),
        ("us", "area-52", "Mi to"),
        ("us", "area-52", "Mito\n"),
        ("us", "area-52", "Mi\u202eto"),
    ],
)
def test_what_no_site_can_know_has_no_link(region: str, realm: str | None, name: str) -> None:
    assert _hrefs(region, realm, name) == {}


def test_letters_of_every_alphabet_are_encoded() -> None:
    found = _hrefs("eu", "aggra-português", "Élan")
    assert found["raider_io"] == "https://raider.io/characters/eu/aggra-portugu%C3%AAs/%C3%89lan"
    assert found["armory"].endswith("/eu/aggra-portugu%C3%AAs/%C3%A9lan")


@given(st.sampled_from(["us", "eu", "kr", "tw", "cn"]), st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_name_holds_a_link_leads_to_its_site_and_says_the_name(region: str, realm: str, name: str) -> None:
    for link in outlinks(region, realm, name):
        parts = urlsplit(link.href)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", _HOSTS[link.site], "", "")
        assert link.href.isascii()
        assert [unquote(part) for part in parts.path.split("/")][-2] == realm
        assert unquote(parts.path.split("/")[-1]).lower() == name.lower()
