"""`patt notes`: how the notes of a roster are read, without a database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from patt.cli.output import JsonOption, print_json, say, table
from patt.files import read_file
from sv_common.guild_sync.identity.roster_file import read_discord_names, read_roster_table, read_saved_roster
from sv_common.guild_sync.identity.roster_notes import NICKNAME, NoteReading, Sureness, read_notes


def notes(
    file: Annotated[
        Path, typer.Argument(help="A roster as TSV or CSV with the columns character and note, or a .lua.")
    ],
    discord: Annotated[Path | None, typer.Option(help="Discord names, one a line.")] = None,
    as_json: JsonOption = False,
) -> None:
    source = read_file(file)
    roster = read_saved_roster(source) if file.suffix.lower() == ".lua" else read_roster_table(source)
    discord_names = read_discord_names(read_file(discord)) if discord else []
    readings = read_notes(roster, discord_names)
    if as_json:
        for reading in readings:
            print_json(reading, indent=None)
        return
    table("character", "note", "reading", rows=[(each.character, each.note, _in_words(each)) for each in readings])
    say("")
    _print_summary(readings)


def _in_words(reading: NoteReading) -> str:
    match reading.decision:
        case Sureness.CONFIDENT:
            return _certain(reading)
        case Sureness.AMBIGUOUS:
            return f"one of several: {' or '.join(reading.targets) or reading.why_not}"
        case Sureness.SUGGESTED:
            return f"perhaps {', '.join(reading.suggestions)}"
        case Sureness.NOBODY:
            name = f": {reading.person}" if reading.person else ""
            return f"no player ({reading.kind.replace('_', ' ')}{name})"


def _certain(reading: NoteReading) -> str:
    named = ", ".join(reading.targets)
    if reading.person is None or named == reading.person:
        return named
    return f"{named}, so {reading.person}" if named else f"{reading.person} on Discord"


def _print_summary(readings: Sequence[NoteReading]) -> None:
    counts = Counter((each.decision, each.kind) for each in readings)
    order = list(Sureness)
    rows = sorted(counts.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0][1]))
    table("decision", "kind", "notes", rows=[(sure, kind.replace("_", " "), count) for (sure, kind), count in rows])
    bearers: dict[str, list[str]] = defaultdict(list)
    for reading in readings:
        if reading.kind == NICKNAME and reading.person:
            bearers[reading.person].append(reading.character)
    if bearers:
        say("")
        table("nickname", "characters", rows=[(name, ", ".join(found)) for name, found in sorted(bearers.items())])
