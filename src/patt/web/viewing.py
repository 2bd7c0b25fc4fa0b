"""For whom a page is rendered: set by the guard for each request, and asked by templates, also in macros and parts.

So every button knows whether it may be shown, and every form has its session's token, without each page handing them on.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from patt.auth.permissions import EVERYBODY_WITH, Role, includes

FORM_FIELD = "form_token"
"""The hidden field that carries the token of a session's forms."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """Whoever looks: their role, None for nobody known, and the token of their session's forms, blank without a session."""

    role: Role | None = None
    form_token: str = ""


_NOBODY = Viewing()
_VIEWING: ContextVar[Viewing] = ContextVar("viewing", default=_NOBODY)


def look_as(viewing: Viewing) -> None:
    """Render what follows in this request for somebody."""
    _VIEWING.set(viewing)


def form_token() -> str:
    """Return the token that a form of this page has to carry."""
    return _VIEWING.get().form_token


def may(role: Role) -> bool:
    """Whether whoever looks may do what a role may."""
    own = _VIEWING.get().role
    return own is not None and includes(own, role)


def why_not(role: Role) -> str:
    """Say why a button cannot be used by whoever looks."""
    return f"This is for {EVERYBODY_WITH[role]}."
