"""The upload that a guild took in last: one that says the same, while nothing else was written, is known and not looked at again.

What an upload comes to depends on its entries and on rows of the database alone. The entries are compared by their digest, the rows
by their versions (`rulebook.dependence`), so what was written past the product counts too. What an upload writes makes other versions,
so only one that has changed nothing is ever known. It is kept in memory, for 8 guilds: another process looks at everything once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.roster import characters
from sv_common.guild_sync.rulebook.dependence import ALWAYS, FACTS, Dependence, state_of

MOST_GUILDS: Final = 8
"""Guilds whose last upload is kept."""

_RESTS_ON: Final = {ALWAYS, Dependence.REALMS, Dependence.TIME, *FACTS}

Ground: TypeAlias = Mapping[str, str | None]
"""The versions of all rows on which it depends what an upload comes to."""


@dataclass(frozen=True, slots=True)
class KnownUpload:
    """An upload by its digest.

    On what it rested, what it came to, the time from which on that holds, and what it saw to be as it was known are None until
    it was taken in a second time.
    """

    digest: bytes | None
    ground: Ground | None = None
    report: SyncReport | None = None
    as_of: datetime | None = None
    again: Mapping[str, str] | None = None


class KnownUploads:
    """The last upload of each guild."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], KnownUpload] = OrderedDict()

    def are_checked(self, digest: bytes | None) -> bool:
        """Whether these very entries were checked already, and found to have no fault."""
        return digest is not None and any(each.digest == digest for each in self._kept.values())

    async def ground(self, guild: GuildConnection, digest: bytes | None) -> Ground | None:
        """Return on what it rests what an upload comes to, if it says what the last one said; None for any other.

        The caller holds the guild's lock.
        """
        known = self._kept.get(_key(guild))
        if digest is None or known is None or known.digest != digest:
            return None
        state = await state_of(guild, ())
        return {part: state.get(part) for part in _RESTS_ON}

    async def take_in_again(
        self, guild: GuildConnection, digest: bytes | None, ground: Ground | None, as_of: datetime
    ) -> SyncReport | None:
        """Take in an upload of a time that is known to change nothing, and report it; None, and nothing is written, for others."""
        known = self._kept.get(_key(guild))
        if known is None or ground is None or (known.digest, known.ground) != (digest, ground):
            return None
        if known.report is None or known.as_of is None or known.again is None or as_of < known.as_of:
            return None
        if not await characters.has_seen_the_same(guild, known.again, as_of=as_of):
            return None
        return replace(known.report, as_of=as_of)

    def keep(self, guild: GuildConnection, upload: KnownUpload) -> None:
        """Keep an upload as the last one of the guild."""
        self._kept[_key(guild)] = upload
        self._kept.move_to_end(_key(guild))
        while len(self._kept) > MOST_GUILDS:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Keep nothing any more, as after a restart."""
        self._kept.clear()


def _key(guild: GuildConnection) -> tuple[str, int]:
    return guild.conn.info.dbname, guild.id


UPLOADS: Final = KnownUploads()
"""Those of this process."""
