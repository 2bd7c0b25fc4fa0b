"""What people have decided in a guild, and whether it still stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "decisions.sql")


@dataclass(frozen=True)
class Decisions:
    """Players, links, rejections, shared characters and aliases as people left them, and the dismissals that they made, by issue.

    `outdated` are issues whose dismissal ended because what it rested on has changed.
    """

    words: frozenset[tuple[str, str]] = frozenset()
    dismissals: Mapping[int, tuple[str, datetime | None]] = field(default_factory=dict)
    outdated: frozenset[int] = frozenset()

    def overturned_in(self, now: Decisions, moment: datetime) -> list[str]:
        """Say what is no longer as people left it, or is there although nobody decided it; dismissals may end."""
        ended = {
            issue
            for issue, (_, until) in self.dismissals.items()
            if issue not in now.dismissals and (issue in now.outdated or (until is not None and until <= moment))
        }
        return [
            *(f"gone: {kind} {word}" for kind, word in sorted(self.words - now.words)),
            *(f"new: {kind} {word}" for kind, word in sorted(now.words - self.words)),
            *(
                f"dismissal of issue {issue}: {self.dismissals.get(issue)} became {now.dismissals.get(issue)}"
                for issue in sorted(self.dismissals.keys() | now.dismissals.keys())
                if self.dismissals.get(issue) != now.dismissals.get(issue) and issue not in ended
            ),
        ]


async def read_decisions(pool: Pool, guild_id: int | None = None) -> dict[int, Decisions]:
    """Read what people have decided in one guild or in each."""
    values = {"guild_id": guild_id}
    words: dict[int, set[tuple[str, str]]] = {}
    dismissals: dict[int, dict[int, Any]] = {}
    outdated: dict[int, set[int]] = {}
    async with pool.connection() as conn:
        for guild, kind, word in await (await conn.execute(SQL["words"], values)).fetchall():
            words.setdefault(guild, set()).add((kind, word))
        for guild, issue, *dismissal in await (await conn.execute(SQL["dismissals"], values)).fetchall():
            dismissals.setdefault(guild, {})[issue] = tuple(dismissal)
        for guild, issue in await (await conn.execute(SQL["outdated_dismissals"], values)).fetchall():
            outdated.setdefault(guild, set()).add(issue)
    return {
        guild: Decisions(frozenset(words.get(guild, ())), dismissals.get(guild, {}), frozenset(outdated.get(guild, ())))
        for guild in words.keys() | dismissals.keys() | outdated.keys()
    }
