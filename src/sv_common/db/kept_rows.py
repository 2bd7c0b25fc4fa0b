"""Rows of a guild that are read again only where they were written since: the rest is taken from what was read last.

PostgreSQL says it itself. A row version has a place and the transaction that wrote it (`ctid`, `xmin`); who writes the row makes
another version. So the versions of all rows are asked for, as one value, and compared. They are of one running server: after a
restart, or on another one, all is read anew.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, LiteralString, TypeVar

from sv_common.db.guild import GuildConnection

_Row = TypeVar("_Row", bound=tuple[Any, ...])

MOST_GUILDS: Final = 8
"""Guilds whose rows are kept."""

_LARGEST_PART: Final = 0.25
"""Of the rows that were written, the part above which reading all is as fast."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[_Row]):
    server: object
    versions: bytes
    rows: Mapping[int, _Row]


class KeptRows(Generic[_Row]):
    """The rows of one kind, by their number.

    `versions` gives one row: when the server was started, and for each row its number and its version, in eight bytes and
    twenty, in the order of the numbers. `read` gives the rows themselves, each with its number first, in the same order: all, or those of
    the parameter `numbers`, where it is not null. The caller reads in a snapshot, or under the guild's lock.
    """

    def __init__(self, versions: LiteralString, read: LiteralString, make: Callable[[Any], _Row]) -> None:
        self._versions = versions
        self._read = read
        self._make = make
        self._kept: OrderedDict[tuple[str, int], _Kept[_Row]] = OrderedDict()

    async def of(self, guild: GuildConnection) -> Mapping[int, _Row]:
        """Return all rows of a guild as they are now. The same object as before means that none was written."""
        key = (guild.conn.info.dbname, guild.id)
        server, versions = await self._versions_now(guild)
        kept = self._kept.get(key)
        if kept is None or kept.server != server or kept.versions != versions:
            rows = await self._read_anew(guild, kept if kept and kept.server == server else None, versions)
            kept = self._kept[key] = _Kept(server, versions, rows)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_GUILDS:
            self._kept.popitem(last=False)
        return kept.rows

    async def _versions_now(self, guild: GuildConnection) -> tuple[object, bytes]:
        row = await guild.row(self._versions)
        assert row is not None  # noqa: S101 -- an aggregate always gives a row
        return row[0], bytes(row[1] or b"")

    async def _read_anew(self, guild: GuildConnection, kept: _Kept[_Row] | None, versions: bytes) -> dict[int, _Row]:
        if kept is not None:
            now, before = _by_number(versions), _by_number(kept.versions)
            written = [number for number, version in now.items() if before.get(number) != version]
            if len(written) <= len(now) * _LARGEST_PART:
                fresh = self._made(await guild.rows(self._read, numbers=written))
                known = kept.rows
                return {number: fresh[number] if number in fresh else known[number] for number in now}
        return self._made(await guild.rows(self._read, numbers=None))

    def _made(self, rows: Iterable[tuple[Any, ...]]) -> dict[int, _Row]:
        make = self._make
        return {row[0]: make(row) for row in rows}


def _by_number(versions: bytes) -> dict[int, bytes]:
    return dict(struct.iter_unpack(">q20s", versions))
