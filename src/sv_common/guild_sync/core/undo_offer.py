"""How the result of a command says that it can be undone; and lists of numbers, as such a request writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, number, tr

MOST_AT_ONCE = 5000
"""Changes that one request may undo."""

LONGEST_LIST = 4000

TOO_LATE = mark(
    "This can no longer be undone: it is older than your guild keeps that (Settings → Data kept). Change it back yourself."
)
"""Said of what was done longer ago than the guild's setting for undo."""

_QUALITY = "/api/v1/admin/data-quality"
_RANGE = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class UndoOffer:
    """What to send to undo what was done. As soon as something else has changed it, that is refused and changes nothing."""

    post: Annotated[
        str, Field(description="Where to send it, by POST.", examples=["/api/v1/admin/data-quality/attempts/undo"])
    ]
    fields: Annotated[Mapping[str, str], Field(description="What to send.", examples=[{"attempts": "812-815"}])]
    label: Annotated[str, Field(description="What its button says.", examples=["Undo"])] = "Undo"


def undo_of_attempts(attempt_ids: Collection[int]) -> UndoOffer | None:
    """Return how to undo attempts, all together; None for none."""
    if not attempt_ids:
        return None
    return UndoOffer(f"{_QUALITY}/attempts/undo", {"attempts": as_ranges(attempt_ids)}, _label(len({*attempt_ids})))


def undo_of_events(event_ids: Collection[int], *, is_undo: bool = False) -> UndoOffer | None:
    """Return how to undo what officers said of issues, by the events in which it is kept; None for none."""
    if not event_ids:
        return None
    label = tr("Redo") if is_undo else _label(len({*event_ids}))
    return UndoOffer(f"{_QUALITY}/issues/undo", {"events": as_ranges(event_ids)}, label)


def undo_of_setting(change_id: int | None, *, is_undo: bool = False) -> UndoOffer | None:
    if change_id is None:
        return None
    return UndoOffer(f"/api/v1/admin/settings/changes/{change_id}/undo", {}, tr("Redo") if is_undo else tr("Undo"))


def _label(count: int) -> str:
    return tr("Undo") if count == 1 else tr("Undo all {n}", n=number(count))


def as_ranges(numbers: Collection[int]) -> str:
    """Write numbers shortly: “812-815,820”."""
    parts: list[list[int]] = []
    for each in sorted({*numbers}):
        if parts and parts[-1][-1] == each - 1:
            parts[-1][1:] = [each]
        else:
            parts.append([each])
    return ",".join("-".join(map(str, part)) for part in parts)


def read_ranges(text: str) -> list[int]:
    """Read what `as_ranges` writes. Raises `BadInput`."""
    numbers: list[int] = []
    for part in text.replace(" ", "").split(","):
        found = _RANGE.fullmatch(part.removeprefix("#"))
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= last:
            raise BadInput(tr("“{text}” is no list of numbers. Write them like 812-815,820.", text=text[:100]))
        if last - first + len(numbers) >= MOST_AT_ONCE:
            raise BadInput(tr("These are more than {most} changes. Undo fewer at once.", most=number(MOST_AT_ONCE)))
        numbers += range(first, last + 1)
    return numbers
