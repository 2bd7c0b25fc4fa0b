"""Every labelled note of `labelled_notes.tsv` is read as its label says.

The file starts with the notes that name nobody. Its columns: the form; the note; the kind; the mentions in order, each
the first reading's key with `!` if it stands by itself and `?` if it counts only when known (`-` for none, `*` for
any number that count only when known); what else the note says (`bank`, `main`, `alt`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sv_common.guild_sync.notes import ParsedNote, parse_note

NOTES_NAMING_NOBODY = {
    *("profession", "spec", "level", "machine", "date", "ditto", "empty", "bank", "marker", "noise", "others"),
    "second",
}


@dataclass(frozen=True)
class Label:
    """One line of the file."""

    form: str
    note: str
    kind: str
    mentions: str
    says: str


def _labels() -> list[Label]:
    text = Path(__file__).with_name("labelled_notes.tsv").read_text(encoding="utf-8")
    return [Label(*line.split("\t")) for line in text.split("\n")[1:] if line]


LABELS = _labels()


def _mentions(parsed: ParsedNote) -> str:
    found = (f"{mention.readings[0].key}{'?' if mention.only_if_known else '!'}" for mention in parsed.mentions)
    return "|".join(found) or "-"


def _says(parsed: ParsedNote) -> str:
    marker = {True: "main", False: "alt", None: ""}[parsed.marks_main]
    return " ".join(filter(None, ("bank" if parsed.is_bank else "", marker))) or "-"


def test_a_labelled_note_is_read_as_labelled() -> None:
    wrong = [(label, read) for label in LABELS if (read := _read(label)) != (label.kind, label.mentions, label.says)]
    assert wrong == []


def _read(label: Label) -> tuple[str, str, str]:
    parsed = parse_note(label.note)
    mentions = _mentions(parsed)
    if label.mentions == "*" and "!" not in mentions:
        mentions = "*"
    return parsed.kind.value, mentions, _says(parsed)


def test_no_note_is_labelled_twice() -> None:
    repeated = [note for note, count in Counter(label.note for label in LABELS).items() if count > 1]
    assert not repeated


def test_the_labelled_notes_are_many_of_both_sorts() -> None:
    nobody = sum(label.form in NOTES_NAMING_NOBODY for label in LABELS)
    assert nobody >= 250
    assert len(LABELS) - nobody >= 250


def test_no_label_of_a_form_that_names_nobody_names_somebody() -> None:
    assert not [label for label in LABELS if label.form in NOTES_NAMING_NOBODY and "!" in label.mentions]
