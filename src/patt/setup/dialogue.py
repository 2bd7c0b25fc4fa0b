"""How a step of the set-up speaks with whoever sets up: a person at a terminal, or a script that gave its answers before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sv_common.guild_sync.domain.errors import PattError


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: what is kept, what is shown, and by what name it may be chosen too."""

    value: str
    label: str
    name: str = ""


class StepSkipped(Exception):
    """A step is left for later. The text says why, as the end of the sentence that begins with “Left for later”."""


class Dialogue(Protocol):
    """Asks and tells. Each question has the name of an option; what was given with it beforehand is its first answer."""

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked."""
        ...

    def given(self, option: str) -> str | None:
        """Return what was given beforehand and has not been taken for an answer yet; None for nothing."""
        ...

    def take(self, option: str) -> str | None:
        """Return the same, and take it for the answer, so that it is not the answer to a second try."""
        ...

    def ask(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        """Return the answer, never blank. Raises `StepSkipped` for none, and `BadInput` where nobody can be asked."""
        ...

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        """Return the value of one of the choices. Raises like `ask`, and `BadInput` for what is none of them."""
        ...

    def try_again(self) -> bool:
        """Return whether a step that went wrong is tried again; False where nobody can be asked."""
        ...

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        """Return yes or no; the default where nobody can be asked and nothing was given."""
        ...

    def begin(self, step: str, heading: str) -> None:
        """Begin a step."""
        ...

    def say(self, sentence: str) -> None:
        """Tell something."""
        ...

    def warn(self, sentence: str) -> None:
        """Tell something that should be mended and does not end the step."""
        ...

    def complain(self, error: PattError) -> None:
        """Tell what went wrong."""
        ...

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show a table."""
        ...

    def working(self, what: str) -> AbstractContextManager[object]:
        """Show that something is being done for as long as the block runs."""
        ...
