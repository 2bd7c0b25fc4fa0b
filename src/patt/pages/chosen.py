"""Issues that a form is about: ticked rows (a number and, after a hyphen, the key of what was seen), or what a preview shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from patt.web.context import LARGEST_BIGINT
from patt.worker.jobs import MOST_SELECTED, FixSelectedJob
from sv_common.guild_sync.core.errors import BadInput

_WISH = TypeAdapter(FixSelectedJob)
_ROW = re.compile(r"(?P<number>[1-9][0-9]{0,18})(?:-(?P<key>[0-9a-f]{1,64}))?")


def chosen_issues(ticked: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Return the numbers of the ticked issues, and the keys of those that were sent with one.

    Raises `BadInput` where nothing was ticked, too much, or something that is no issue.
    """
    if not ticked:
        raise BadInput("Nothing was chosen. Tick the issues first, then press the button again.")
    if len(ticked) > MOST_SELECTED:
        raise BadInput(
            f"{len(ticked)} issues were chosen; at most {MOST_SELECTED} can be acted on at once. Choose fewer."
        )
    seen = dict(_row(value) for value in ticked)
    return list(seen), {number: key for number, key in seen.items() if key}


def wish_to_fix(shown: Mapping[int, str]) -> FixSelectedJob | None:
    """Return what the button of a preview asks for: to fix what it shows, each issue with its key; None where nothing is shown."""
    return FixSelectedJob(kind="fix_selected", issue_ids=list(shown), seen=dict(shown)) if shown else None


def previewed(wish: str) -> FixSelectedJob:
    """Return what the button of a preview has asked for. Raises `BadInput` where it is not as a preview writes it."""
    try:
        return _WISH.validate_json(wish)
    except ValidationError as error:
        raise BadInput("This is not what a preview asks for. Open the preview again, and press its button.") from error


def _row(value: str) -> tuple[int, str | None]:
    found = _ROW.fullmatch(value)
    if found is None or int(found["number"]) > LARGEST_BIGINT:
        raise BadInput(f"“{value[:40]}” is not the number of an issue. Go back to the list and tick the issues there.")
    return int(found["number"]), found["key"]
