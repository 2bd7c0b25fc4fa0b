"""Plays the demo and takes the pictures of `docs/images`: `python -m screenshots`.

It needs Chromium (PATT_CHROMIUM, or `chromium` on the path). The demo runs in a temporary folder, with its own database.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Browser, StorageState, ViewportSize, async_playwright

from patt.app import create_app
from patt.auth import credentials
from patt.bootstrap import Services
from patt.demo.play import open_demo
from screenshots.scenes import SCENES, Scene, Surroundings, places_of
from sv_common.guild_sync.core.language import ENGLISH, LANGUAGES, PSEUDO, speak
from sv_common.guild_sync.simulators.server import serve

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SEED = 7
OFFICER = "Lanternlight"
WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}


def main() -> None:
    """Take the pictures that are named, by default all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of scenes, as in docs/images; by default all")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder of the pictures")
    parser.add_argument("--language", default=ENGLISH, choices=[*LANGUAGES, PSEUDO], help="language of the guild")
    chosen = parser.parse_args()
    scenes = [scene for scene in SCENES if not chosen.names or scene.name in chosen.names]
    chosen.to.mkdir(parents=True, exist_ok=True)
    speak(chosen.language)
    asyncio.run(_take(scenes, chosen.to))


async def _take(scenes: list[Scene], folder: Path) -> None:
    program = os.environ.get("PATT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as workplace:
        async with open_demo(Path(workplace), SEED) as demo, async_playwright() as playwright:
            await demo.play(lambda _heading, _pipelines: None)
            browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            async with serve(create_app(demo.services)) as base_url:
                around = Surroundings(base_url, await places_of(demo.services))
                session = await _sign_in(browser, base_url, demo.services)
                for scene in scenes:
                    file = folder / f"{scene.name}.png"
                    await _take_one(scene, around, browser, session, file)
                    print(f"{file.name}: {file.stat().st_size // 1024} KB")
            await browser.close()


async def _sign_in(browser: Browser, base_url: str, services: Services) -> StorageState:
    """Sign an officer in, once for all pictures."""
    context = await browser.new_context()
    page = await context.new_page()
    async with services.pool.connection() as conn:
        link = await credentials.create_login_link(conn, OFFICER)
    await page.goto(f"{base_url}/login/{link}")
    await page.get_by_role("button", name=f"Sign in as {OFFICER}").click()
    session = await context.storage_state()
    await context.close()
    return session


async def _take_one(scene: Scene, around: Surroundings, browser: Browser, session: StorageState, file: Path) -> None:
    context = await browser.new_context(
        viewport=PHONE if scene.is_phone else WIDE,
        color_scheme="dark" if scene.is_dark else "light",
        reduced_motion="reduce",
        storage_state=None if scene.is_before_signing_in else session,
    )
    page = await context.new_page()
    await page.goto(around.address_of(scene))
    await page.screenshot(path=file)
    await context.close()


if __name__ == "__main__":
    main()
