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

import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from cli.conftest import addresses_of
from patt.auth.hashing import hashed
from patt.companion.code import read_code
from patt.web.context import SESSION_COOKIE
from server_folders import TEMPLATE
from sv_common.db import backup, embedded
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon

OLD_SESSION = "of-the-backup"
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


@pytest.fixture
def backup_of_a_guild(server: embedded.EmbeddedServer, tmp_path: Path) -> Path:
    """A backup of an installation with one guild."""
    url = embedded.clone_database(server, TEMPLATE, "backed_up")
    with psycopg.connect(url) as database:
        database.execute(
            "insert into guild_identity.guilds (region, realm_slug, name_slug, name) "
            "values ('us', 'maltorith', 'the-lantern-watch', 'The Lantern Watch')"
        )
        database.execute("insert into common.admin_accounts (name, role) values ('alice', 'administrator')")
        database.execute(
            "insert into common.web_sessions (token_hash, account_id, expires_at) values (%s, 1, now() + interval '1 day')",
            [hashed(OLD_SESSION)],
        )
    file = tmp_path / "daily.patt"
    backup.write(url, file, version="0.1")
    embedded.drop_database(server, "backed_up")
    return file


async def fill(page: Page, **answers: str) -> None:
    for name, value in answers.items():
        await page.fill(f"#{name.replace('_', '-')}", value)


async def go_on(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def past_reading(page: Page, field: str) -> None:
    """Wait until what is read beside the pages is there, and go on to the step with this field, unless it is shown already."""
    following = page.get_by_role("link", name="Next", exact=True)
    await expect(following.or_(page.locator(field))).to_be_visible(timeout=30_000)
    if await following.is_visible():
        await following.click()


@pytest.mark.browser
async def test_a_guild_is_set_up_from_an_empty_folder_to_the_first_match(
    browser: Browser, simulated: GuildSimulator, tmp_path: Path
) -> None:
    export = tmp_path / "PATTSync.lua"
    export.write_text(addon.render(simulated.world), encoding="utf-8")
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
        await expect(page.locator("#guild-found")).to_contain_text("Guild found: The Lantern Watch, 20 members")
        await go_on(page, "Find the guild")
        await fill(page, discord_bot_token=simulated.discord_token)
        await go_on(page, "Try the token")
        await go_on(page, "Use this server")
        await page.get_by_label("#officers").check()
        await go_on(page, "Use this channel")
        await past_reading(page, "#export")
        await fill(page, export=str(export))
        await go_on(page, "Read the export")
        await expect(page.get_by_role("heading", name="Which role belongs to which rank?")).to_be_visible()
        assert await page.locator("#rank-1 option:checked").inner_text() == "Officer"
        await go_on(page, "Save, and read the members")
        await past_reading(page, "#base-url")
        await go_on(page, "Save the address")
        await fill(page, uploader="Bob")
        await go_on(page, "Make a key")
        code = await page.locator(".key").inner_text()
        assert read_code(code).server in link
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download the code as a file").click()
        assert (await (await download.value).path()).read_text() == code
        await page.get_by_role("link", name="Next", exact=True).click()
        await page.get_by_role("link", name="See who they are").click()
        await page.get_by_role("button", name="Apply all").click()
        await expect(page.locator("#match-state")).to_contain_text("linked")
        assert wrong == []
        await context.close()


@pytest.mark.browser
async def test_a_backup_is_restored_from_the_first_page_and_ends_every_sign_in(
    browser: Browser, simulated: GuildSimulator, tmp_path: Path, backup_of_a_guild: Path
) -> None:
    with serving(tmp_path, simulated) as link:
        context = await browser.new_context()
        page = await context.new_page()
        page.set_default_timeout(15_000)
        await page.goto(link)
        await page.get_by_role("button", name="Sign in as administrator").click()
        await page.get_by_role("link", name="Restore a backup").click()
        damaged = tmp_path / "damaged.patt"
        content = backup_of_a_guild.read_bytes()
        damaged.write_bytes(content[:-10] + b"0123456789")
        await page.set_input_files("#backup", damaged)
        await go_on(page, "Look into the file")
        await expect(page.get_by_role("alert")).to_have_text(
            "damaged.patt is damaged: its checksum is another one. Use another backup."
        )
        await page.set_input_files("#backup", backup_of_a_guild)
        await go_on(page, "Look into the file")
        await expect(page.get_by_role("main")).to_contain_text("The Lantern Watch")
        await go_on(page, "Restore this backup")
        await expect(page.get_by_role("heading", name="Restored")).to_be_visible(timeout=60_000)
        site = link.partition("/login")[0]
        await context.add_cookies([{"name": SESSION_COOKIE, "value": OLD_SESSION, "url": site}])
        await page.goto(f"{site}/admin/inbox")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await context.close()
