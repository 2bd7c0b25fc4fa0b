"""What every system can do, and how it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from patt.companion.autostart.program import Program
from patt.companion.autostart.steps import Step


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the companion starts with the computer, whether it runs now (None: the system does not say), and by what."""

    is_on: bool
    is_running: bool | None
    by: str


class Autostart(Protocol):
    """A system's own way of starting a program when its user signs in."""

    @property
    def name(self) -> str:
        """The name of what starts it, as people know it."""

    def on(self, program: Program) -> list[Step]:
        """Return what starts the program with the computer, and now. Once more brings it up to date."""

    def off(self) -> list[Step]:
        """Return what ends it and leaves nothing of it; nothing if it is off."""

    def standing(self) -> Standing:
        """Ask the system how it stands."""
