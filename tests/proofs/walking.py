"""Finding every page of the admin, in each of its views, from the application's own table of routes.

A route's page is asked for with numbers of rows that are there, and its own links lead on to its other views. So a new
page is found without being listed; one that cannot be reached is told by its name.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from itertools import product
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

import thoroughness
from patt.web.places import is_for_programs

NOT_PAGES = ("/openapi.json", "/static", "/health", "/ready")
MOST_VIEWS, MOST_VIEWS_OF_ALL = 8, 16
"""Of one route, at every commit and with `--all`; a list whose filters can be combined has very many."""

HOW_TO_MEND = (
    "Each page is visited with the numbers in `numbers_of` (tests/proofs/houses.py): give a new name in a path a value "
    "there. A page that needs more than its path goes into MORE_VIEWS, one that only leads elsewhere into LEADS_ON."
)
_LAST_STEP = 1
"""How many links a view may be away from the first view of a route."""

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True)
class View:
    """A page as it can be looked at: its route, its address, and the status that is right for it."""

    route: str
    address: str
    status: int = 200


@dataclass
class Walk:
    """The pages that were found, with their sources; `unvisited` are the routes of which none was, with what was met instead.

    `parts` are routes that give parts of pages, or what is no page, such as events for one. `sizes` are compressed bytes.
    """

    views: list[View] = field(default_factory=list)
    sources: dict[View, str] = field(default_factory=dict)
    sizes: dict[View, int] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)
    unvisited: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a page's source says: its links, and whatever would be refused by a strict policy about scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the inline parts of an element."""
        given = dict(attrs)
        if tag == "a":
            self.links += [link for link in (given.get("href"),) if link]
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.inline.append(f"<{tag}>")
        self.inline += [f"{name} on <{tag}>" for name in given if name == "style" or name.startswith("on")]
        self.inline += [
            f"{name}={value!r} on <{tag}>"
            for name, value in attrs
            if value and name in ("href", "src", "action", "formaction") and value.lower().startswith("javascript:")
        ]


@cache
def page_of(text: str) -> Page:
    """Return what a source says; each is read once for all that is asked of it."""
    return Page(text)


class Walker:
    """Walks over the pages of an application that is served somewhere, signed in as an officer."""

    def __init__(self, app: FastAPI, client: httpx2.AsyncClient, numbers: Mapping[str, Sequence[object]]) -> None:
        self._client = client
        self._numbers = numbers
        self._routes = {route: _pattern(route) for route in _page_routes(app)}

    async def walk(
        self, more: Iterable[str] = (), leads_on: Collection[str] = (), *, follows_links: bool = True
    ) -> Walk:
        """Visit every route, and from there every other view; `more` are addresses that nothing links to."""
        walk, met = Walk(), dict.fromkeys(self._routes, "")
        queue = deque((address, 0) for address in self._first_addresses(met))
        queue.extend((address, _LAST_STEP) for address in more)
        seen: set[object] = set()
        while queue:
            address, steps = queue.popleft()
            route = self._route_of(address)
            if route is None or self._is_enough(route, address, steps, seen, walk):
                continue
            status, text, size = await self._look_at(address)
            met[route] = met[route] or f"{address} answered {status}"
            if status == 200 and text is None:
                walk.parts.add(route)
            elif status == 200 and text is not None:
                walk.views.append(view := View(route, address))
                walk.sources[view], walk.sizes[view] = text, size
                queue.extend((link, steps + 1) for link in self._links(address, text) if follows_links)
        visited = {view.route for view in walk.views} | walk.parts | set(leads_on)
        walk.unvisited = {route: what for route, what in met.items() if route not in visited}
        return walk

    def _first_addresses(self, met: dict[str, str]) -> Iterator[str]:
        for route in self._routes:
            names = _PARAMETER.findall(route)
            unknown = [name for name in names if name not in self._numbers]
            if unknown:
                met[route] = f"nobody knows a value for {', '.join(unknown)}"
                continue
            for values in product(*(self._numbers[name] for name in names)):
                yield _PARAMETER.sub("{}", route).format(*values)

    def _is_enough(self, route: str, address: str, steps: int, seen: set[object], walk: Walk) -> bool:
        """Whether this view is known, or one that is like it; each of the first addresses counts as a view of its own."""
        like = (route, _what_is_said(address))
        key = like if steps else address
        if key in seen:
            return True
        seen.update({key, like})
        most = MOST_VIEWS_OF_ALL if thoroughness.everything() else MOST_VIEWS
        return steps > _LAST_STEP or Counter(view.route for view in walk.views)[route] >= most

    def _route_of(self, address: str) -> str | None:
        path = urlsplit(address).path
        return next((route for route, pattern in self._routes.items() if pattern.fullmatch(path)), None)

    async def _look_at(self, address: str) -> tuple[int, str | None, int]:
        """Return the status and, where it is a whole page, its text; and how many bytes came.

        What never ends, such as events, is not waited for.
        """
        async with self._client.stream("GET", address) as answer:
            if not answer.headers.get("content-type", "").startswith("text/html"):
                return answer.status_code, None, 0
            text = (await answer.aread()).decode()
        is_whole = text.lstrip().lower().startswith("<!doctype html>")
        return answer.status_code, text if is_whole else None, answer.num_bytes_downloaded

    def _links(self, address: str, text: str) -> Iterator[str]:
        for link in page_of(text).links:
            target = urlsplit(urljoin(address, link))
            if not target.netloc:
                yield target._replace(fragment="").geturl()


def some_of_each_route(views: Sequence[View], count: int) -> list[View]:
    """Return the first views of each route; all of them where everything is tried."""
    if thoroughness.everything():
        return list(views)
    met: Counter[str] = Counter()
    some = []
    for view in views:
        met[view.route] += 1
        some += [view] if met[view.route] <= count else []
    return some


def names_in(route: str) -> set[str]:
    """Return the names in braces."""
    return set(_PARAMETER.findall(route))


def _what_is_said(address: str) -> frozenset[tuple[str, str]]:
    """What makes a view another one: not the numbers of rows and pages, and not the way back."""
    said = parse_qsl(urlsplit(address).query)
    return frozenset((name, "" if value.isdigit() else value) for name, value in said if name not in ("back", "guild"))


def _page_routes(app: FastAPI) -> Iterator[str]:
    for route in iter_route_contexts(app.routes):
        path = str(route.path)
        if "GET" in (route.methods or ()) and not path.startswith(NOT_PAGES) and not is_for_programs(path):
            yield path


def _pattern(route: str) -> re.Pattern[str]:
    pieces = _PARAMETER.split(route)
    return re.compile("".join(re.escape(piece) if place % 2 == 0 else "[^/]+" for place, piece in enumerate(pieces)))
