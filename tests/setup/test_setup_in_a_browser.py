"""From an empty folder to the first match in a real browser: a real `patt serve`, the simulators, and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from cli.conftest import addresses_of
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld

LINK = re.compile(r"http://127\.0\.0\.1:\d+/login/\S+")


@contextmanager
def serving(folder: Path, simulator: GuildSimulator) -> Iterator[str]:
    """Run `patt serve` in an empty folder, with a home of its own; gives the link that it prints."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PATT_")}
    program = subprocess.Popen(
        [sys.executable, "-m", "patt", "serve", "--port", "0"],
        cwd=folder,
        env={**kept, **addresses_of(simulator), "HOME": str(home), "PYTHONUTF8": "1", "PATT_LANGUAGE": "en"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    assert program.stderr is not None
    told = ""
    try:
        for line in program.stderr:
            told += line
            if LINK.search(line):
                break
        link = LINK.search(told)
        assert link is not None, told
        yield link.group()
    finally:
        program.send_signal(signal.SIGINT)
        _, rest = program.communicate(timeout=60)
        assert "Traceback" not in rest, rest


@pytest.fixture
def simulated() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 20)) as simulator:
        yield simulator


async def fill(page: Page, **answers: str) -> None:
    for name, value in answers.items():
        await page.fill(f"#{name.replace('_', '-')}", value)


async def go_on(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.browser
async def test_a_guild_is_set_up_from_an_empty_folder_to_the_first_match(
    browser: Browser, simulated: GuildSimulator, tmp_path: Path
) -> None:
    with serving(tmp_path, simulated) as link:
        context = await browser.new_context()
        page = await context.new_page()
        page.set_default_timeout(15_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        await page.goto(link)
        await page.get_by_role("button", name="Sign in as administrator").click()
        await page.get_by_role("link", name="Set up a guild").click()
        await fill(page, battlenet_client_id=simulated.client_id, battlenet_client_secret=simulated.client_secret)
        await go_on(page, "Try the keys")
        await fill(page, realm="maltorith", guild="the lantern watch")
        await go_on(page, "Find the guild")
        await fill(page, discord_bot_token=simulated.discord_token)
        await go_on(page, "Try the token")
        await go_on(page, "Use this server")
        await page.get_by_label("#officers").check()
        await go_on(page, "Use this channel")
        await expect(page.get_by_role("heading", name="Ranks and roles")).to_be_visible()
        await page.select_option("#rank-0", label="Guild Master")
        await page.select_option("#rank-1", label="Officer")
        await go_on(page, "Save, and read the members")
        await expect(page.get_by_role("link", name="See who they are")).to_be_visible()
        assert wrong == []
        await context.close()
