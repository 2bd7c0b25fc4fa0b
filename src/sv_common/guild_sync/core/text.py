"""Numbers, lengths of time and names in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from babel import dates

from sv_common.guild_sync.core.language import ENGLISH, PSEUDO, language, mark, tr, tr_in, tr_n

NAMES_IN_A_LIST = 20
NAMES_IN_A_SENTENCE = 6
_ADDON_OF = "addon of "


def age(moment: datetime, now: datetime | None = None) -> timedelta:
    """Return how long ago a moment was; never negative, for clocks differ."""
    return max((now or datetime.now(UTC)) - moment, timedelta(0))


def listed(names: Sequence[str], most: int = NAMES_IN_A_LIST) -> str:
    """Return the first names of a list, and how many more there are: “A, B, C and 4 more”."""
    first, more = ", ".join(names[:most]), len(names) - most
    return tr_n("{names} and {n} more", "{names} and {n} more", more, names=first) if more > 0 else first


def enumerated(names: Sequence[str], most: int = NAMES_IN_A_SENTENCE) -> str:
    """Return names as one list with “and” before the last: “A, B and C”; of many, the first ones."""
    if len(names) < 2 or len(names) > most:
        return listed(names, most)
    return tr("{names} and {name}", names=", ".join(names[:-1]), name=names[-1])


def between_with_and() -> str:
    """Return what stands between two names of which both are meant: “ and ”."""
    return f" {tr_in('list', 'and')} "


def with_and(names: Iterable[str]) -> str:
    """Return “A and B and C”."""
    return between_with_and().join(names)


def with_or(names: Iterable[str]) -> str:
    """Return “A or B or C”."""
    return f" {tr_in('list', 'or')} ".join(names)


def day_of_month(moment: date, *, is_long: bool = False) -> str:
    """Write a day without its year: “3 Nov”, or long: “3 November”."""
    if language() in (ENGLISH, PSEUDO):
        return f"{moment.day} {moment:{'%B' if is_long else '%b'}}"
    return dates.format_skeleton("MMMMd" if is_long else "MMMd", moment, locale=language())


def in_words(length: timedelta) -> str:
    """Say a length of time in its largest whole unit: “3 days”, “1 hour”, “less than a minute”."""
    if days := length // timedelta(days=1):
        return tr_n("{n} day", "{n} days", days)
    if hours := length // timedelta(hours=1):
        return tr_n("{n} hour", "{n} hours", hours)
    if minutes := length // timedelta(minutes=1):
        return tr_n("{n} minute", "{n} minutes", minutes)
    return tr("less than a minute")


def ago(length: timedelta) -> str:
    """Say how long ago something was, in its largest whole unit: “3 days ago”, “less than a minute ago”."""
    if days := length // timedelta(days=1):
        return tr_n("{n} day ago", "{n} days ago", days)
    if hours := length // timedelta(hours=1):
        return tr_n("{n} hour ago", "{n} hours ago", hours)
    if minutes := length // timedelta(minutes=1):
        return tr_n("{n} minute ago", "{n} minutes ago", minutes)
    return tr("less than a minute ago")


_ROLES = {
    "viewer": mark("viewer"),
    "officer": mark("officer"),
    "administrator": mark("administrator"),
}


def role_in_words(role: str) -> str:
    """Return what somebody may do in this product, as people call it."""
    return tr(_ROLES[role])


_NAMES = {
    "officer": mark("an officer"),
    "automation": mark("automation"),
    "detection": mark("a scan"),
    "subject gone": mark("a scan"),
    "addon sync": mark("the addon"),
    "addon": mark("the addon"),
    "clock": mark("the clock"),
    "schedule": mark("schedule"),
}
"""Who acts where nobody does, as it is said within a sentence."""


def name_of(actor: str, *, begins: bool = False) -> str:
    """Return how someone is called on a page: an officer by the name alone. `begins`: where a sentence begins with it."""
    kind, _, name = actor.partition(" ")
    if kind == "officer" and name:
        return name
    if actor in _NAMES:
        said = tr(_NAMES[actor])
    elif kind == "token" and name:
        said = tr("token {name}", name=name)
    elif kind == "member" and name:
        said = tr("member {name}", name=name)
    elif actor.startswith(_ADDON_OF):
        said = tr("addon of {player}", player=actor.removeprefix(_ADDON_OF))
    else:
        return actor
    return said[:1].upper() + said[1:] if begins else said
