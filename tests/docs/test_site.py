"""The documents as a site: built without a warning, readable on a phone, searchable without a server, asking no other host."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Browser

from docs.markdown import DOCUMENTS, ROOT
from proofs.looking import PHONE, SCHEMES, WIDE, Eye
from run_project import site_builder

pytestmark = pytest.mark.site

PAGES = sorted(
    document.relative_to(ROOT).with_suffix(".html").as_posix() for document in DOCUMENTS if document.name != "INDEX.md"
)
JUDGED = ("docs/index.html", "docs/officers.html", "docs/commands.html", "search.html?q=hiatus")
"""One page of each kind: every other has the same parts."""


def _build(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *site_builder(folder)]
    return subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `python run.py docs` builds it."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    built = _build(ROOT, folder)
    assert built.returncode == 0, built.stderr
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that the base class has
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_site_has_a_page_for_each_document(site: Path) -> None:
    built = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert built == {*PAGES, "index.html", "search.html"}


@pytest.mark.browser
async def test_every_page_fits_on_a_phone_and_asks_no_other_host(address: str, browser: Browser) -> None:
    page = await browser.new_page()
    eye = Eye(page, address)
    wrong = dict[str, list[str]]()
    for name in PAGES:
        eye.wrong.clear()
        await page.goto(f"{address}/{name}")
        for width in (WIDE, PHONE):
            await eye.show("light", width)
            if over := await eye.overhang():
                eye.wrong.append(f"is {over} pixels wider than a window of {width}")
        broken = "Array.from(document.images, each => each.decode().then(() => '', () => each.src))"
        eye.wrong += filter(None, await page.evaluate(f"Promise.all({broken})"))
        if eye.wrong:
            wrong[name] = list(eye.wrong)
    await page.close()
    assert wrong == {}


@pytest.mark.browser
@pytest.mark.parametrize("name", JUDGED)
async def test_everybody_can_use_it(name: str, address: str, browser: Browser) -> None:
    page = await browser.new_page()
    eye = Eye(page, address)
    faults = dict[str, list[str]]()
    await page.goto(f"{address}/{name}")
    for scheme in SCHEMES:
        await eye.show(scheme, WIDE)
        if found := await eye.grave_faults():
            faults[scheme] = found
    await page.close()
    assert faults == {}


@pytest.mark.browser
async def test_the_beginning_leads_to_the_table_of_contents(address: str, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{address}/index.html")
    await page.wait_for_url("**/docs/index.html")
    navigation = page.locator(".sidebar-tree")
    parts = await navigation.locator(".caption").all_inner_texts()
    assert [part.lower() for part in parts] == [
        title.lower() for title in await page.locator("article h2").all_inner_texts()
    ]
    pages = await navigation.get_by_role("link").evaluate_all("all => all.map(each => each.href)")
    assert pages == await page.locator("article li").get_by_role("link").evaluate_all(
        "all => all.map(each => each.href)"
    )
    await page.close()


@pytest.mark.browser
async def test_the_search_works_from_a_folder_without_a_server(site: Path, browser: Browser) -> None:
    page = await browser.new_page()
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    await page.goto((site / "docs" / "index.html").as_uri())
    await page.get_by_label("Search").fill("dismissal")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="The officers’ guide").last.wait_for()
    await page.locator("#search-results").get_by_role("link", name="The officers’ guide").first.click()
    await page.wait_for_url("**/docs/officers.html*")
    await page.close()
    assert [each for each in asked if not each.startswith(("file:", "data:"))] == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    "added",
    [
        "[gone](setup.md#no-such-heading)",
        "[gone](nothing.md)",
        "![gone](images/nothing.png)",
        "# A second title\n\n#### Too deep",
    ],
)
def test_what_is_wrong_in_a_document_fails_the_build(added: str, tmp_path: Path) -> None:
    source = tmp_path / "project"
    shutil.copytree(ROOT / "docs", source / "docs")
    for document in (each for each in DOCUMENTS if each.parent == ROOT):
        shutil.copy(document, source)
    for other in ("LICENSE", "src/patt/static/icon.svg"):
        (source / other).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / other, source / other)
    with (source / "docs" / "start.md").open("a", encoding="utf-8") as start:
        start.write(f"\n{added}\n")
    built = _build(source, tmp_path / "site")
    assert built.returncode == 1
    assert "start.md" in built.stderr
