"""What every test may use: a real PostgreSQL with one fresh database for each test, and what this machine must have."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
import structlog
from playwright.async_api import Browser, async_playwright

import asking_outside
import database_to_empty
import thoroughness
from database_to_empty import DatabaseToEmpty
from kept_pool import KeptPool
from pgbouncer import PROGRAM
from proxies import PROGRAMS
from server_folders import TEMPLATE, folder_for_a_server
from sv_common.db import embedded, migrate
from sv_common.db.pool import Pool, make_pool

_numbers = itertools.count()

_SWITCHED_OFF = (
    # Each tab has an address bar, though nobody sees it. What it opens is drawn by a process of its own, which takes ten
    # times as long as our page in the tab.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # What Playwright switches off: its list is replaced by this one.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""Features of Chromium that cost time, or ask for what no test asked for."""

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_SWITCHED_OFF)}",
)
"""Arguments with which Chromium asks for nothing that no test asked for."""

REQUIRED = frozenset(filter(None, os.environ.get("PATT_TEST_REQUIRES", "").split(",")))
"""Parts ("browser", "fixtures", "pgbouncer", "promtool", "proxies", "site") whose absence fails the tests that need them.

Elsewhere such tests are skipped.
"""


@cache
def missing_parts() -> dict[str, str]:
    """The optional parts that this machine lacks, with the reason that a skipped test gives.

    Every test asks for them, and looking for a program goes through folders: they are looked for once.
    """
    missing = {}
    if chromium() is None:
        missing["browser"] = "needs Chromium: install the package 'chromium', or set PATT_CHROMIUM to the program"
    if not os.environ.get("PATT_FIXTURES_DIR"):
        missing["fixtures"] = "needs the conformance fixtures: set PATT_FIXTURES_DIR to their folder"
    if PROGRAM is None:
        missing["pgbouncer"] = "needs PgBouncer: install the package 'pgbouncer'"
    if not all(PROGRAMS.values()):
        missing["proxies"] = "needs nginx and Caddy: install the packages 'nginx-light' and 'caddy'"
    if shutil.which("promtool") is None:
        missing["promtool"] = "needs promtool: install the package 'prometheus'"
    if not all(find_spec(each) for each in ("sphinx", "myst_parser", "furo")):
        missing["site"] = "needs what builds the documents as a site: python run.py docs"
    return missing


def chromium() -> str | None:
    """Path of a Chromium program, if there is one."""
    return os.environ.get("PATT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_addoption(parser: pytest.Parser) -> None:
    thoroughness.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    thoroughness.configure(config)
    # Each HTTP client reads all certificates of the machine, which costs more than many tests; nobody here speaks TLS.
    os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
    os.environ.pop("SSL_CERT_FILE", None)
    # Rich would draw each variable of each frame of an error that is logged, which takes seconds.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    thoroughness.leave_out_what_is_for_the_night(config, items)
    for part, reason in missing_parts().items():
        for item in items:
            if item.get_closest_marker(part) and part not in REQUIRED:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for part in sorted(REQUIRED & missing_parts().keys()):
        if item.get_closest_marker(part):
            pytest.fail(f"This machine must have it: {missing_parts()[part]}", pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def watched_http() -> None:
    """Look at every request of this test process that goes over the network."""
    asking_outside.watch_http()


@pytest.fixture(autouse=True)
def nobody_outside_is_asked_while_a_connection_is_held(watched_http: None) -> Iterator[None]:
    """Hold every test to the law."""
    with asking_outside.held_to_the_law():
        yield


@pytest.fixture(scope="session")
def server() -> embedded.EmbeddedServer:
    """An embedded PostgreSQL for this test process, with a migrated template database.

    It does not wait for its disk: what a test loses when the machine stops is not missed.
    """
    started = embedded.start(folder_for_a_server() / "data")
    database_to_empty.without_waiting_for_the_disk(started.get_uri())
    migrate.upgrade(embedded.recreate_database(started, TEMPLATE))
    return started


@pytest.fixture(scope="session")
def kept_database(server: embedded.EmbeddedServer) -> Iterator[DatabaseToEmpty]:
    """The one database of this test process that its tests take in turn."""
    with DatabaseToEmpty.at(embedded.clone_database(server, TEMPLATE, "kept")) as kept:
        yield kept


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of an empty, migrated database.

    Emptying one database costs a twentieth of cloning and dropping another. A test that changes more than rows (the
    schema, settings of the database, statistics) is marked `own_database` and gets one that is dropped after it.
    """
    if request.node.get_closest_marker("own_database"):
        server: embedded.EmbeddedServer = request.getfixturevalue("server")
        name = f"test_{next(_numbers)}"
        yield embedded.clone_database(server, TEMPLATE, name)
        embedded.drop_database(server, name)
    else:
        kept: DatabaseToEmpty = request.getfixturevalue("kept_database")
        yield kept.url
        kept.empty()


@pytest.fixture(scope="session")
async def kept_pool(kept_database: DatabaseToEmpty) -> AsyncIterator[KeptPool]:
    """The pool on the one database of this test process."""
    kept = KeptPool(kept_database.url)
    yield kept
    await kept.close()


@pytest.fixture
async def pool(request: pytest.FixtureRequest, database_url: str, kept_pool: KeptPool) -> AsyncIterator[Pool]:
    """An open pool on a fresh database."""
    if request.node.get_closest_marker("own_database"):
        async with make_pool(database_url) as opened:
            await opened.wait()
            yield opened
    else:
        yield await kept_pool.opened()
        await kept_pool.settle()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium for this test process."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=_QUIET)
        yield launched
        await launched.close()
