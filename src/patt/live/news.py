"""From the numbers of rows that have changed to a sentence that says who did what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.text import name_of

SQL = load_sql(__package__, "news.sql")

_WORDS: Mapping[str, tuple[str, str]] = {
    "fixed": ("fixed 1 issue", "fixed {} issues"),
    "resolved": ("closed 1 issue", "closed {} issues"),
    "opened": ("found 1 new issue", "found {} new issues"),
    "recurred": ("found 1 issue again", "found {} issues again"),
    "refreshed": ("brought 1 issue up to date", "brought {} issues up to date"),
    "dismissed": ("set 1 issue aside", "set {} issues aside"),
    "reopened": ("opened 1 issue again", "opened {} issues again"),
    "undone": ("undid a change", "undid {} changes"),
    "decided": ("changed who belongs to whom", "changed who belongs to whom, {} times"),
    "set": ("changed a setting", "changed {} settings"),
    "matched": ("did a full match", "did {} full matches"),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """So much of one kind that somebody did."""

    actor: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class News:
    """What has changed, in a sentence, and who did it."""

    sentence: str
    actors: frozenset[str]


async def of_rows(conn: Connection, statement: str, guild_id: int, first: int, last: int) -> list[Deed]:
    """Return what these rows tell: `moves` of issue events, `deeds` of attempts, `settings` of their changes."""
    values = {"guild_id": guild_id, "first": first, "last": last}
    return [Deed(*row) for row in await (await conn.execute(SQL[statement], values)).fetchall()]


def in_words(deeds: Sequence[Deed]) -> News | None:
    """Say who did what; None where nobody did anything."""
    if not deeds:
        return None
    by_actor: dict[str, Counter[str]] = {}
    for deed in deeds:
        by_actor.setdefault(deed.actor, Counter())[deed.what] += deed.count
    told = [
        f"{name_of(actor)} {_list(_said(what, count) for what, count in theirs.items())}"
        for actor, theirs in by_actor.items()
    ]
    return News(f"{'; '.join(told)}.", frozenset(by_actor))


def _said(what: str, count: int) -> str:
    one, many = _WORDS.get(what, (what, f"{what} {{}} times"))
    return one if count == 1 else many.format(count)


def _list(parts: Iterable[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last
