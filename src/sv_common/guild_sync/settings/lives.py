"""For how long a guild keeps what grows: what can be set, its bounds and defaults.

The defaults stand in the function `guild_identity.days_kept` too, which the statements ask; a test holds both together, and
the table in docs/privacy.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.rulebook.parameter import Parameter

UNDO: Final = "undo"
_DAYS: Final = mark("days")


def _counted(days: int) -> str:
    return tr_n("{n} day", "{n} days", days)


def _life(name: str, label: str, least: int, most: int, default: int, about: str) -> Parameter:
    return Parameter(name, label, _DAYS, least, most, default, about, _counted)


LIVES: Final = (
    _life(
        UNDO,
        mark("Undo"),
        7,
        365,
        90,
        mark("For how long a fix, a decision, a dismissal or a setting can be undone."),
    ),
    _life(
        "attempts",
        mark("Fixes and decisions"),
        90,
        1825,
        365,
        mark("What was done, and what it changed. It stays at least as long as it can be undone."),
    ),
    _life(
        "issues",
        mark("Resolved issues"),
        90,
        1825,
        365,
        mark("With all that happened to them. What is open or dismissed stays."),
    ),
    _life(
        "runs",
        mark("Log of runs"),
        90,
        730,
        90,
        mark("Syncs, scans and full matches. The last good run of each kind stays."),
    ),
    _life(
        "uploads",
        mark("Uploads"),
        7,
        365,
        90,
        mark("What the companion sent. The newest of each upload key stays, without its characters."),
    ),
    _life(
        "announcements",
        mark("Messages to Discord"),
        14,
        365,
        90,
        mark("What was reported to your officers' channel. The newest digest stays."),
    ),
    _life(
        "departed",
        mark("Who has left"),
        30,
        1825,
        180,
        mark("Characters and Discord members that have left and belong to no player."),
    ),
    _life(
        "former_names",
        mark("Former names"),
        30,
        1825,
        365,
        mark("Earlier names of characters and Discord members. An old note may still use them."),
    ),
    _life(
        "settings",
        mark("History of settings"),
        90,
        1825,
        730,
        mark("Who changed which setting. It stays at least as long as it can be undone."),
    ),
)
"""In the order in which they are shown."""

_KINDS: Mapping[str, Callable[[int], str]] = {
    "attempts": lambda n: tr_n("{n} fix or decision", "{n} fixes and decisions", n),
    "matches": lambda n: tr_n("{n} request for a full match", "{n} requests for full matches", n),
    "issues": lambda n: tr_n("{n} resolved issue", "{n} resolved issues", n),
    "events": lambda n: tr_n("{n} event of an issue", "{n} events of issues", n),
    "runs": lambda n: tr_n("{n} run", "{n} runs", n),
    "uploads": lambda n: tr_n("{n} upload", "{n} uploads", n),
    "announcements": lambda n: tr_n("{n} message", "{n} messages", n),
    "characters": lambda n: tr_n("{n} character that has left", "{n} characters that have left", n),
    "members": lambda n: tr_n("{n} Discord member who has left", "{n} Discord members who have left", n),
    "former_names": lambda n: tr_n("{n} former name", "{n} former names", n),
    "settings": lambda n: tr_n("{n} change of settings", "{n} changes of settings", n),
}
_AS = {"refreshes": "events", "contents": "uploads"}


def would_delete(counts: Mapping[str, int]) -> Iterator[str]:
    """Say what the next cleaning deletes, as counted by `keeping.cleaning`."""
    told: dict[str, int] = {}
    for name, count in counts.items():
        told[_AS.get(name, name)] = told.get(_AS.get(name, name), 0) + count
    if told:
        parts = [_KINDS[name](count) for name, count in told.items()]
        yield tr(
            "With these days, the next daily cleaning deletes {what}. That cannot be undone.", what=", ".join(parts)
        )
    else:
        yield tr("With these days, the next daily cleaning deletes nothing.")
