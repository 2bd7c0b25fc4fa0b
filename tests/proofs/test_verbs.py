"""What a page offers to press: nobody is offered what they may not do, and no two verbs of a page are called the same."""

from __future__ import annotations

import re
from collections import Counter

from patt.auth.permissions import ROLES, Role
from patt.web.places import ADMIN_PREFIX
from proofs.houses import House
from proofs.verbs import SHELLS, Verbs, verbs_of
from proofs.walking import some_of_each_route
from web.test_web_routes import Way, all_ways

PREVIEWS = re.compile(r"/admin/.*(/preview|/preview/all|/undo|/guild/move)")
"""Pages that show what a verb would do."""


VIEWS_OF_A_ROUTE = 4
"""Looked at in each role, at every commit."""


async def _pages_of(house: House, role: Role) -> dict[str, Verbs]:
    """Pages that somebody of this role may see, by their addresses."""
    pages = {}
    admin = [view for view in (await house.walk()).views if view.address.startswith(ADMIN_PREFIX)]
    async with house.client(role) as client:
        for view in some_of_each_route(admin, VIEWS_OF_A_ROUTE):
            answer = await client.get(view.address)
            assert answer.status_code in (view.status, 403), view
            if answer.status_code == 200:
                pages[view.address] = verbs_of(answer.text)
    assert len(pages) > 15
    return pages


def _way_of(ways: list[Way], path: str) -> Way:
    pattern = {way: re.sub(r"{\w+}", "[^/]+", way.path) for way in ways}
    found = [way for way in ways if re.fullmatch(pattern[way], path)]
    assert found, f"nothing takes a form at {path}"
    return found[0]


async def test_a_viewer_is_shown_no_form_and_no_preview_of_what_they_may_not_do(lived_in: House) -> None:
    pages = await _pages_of(lived_in, "viewer")
    assert _forms_out_of_reach(lived_in, pages, "viewer") == []
    led = [
        f"{address}: {place}"
        for address, page in pages.items()
        for place in (
            *(verb.href.partition("?")[0] for verb in page.verbs if verb.href),
            *(path for _, path in page.forms),
        )
        if PREVIEWS.fullmatch(place)
    ]
    assert led == []


async def test_an_officer_is_shown_no_form_and_no_verb_that_only_an_administrator_can_carry_out(
    lived_in: House,
) -> None:
    pages = await _pages_of(lived_in, "officer")
    assert _forms_out_of_reach(lived_in, pages, "officer") == []
    settings = [verb for address, page in pages.items() if "/settings/" in address for verb in page.verbs]
    assert {verb.name.split()[0] for verb in settings} >= {"Try:", "Preview"}
    assert [verb.name for verb in settings if verb.name.startswith(("Undo", "Remove", "Save", "Reset", "Change"))] == []


def _forms_out_of_reach(house: House, pages: dict[str, Verbs], role: Role) -> list[str]:
    """Forms of pages that are sent to what this role may not do."""
    ways = [way for way in all_ways(house.app) if way.method == "POST"]
    return [
        f"{address}: {path}"
        for address, page in pages.items()
        for path in page.sent()
        if not any(ROLES.index(role) >= ROLES.index(each) for each in _way_of(ways, path).audiences if each in ROLES)
    ]


async def test_no_two_verbs_of_a_page_are_called_the_same(
    lived_in: House, bare: House, named_by_somebody_hostile: House
) -> None:
    wrong = []
    for house in (lived_in, bare, named_by_somebody_hostile):
        for view, source in (await house.walk()).sources.items():
            verbs = verbs_of(source).verbs
            for shell in {*SHELLS.values()}:
                names = Counter(verb.name for verb in verbs if verb.shell in ("", shell))
                wrong += [
                    f"{view.address}: {name!r} {count} times" for name, count in names.items() if count > 1 or not name
                ]
    assert wrong == [], "\n".join(wrong)
