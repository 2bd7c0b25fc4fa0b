"""Looking at a page in a real browser: whether everybody can use it, whether it fits, and what it asks for and costs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response

from patt.web.assets import STATIC
from patt.web.context import SESSION_COOKIE
from proofs.houses import House
from proofs.walking import View

Scheme = Literal["light", "dark"]

WIDE, PHONE = 1280, 360
HEIGHT = 800
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
BRIGHTEST_DARK = 200
"""Of red, green and blue together."""

MOST_BYTES = 150_000 + sum(path.stat().st_size for path in (STATIC / "vendor").glob("*.js"))
"""Of a page and all that it loads, uncompressed; the scripts of others, which a browser keeps, come on top."""

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
    answers: list[Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen to what the tab says and asks for."""
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.wrong.append(f"an error in a script: {error}"))
        self.page.on("request", self._note_request)
        self.page.on("response", self._note_answer)

    async def open(self, view: View) -> list[str]:
        """Open a page; return what is wrong with how it came."""
        self.wrong.clear()
        self.answers.clear()
        answer = await self.page.goto(f"{self.base_url}{view.address}")
        status = answer.status if answer else None
        # A browser writes into its console that a page itself was answered with 404; that is meant here.
        wrong = [each for each in self.wrong if view.status < 400 or str(view.status) not in each]
        return [*wrong, *([f"answered {status} instead of {view.status}"] if status != view.status else [])]

    async def transferred(self) -> int:
        """Return the bytes of the page and all that it loaded, with headers."""
        sizes = [await answer.request.sizes() for answer in self.answers]
        return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)

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
        await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await self.page.set_viewport_size({"width": width, "height": HEIGHT})

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

    def _note_answer(self, answer: Response) -> None:
        """Note an answer that ends; the stream of what changes stays open as long as the page."""
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            self.answers.append(answer)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(self.base_url):
            self.wrong.append(f"asks elsewhere: {request.url}")


@asynccontextmanager
async def eye(browser: Browser, house: House, **options: Any) -> AsyncIterator[Eye]:
    """Give a tab in which an officer of this house is signed in, and which keeps nothing in a cache."""
    context = await browser.new_context(viewport={"width": WIDE, "height": HEIGHT}, **options)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": house.session, "url": house.base_url}])
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    try:
        yield Eye(page, house.base_url)
    finally:
        await context.close()


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)
