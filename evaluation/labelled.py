"""Labelled rosters: what a reader of flesh and blood says that each note means.

The labels follow what a careful officer would do, by these principles:

1. A note that is exactly the name of a character of the guild means that character, even where the name is a word of
   ordinary language (Hope, Torsk, Donder, Lumière, Åska).
2. Not where it is a word that notes themselves use: roles, specialisations, classes, days, professions, banks, states,
   items. "Shadow" beside a character called Shadow is `ambiguous`.
3. A name with nothing but words about characters beside it ("Zork tank", "Zork (resto)", "DK Zork") means that character,
   and so does a name that says "the same player as", "still", "see" or "belongs under".
4. A name without its accents, with its letters written out (Gruenbart), in another case (alt Zorki) or in the other script of
   Chinese is that name, `character`, where only one of the guild can be meant; with a letter wrong it is `misspelled`.
5. Two names that are joined by a slash, "and" or "or" are `ambiguous`, unless one of them can be no name.
6. A past name ("ex Zork", "aka Zork"), a name with a mood or "junior", and a question are `ambiguous`.
7. Family, friends, recruits, stand-ins, heirs of an account and those who are spoken of name nobody: `noise`.
8. A reading that means the Discord member who is called as the character is right too: both are the same person's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sv_common.guild_sync.identity.roster_file import NotedCharacter, read_discord_names, read_roster_table

GUILDS = Path(__file__).parents[1] / "tests" / "resolution" / "guilds"
"""The folder of the labelled rosters: NAME.tsv, and NAME.discord.txt where the guild's Discord names are known.

`languages.txt` beside them says in which language each guild writes.
"""

NAMES_NOBODY = frozenset({"profession", "bank", "date", "machine", "main", "noise", "empty"})
LABELS = frozenset({"character", "misspelled", "ambiguous", "nickname", "discord"}) | NAMES_NOBODY
_NAMES_CHARACTERS = frozenset({"character", "misspelled", "ambiguous"})


@dataclass(frozen=True, slots=True)
class Label:
    """What a note means: a label of `LABELS`, and whom, each acceptable answer by itself."""

    label: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelledGuild:
    """A roster with its labels, line by line."""

    name: str
    roster: Sequence[NotedCharacter]
    labels: Sequence[Label]
    discord_names: Sequence[str]
    language: str


def labelled_guilds(folder: Path = GUILDS) -> Iterator[LabelledGuild]:
    """Read every labelled roster of a folder."""
    languages = _languages(folder / "languages.txt")
    for file in sorted(folder.glob("*.tsv")):
        discord = file.with_suffix(".discord.txt")
        yield LabelledGuild(
            file.stem,
            read_roster_table(file.read_bytes()),
            _labels(file),
            read_discord_names(discord.read_bytes()) if discord.exists() else [],
            languages.get(file.stem, "Unknown"),
        )


def _languages(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["guild"]: row["language"] for row in csv.DictReader(lines, delimiter="\t")}


def _labels(file: Path) -> list[Label]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        labels = [_label(row["label"], row["target"] or "") for row in rows]
    unknown = {each.label for each in labels} - LABELS
    if unknown:
        raise ValueError(f"{file.name} has labels that mean nothing: {', '.join(sorted(unknown))}.")
    return labels


def _label(label: str, target: str) -> Label:
    """Several acceptable characters are parted by bars; a Discord name may hold one."""
    return Label(label, tuple(target.split("|")) if label in _NAMES_CHARACTERS else (target,))
