"""Numbers, lengths of time and names in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))
NAMES_IN_A_LIST = 20


def plural(count: int, what: str) -> str:
    """Return “1 issue” or “3 issues”."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def age(moment: datetime, now: datetime | None = None) -> timedelta:
    """Return how long ago a moment was; never negative, for clocks differ."""
    return max((now or datetime.now(UTC)) - moment, timedelta(0))


def listed(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - NAMES_IN_A_LIST} more" if len(names) > NAMES_IN_A_LIST else ""
    return f"{', '.join(names[:NAMES_IN_A_LIST])}{more}"


def in_words(length: timedelta) -> str:
    """Say a length of time in its largest whole unit: “3 days”, “1 hour”, “less than a minute”."""
    for unit, name in _UNITS:
        if length >= unit:
            return plural(length // unit, name)
    return "less than a minute"


_NAMES = {"automation": "Automation", "detection": "A check", "clock": "The clock"}


def name_of(actor: str) -> str:
    """Return how someone is called on a page: an officer by the name alone."""
    kind, _, name = actor.partition(" ")
    return name if kind == "officer" and name else _NAMES.get(actor, actor)
