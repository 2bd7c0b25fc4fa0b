"""What whoever asks has seen of an issue: a command that says so is refused when the issue is no longer like that."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from sv_common.guild_sync.issue_history import Seen

LONGEST_SEEN = 100
SeenQuery = Annotated[
    str | None,
    Query(
        max_length=LONGEST_SEEN,
        description="The `seen` of an issue or of an undo’s preview. Nothing is done (409) where it is no longer so.",
        examples=["1042"],
    ),
]


def seen_of(seen: SeenQuery = None) -> Seen | None:
    """Return what was seen; None where whoever asks does not say. Raises `BadInput`."""
    return Seen.read(seen) if seen else None


PartlyQuery = Annotated[
    bool,
    Query(
        description="Put back what can be, person by person, and leave the rest to be undone later.",
        examples=[False],
    ),
]
SeenDep = Annotated[Seen | None, Depends(seen_of)]
