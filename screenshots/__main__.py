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

from playwright.async_api import Browser, async_playwright

from patt import access
from patt.app import create_app
from patt.bootstrap import Services
from patt.demo.play import open_demo
from screenshots.scenes import SCENES, Scene, Surroundings, places_of
from sv_common.guild_sync.simulators.server import serve

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SEED = 7
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def main() -> None:
    """Take the pictures that are named, by default all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="names of scenes, as in docs/images; by default all")
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder of the pictures")
    chosen = parser.parse_args()
    scenes = [scene for scene in SCENES if not chosen.names or scene.name in chosen.names]
    chosen.to.mkdir(parents=True, exist_ok=True)
    asyncio.run(_take(scenes, chosen.to))


async def _take(scenes: list[Scene], folder: Path) -> None:
    program = os.environ.get("PATT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as workplace:
        async with open_demo(Path(workplace), SEED) as demo, async_playwright() as playwright:
            await demo.play(lambda _heading, _pipelines: None)
            browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            async with serve(create_app(demo.services)) as base_url:
                places = await places_of(demo.services)
                for scene in scenes:
                    file = folder / f"{scene.name}.png"
                    await _take_one(scene, Surroundings(base_url, places), browser, demo.services, file)
                    print(f"{file.name}: {file.stat().st_size // 1024} KB")
            await browser.close()


async def _take_one(scene: Scene, around: Surroundings, browser: Browser, services: Services, file: Path) -> None:
    size = PHONE if scene.is_phone else WIDE
    theme = "dark" if scene.is_dark else "light"
    context = await browser.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type] # a plain dict of the two sizes
    page = await context.new_page()
    async with services.pool.connection() as conn:
        link = await access.create_login_link(conn, "Lanternlight")
    await page.goto(f"{around.base_url}/login/{link}")
    if not scene.is_before_signing_in:
        await page.get_by_role("button", name="Sign in as").click()
        await page.goto(around.address_of(scene))
        if scene.prepare:
            await scene.prepare(page)
    await page.screenshot(path=file, full_page=scene.is_whole)
    await context.close()


if __name__ == "__main__":
    main()
