"""What somebody may do here."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["viewer", "officer", "administrator"]
"""What somebody may do: look, also decide and change data, also change settings. Each includes those before it."""

ROLES: tuple[Role, ...] = get_args(Role)
WITH_ARTICLE: dict[Role, str] = {"viewer": "a viewer", "officer": "an officer", "administrator": "an administrator"}
EVERYBODY_WITH: dict[Role, str] = {"viewer": "viewers", "officer": "officers", "administrator": "administrators"}


def includes(role: Role, asked: Role) -> bool:
    """Whether a role may do what another one may."""
    return ROLES.index(role) >= ROLES.index(asked)
