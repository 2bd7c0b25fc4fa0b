"""What a page offers to press: nobody is offered what they may not do, and no two verbs of a page are called the same."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from patt.auth.permissions import ROLES, Role
from patt.web.places import ADMIN_PREFIX
from proofs.houses import House
from proofs.verbs import SHELLS, Verbs
from web.test_web_routes import Way, all_ways

PREVIEWS = re.compile(r"/admin/.*(/preview|/preview/all|/undo|/guild/move)")
"""Pages that show what a verb would do."""


async def _pages_of(house: House, role: Role) -> dict[str, Verbs]:
    """Every page that somebody of this role may see, by its address."""
    pages = {}
    async with house.client(role) as client:
        for view in (each for each in (await house.walk()).views if each.address.startswith(ADMIN_PREFIX)):
            answer = await client.get(view.address)
            assert answer.status_code in (view.status, 403), view
            if answer.status_code == 200:
                pages[view.address] = Verbs(answer.text)
    assert len(pages) > 15
    return pages


def _way_of(ways: list[Way], path: str) -> Way:
    pattern = {way: re.sub(r"{\w+}", "[^/]+", way.path) for way in ways}
    found = [way for way in ways if re.fullmatch(pattern[way], path)]
    assert found, f"nothing takes a form at {path}"
    return found[0]


@pytest.mark.parametrize("role", ["viewer", "officer"])
async def test_nobody_is_shown_a_form_that_they_may_not_send(lived_in: House, role: Role) -> None:
    ways = [way for way in all_ways(lived_in.app) if way.method == "POST"]
    dead = [
        f"{address}: {path}"
        for address, page in (await _pages_of(lived_in, role)).items()
        for path in page.sent()
        if not any(ROLES.index(role) >= ROLES.index(each) for each in _way_of(ways, path).audiences if each in ROLES)
    ]
    assert dead == []


async def test_a_viewer_is_led_to_no_preview_of_what_only_others_may_do(lived_in: House) -> None:
    dead = []
    for address, page in (await _pages_of(lived_in, "viewer")).items():
        places = [verb.href.partition("?")[0] for verb in page.verbs if verb.href] + [path for _, path in page.forms]
        dead += [f"{address}: {place}" for place in places if PREVIEWS.fullmatch(place)]
    assert dead == []


async def test_a_verb_that_only_an_administrator_can_carry_out_is_offered_to_no_officer(lived_in: House) -> None:
    pages = await _pages_of(lived_in, "officer")
    settings = [verb for address, page in pages.items() if "/settings/" in address for verb in page.verbs]
    assert {verb.name.split()[0] for verb in settings} >= {"Try:", "Preview"}
    assert [verb.name for verb in settings if verb.name.startswith(("Undo", "Remove", "Save", "Reset", "Change"))] == []


async def test_no_two_verbs_of_a_page_are_called_the_same(
    lived_in: House, bare: House, named_by_somebody_hostile: House
) -> None:
    wrong = []
    for house in (lived_in, bare, named_by_somebody_hostile):
        for view, source in (await house.walk()).sources.items():
            verbs = Verbs(source).verbs
            for shell in {*SHELLS.values()}:
                names = Counter(verb.name for verb in verbs if verb.shell in ("", shell))
                wrong += [
                    f"{view.address}: {name!r} {count} times" for name, count in names.items() if count > 1 or not name
                ]
    assert wrong == [], "\n".join(wrong)
