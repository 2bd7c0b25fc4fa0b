"""What was done in a simulation, counted for the table that it prints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

_WIDTH = 34


class LawBroken(Exception):
    """Something that must always hold did not; the text says which law, of which guild, and what was seen."""


@dataclass
class Tally:
    """Counts by chapter ("runs", "happenings" …) and, within it, by name."""

    chapters: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, chapter: str, name: str, count: int = 1) -> None:
        self.chapters[chapter][name] += count

    def lines(self) -> Iterator[str]:
        """Write the table, chapter by chapter, the most frequent first."""
        for chapter, counts in self.chapters.items():
            yield f"{chapter} ({counts.total():,})"
            yield from (f"  {name:<{_WIDTH}}{count:>12,}" for name, count in counts.most_common())
