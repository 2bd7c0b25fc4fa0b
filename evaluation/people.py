"""Labelled people: who has which characters and which Discord names, and what a careful officer would make of it.

A file holds a guild, a person a line: the person's name, their name on Discord as the server shows it and as the account has it,
the characters that are theirs for certain, and their characters that nobody has linked. A question mark before a Discord
name or a character says that a careful officer could not tell whose it is: it is there only to mislead.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PEOPLE = Path(__file__).parents[1] / "tests" / "resolution" / "people"
"""The folder of the labelled people; in `unseen` are guilds for which no rule was written."""


@dataclass(frozen=True, slots=True)
class LabelledPerson:
    name: str
    display_name: str
    username: str
    characters: Sequence[str]
    orphans: Sequence[str]
    is_telling: bool
    telling_orphans: frozenset[str]


def labelled_people(folder: Path) -> Iterator[tuple[str, list[LabelledPerson]]]:
    """Read every guild of labelled people of a folder."""
    for file in sorted(folder.glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            yield file.stem, [_person(row) for row in rows]


def _person(row: dict[str, str]) -> LabelledPerson:
    display, orphans = row["display"], (row["orphans"] or "").split()
    return LabelledPerson(
        row["person"],
        display.removeprefix("?"),
        row["username"],
        row["characters"].split(),
        [orphan.removeprefix("?") for orphan in orphans],
        not display.startswith("?"),
        frozenset(orphan for orphan in orphans if not orphan.startswith("?")),
    )
