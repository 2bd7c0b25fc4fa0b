"""Ticked rows of findings, as forms send them: the number of an issue and, after a hyphen, the key of what was seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from patt.api.selection_models import MOST_CHOSEN
from patt.deps import LARGEST_BIGINT
from sv_common.guild_sync.domain.errors import BadInput

_ROW = re.compile(r"(?P<number>[1-9][0-9]{0,18})(?:-(?P<key>[0-9a-f]{1,64}))?")


def chosen_issues(ticked: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Return the numbers of the ticked issues, and the keys of those that were sent with one.

    Raises `BadInput` where nothing was ticked, too much, or something that is no issue.
    """
    if not ticked:
        raise BadInput("Nothing was chosen. Tick the issues first, then press the button again.")
    if len(ticked) > MOST_CHOSEN:
        raise BadInput(
            f"{len(ticked)} issues were chosen; at most {MOST_CHOSEN} can be acted on at once. Choose fewer."
        )
    seen = dict(_row(value) for value in ticked)
    return list(seen), {number: key for number, key in seen.items() if key}


def _row(value: str) -> tuple[int, str | None]:
    found = _ROW.fullmatch(value)
    if found is None or int(found["number"]) > LARGEST_BIGINT:
        raise BadInput(f"“{value[:40]}” is not the number of an issue. Go back to the list and tick the issues there.")
    return int(found["number"]), found["key"]
