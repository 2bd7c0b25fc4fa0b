"""Stand-ins for the tools of a system: they write down what they are called with, and answer as told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patt.companion.autostart.steps import Ran


@dataclass
class Tools:
    """Every call, and the exit code of those whose arguments hold a word."""

    codes: dict[str, list[int]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    meanwhile: Callable[[tuple[str, ...]], None] = lambda _: None

    def __call__(self, command: Sequence[str]) -> Ran:
        self.calls.append(tuple(command))
        self.meanwhile(tuple(command))
        for word, codes in self.codes.items():
            if word in command:
                code = codes.pop(0) if len(codes) > 1 else codes[0]
                return Ran(code, "" if code == 0 else f"{word}: it did not work.\n")
        return Ran(0, next((said for word, said in self.outputs.items() if word in command), ""))


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that is in a folder: the content of each file, and None for each folder."""
    return {str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None for each in folder.rglob("*")}
