"""The companion's watcher for one server and key, and keeping a code that the server accepts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2

from patt.cli.output import say
from patt.companion.addon_file import Told
from patt.companion.code import Code
from patt.companion.files import export_files
from patt.companion.home import Home
from patt.companion.noting import Noting
from patt.companion.proposals import fetch
from patt.companion.server import Contact, contact, outcome_of, send
from patt.companion.watcher import Spool, Watcher
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr


@dataclass(frozen=True, slots=True)
class Connection:
    """The server with a key: whether it accepts the key, the watcher that sends there, and the notes that come from there."""

    http: httpx2.AsyncClient
    code: Code
    watcher: Watcher
    noting: Noting

    async def contact(self) -> tuple[Contact, list[Told]]:
        """Ask whose key it is, and bring the proposed notes up to date: what is known, and what is new in the game's folders."""
        known = await contact(self.http, self.code.server, self.code.key)
        return known, await self.noting.renew(known)


@asynccontextmanager
async def connected(code: Code, home: Home, folders: Callable[[], Iterable[Path]]) -> AsyncIterator[Connection]:
    async with httpx2.AsyncClient() as http:
        watcher = Watcher(
            lambda: dict.fromkeys(file for folder in folders() for file in export_files(folder)),
            Spool(home.spool(code)),
            partial(send, http, code.server, code.key),
            partial(outcome_of, http, code.server, code.key),
        )
        noting = Noting(folders, partial(fetch, http, code.server, code.key))
        yield Connection(http, code, watcher, noting)


async def keep_if_accepted(home: Home, pasted: str, code: Code, folders: Iterable[Path]) -> None:
    """Keep a new code, unless the server rejects its key. Raises `Refused`."""
    async with httpx2.AsyncClient() as http:
        known = await contact(http, code.server, code.key)
    if known.is_rejected:
        raise Refused(known.sentence)
    home.keep(pasted, tuple(folders))
    say(accepted(known) if known.is_accepted else tr("{fault} The code is whole, and kept.", fault=known.sentence))
    say(tr("The code is kept in {folder}, where only you can read it.", folder=home.folder))


def accepted(known: Contact) -> str:
    return tr(
        "The server accepts your key: guild “{guild}”, as {uploader}.", guild=known.guild, uploader=known.uploader
    )
