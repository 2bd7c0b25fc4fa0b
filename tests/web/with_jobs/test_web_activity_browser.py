"""Jobs in a real browser: shown as they come, found when they are done, and downloaded."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.queue.tasks import Task, open_queue
from patt.worker.worker import work_until_stopped
from sv_common.guild_sync.sources.ports import Sources
from web.browsers import SignIn
from web.helpers import settings

pytestmark = pytest.mark.browser


async def test_jobs_are_shown_as_they_come_while_the_page_is_looked_at(
    sign_in: SignIn, site: str, guild: GuildBuilder, database_url: str
) -> None:
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, finished_at) "
        "values (%(guild)s, 'addon', 'schedule', 'done', now())"
    )
    page, wrong = await sign_in()
    await page.get_by_role("link", name="Log", exact=True).click()
    await page.locator("#entries summary").click()
    await expect(page.locator("#entries")).to_contain_text("No step was started.")
    await page.get_by_role("heading", level=1).click()  # what has the focus does not move
    jobs = page.locator("#jobs")
    await expect(jobs).to_contain_text("No jobs are waiting or running.")
    async with open_queue(database_url) as queue:
        await queue.enqueue(Task.SWEEP, guild.guild_id)
        await expect(jobs).to_contain_text("waiting Daily check", timeout=15_000)
        for _ in range(3):  # the planner may ask for the check once more before it has begun
            await work_until_stopped(Services(settings(site), guild.pool, Sources(), queue), wait=False)
    await expect(jobs).not_to_contain_text("Daily check", timeout=15_000)
    await expect(page.locator("#entries")).to_contain_text("done Daily check")
    await expect(page.locator("#entries details[open]")).to_contain_text("No step was started.")
    await page.get_by_label("Pipeline").select_option("Daily check")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.locator("#content")).to_contain_text("done Daily check")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    assert (await download.value).suggested_filename.startswith("patt-sync-log-")
    assert wrong == []
