"""Whether what a guild's pages show has changed: asked of PostgreSQL, since much is written past this process.

A *moment* is what the database shows at all: its snapshot. While no transaction that wrote anything has ended, it is the same,
and so is every row. It costs nothing, but any guild's transaction ends it. A *state* is of one guild: of each of its rows the
place and the transaction that wrote it (`ctid`, `xmin`), summed up table by table. It costs a few milliseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "states.sql")

MOST_GUILDS: Final = 64
"""Guilds whose last state is remembered."""

MOST_ROWS: Final = 50_000
"""Rows of one table up to which a guild's state is worked out: of more, it takes as long as drawing a page."""


@dataclass(frozen=True, slots=True)
class State:
    """A guild's state. `as_of` is a time (`time.monotonic`) before it was read; what was committed by then is in it.

    None stands for a moment, or a state, that cannot be told, and is like no other.
    """

    as_of: float
    moment: str | None
    state: str | None


class States:
    """The last state of each guild, read at most once at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: OrderedDict[tuple[int, int], State] = OrderedDict()
        self._reading: dict[tuple[int, int], asyncio.Lock] = {}

    async def state(self, guild_id: int, beside: int, *, since: float, moment: str | None = None) -> State:
        """Return a guild's state, read not before `since` or at the moment that is given; `beside`: how many guilds are shown too.

        Who asks while it is read waits, and then has it read again once for all who came meanwhile.
        """
        key = guild_id, beside
        lock = self._reading.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                known = self._known.get(key)
                if known is None or not (known.as_of >= since or (moment is not None and known.moment == moment)):
                    known = self._known[key] = await self._read(guild_id, beside)
                    self._known.move_to_end(key)
                    while len(self._known) > MOST_GUILDS:
                        self._known.popitem(last=False)
                return known
        finally:
            if not lock.locked() and self._reading.get(key) is lock:
                del self._reading[key]

    async def moment(self) -> State:
        """Return the moment of now, without any guild's state."""
        as_of = time.monotonic()
        async with self._pool.at_once() as conn:
            row = await (await conn.execute(SQL["moment"])).fetchone()
        return State(as_of, row[0] if row else None, None)

    async def _read(self, guild_id: int, beside: int) -> State:
        as_of = time.monotonic()
        values = {"guild_id": guild_id, "beside": beside, "most": MOST_ROWS}
        async with self._pool.at_once() as conn:
            row = await (await conn.execute(SQL["state"], values)).fetchone()
        return State(as_of, *row) if row else State(as_of, None, None)
