"""Looking at a page in a real browser: whether everybody can use it, whether it fits, and what it asks for and costs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, ConsoleMessage, Page, Request

from patt.web.context import SESSION_COOKIE
from proofs.houses import House
from proofs.walking import View, Walk

Scheme = Literal["light", "dark"]

WIDE, PHONE = 1280, 360
HEIGHT = 800
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
BRIGHTEST_DARK = 200
"""Of red, green and blue together."""

LANDING = "/admin/inbox"
MOST_BYTES_TO_LAND, MOST_BYTES = 60_000, 70_000
"""Of the page to which everybody comes first, and of any other, with all that it loads: compressed, with nothing in a cache."""

_LOADED = re.compile(r'(?:href|src)="(/static/[^"#]+\.(?:css|js)|/static/icons[^"#]+)')

GRAVE = {"serious", "critical"}
_AXE = """async colors => {
    const rules = colors ? {runOnly: ["color-contrast"]} : {};
    return (await axe.run(document, {resultTypes: ["violations"], preload: false, iframes: false, ...rules})).violations;
}"""


@dataclass
class Eye:
    """A browser's tab, and all that went wrong in it since the last page was opened."""

    page: Page
    base_url: str
    wrong: list[str] = field(default_factory=list)
    _shown: tuple[Scheme, int] | None = None

    def __post_init__(self) -> None:
        """Listen to what the tab says and asks for."""
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.wrong.append(f"an error in a script: {error}"))
        self.page.on("request", self._note_request)

    async def open(self, view: View) -> list[str]:
        """Open a page; return what is wrong with how it came."""
        self.wrong.clear()
        answer = await self.page.goto(f"{self.base_url}{view.address}")
        status = answer.status if answer else None
        # A browser writes into its console that a page itself was answered with 404; that is meant here.
        wrong = [each for each in self.wrong if view.status < 400 or str(view.status) not in each]
        return [*wrong, *([f"answered {status} instead of {view.status}"] if status != view.status else [])]

    async def overhang(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(await self.page.evaluate(width))

    async def is_dark(self) -> bool:
        """Whether the ground of the page is."""
        color = str(await self.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        return sum(int(part) for part in color[4:-1].split(",")) < BRIGHTEST_DARK

    async def show(self, scheme: Scheme, width: int) -> None:
        """Show the page in a color scheme and at a width."""
        if self._shown is None or self._shown[0] != scheme:
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if self._shown is None or self._shown[1] != width:
            await self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self._shown = (scheme, width)

    async def grave_faults(self, *, of_colors: bool = False) -> list[str]:
        """Return what axe finds that keeps somebody from using the page, with the element; of its colors alone if asked."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE_SCRIPT)
        found: Sequence[dict[str, Any]] = await self.page.evaluate(_AXE, of_colors)
        return [
            f"{fault['id']} ({fault['help']}): {node['html'][:160]} {_why(node)}"
            for fault in found
            if fault["impact"] in GRAVE
            for node in fault["nodes"][:3]
        ]

    def _note_message(self, message: ConsoleMessage) -> None:
        self.wrong.append(f"in the console: {message.text}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(self.base_url):
            self.wrong.append(f"asks elsewhere: {request.url}")


@asynccontextmanager
async def eye(browser: Browser, house: House, **options: Any) -> AsyncIterator[Eye]:
    """Give a tab in which an officer of this house is signed in."""
    context = await browser.new_context(viewport={"width": WIDE, "height": HEIGHT}, **options)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": house.session, "url": house.base_url}])
    page = await context.new_page()
    try:
        yield Eye(page, house.base_url)
    finally:
        await context.close()


async def too_heavy(house: House, walk: Walk) -> list[str]:
    """Return the pages that weigh too much when they are opened first: their source, styles, scripts and signs."""
    loaded = {view: set(_LOADED.findall(source)) for view, source in walk.sources.items()}
    async with house.client() as client:
        files = {each: (await client.get(each)).num_bytes_downloaded for each in set().union(*loaded.values())}
    weights = {view: walk.sizes[view] + sum(files[each] for each in needed) for view, needed in loaded.items()}
    return [f"{view.address}: {weight:,} bytes" for view, weight in weights.items() if weight > _most_of(view)]


def _most_of(view: View) -> int:
    return MOST_BYTES_TO_LAND if view.address == LANDING else MOST_BYTES


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)
