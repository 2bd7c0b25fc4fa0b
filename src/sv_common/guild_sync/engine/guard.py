"""Whoever lets somebody write to a guild's rows may look at them before and after it, in the same transaction."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from sv_common.db.pool import Connection

Guard: TypeAlias = Callable[[Connection, int], AbstractAsyncContextManager[None]]
"""A block around what is written to the rows of a guild, whose lock is held. Raises `Refused` at its end for what may not
stay; then nothing of the transaction does."""


@contextlib.asynccontextmanager
async def unguarded(conn: Connection, guild_id: int) -> AsyncIterator[None]:  # noqa: ARG001 -- one of the guards
    """Let everything stay."""
    yield
