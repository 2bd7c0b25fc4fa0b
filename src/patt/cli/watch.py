"""`patt watch`: the companion on the computer on which the game is played. It needs no database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import httpx2
import platformdirs
import typer
from rich.console import Console

from patt.cli.output import say
from patt.companion.accounts import export_files, game_folders
from patt.companion.sending import Reply, ask, send
from patt.companion.spool import Spool
from patt.companion.watching import Watcher


def watch(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of the game; without it, the usual places are searched.")
    ] = None,
    server: Annotated[
        str, typer.Option(envvar="PATT_SERVER_URL", help="Address of the guild's PATT.")
    ] = "http://127.0.0.1:8000",
    key: Annotated[
        str, typer.Option(envvar="PATT_UPLOAD_KEY", help="Your upload key: an officer has it from `patt keys add`.")
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Send what is there now, and end.")] = False,
) -> None:
    """Send each new export of the addon to the guild's server, and wait calmly while the server is away."""
    if not key:
        raise typer.BadParameter("Give your upload key with --key, or set PATT_UPLOAD_KEY.")
    folders = [folder] if folder is not None else game_folders()
    if not folders:
        raise typer.BadParameter("The game was not found in the usual places. Give its folder: patt watch FOLDER")
    asyncio.run(_watch(folders, server, key, seconds, once=once))


async def _watch(folders: Sequence[Path], server: str, key: str, seconds: float, *, once: bool) -> None:
    async with httpx2.AsyncClient() as http:

        async def send_content(content: bytes) -> Reply:
            return await send(http, server, key, content)

        async def ask_for_outcome(upload_id: int) -> str | None:
            return await ask(http, server, key, upload_id)

        watcher = Watcher(
            lambda: [file for folder in folders for file in export_files(folder)],
            Spool(Path(platformdirs.user_data_dir("patt")) / "companion"),
            send_content,
            ask_for_outcome,
        )
        if once:
            await watcher.look()
            say(await watcher.look())
            return
        await _go_on(watcher, seconds)


async def _go_on(watcher: Watcher, seconds: float) -> None:
    """Show one status line that changes in place."""
    console = Console()
    with console.status("Starting …") as line:
        while True:
            line.update(await watcher.look())
            await asyncio.sleep(seconds)
