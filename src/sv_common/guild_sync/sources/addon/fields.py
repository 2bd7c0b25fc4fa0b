"""Reads single fields of an upload: each value as its type, or a sentence that names the entry, the field and the remedy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr, tr_n
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES, MAX_PARTS

MAX_NAME_LETTERS = 48
"""Longest character name in letters. The game allows 12; names of other origin get some room."""

MAX_NOTE_LETTERS = 255
"""Longest note in letters, its markup included. The game's own dialog allows 31."""

MAX_LABEL_LETTERS = 64
"""Longest realm, rank, class or guild name, GUID or export id, in letters."""

MAX_LISTED_PROBLEMS = 20
"""How many problems of one upload are listed one by one; of the rest only the number is told."""

HOURS_A_DAY = 24
_TIME_AWAY = re.compile(r"(?:(?P<days>[0-9]{1,5})d (?P<rest>[0-9]{1,2})|(?P<hours>[0-9]{1,7}))h")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def export_again(fault: str) -> str:
    """Put the remedy behind a fault that only another export mends; both are whole sentences."""
    remedy = tr("Type /pattsync force in the game, then log out or type /reload, and upload the new file.")
    return f"{fault} {remedy}"


class Problems:
    """The faults of one upload, counted in full and listed up to a limit."""

    def __init__(self) -> None:
        self._listed: list[str] = []
        self._count = 0

    def add(self, sentence: str) -> None:
        self._count += 1
        if self._count <= MAX_LISTED_PROBLEMS:
            self._listed.append(sentence)

    def refuse_if_any(self) -> None:
        if not self._count:
            return
        rest = self._count - len(self._listed)
        listed = [*self._listed, tr_n("and {n} more", "and {n} more", rest)] if rest else self._listed
        fault = tr_n(
            "The upload has a fault, so it was not used.",
            "The upload has {n} faults, so it was not used.",
            self._count,
        )
        raise BadInput(export_again(fault), listed)


class Fields:
    """Typed access to the fields of one table; what does not fit is reported and read as None, which is unknown."""

    def __init__(self, values: Mapping[Any, object], problems: Problems, number: int | None = None) -> None:
        self._values = values
        self._problems = problems
        self._number = number

    @property
    def where(self) -> str:
        """What the table is called in a sentence: an entry by its number and its name, else the export itself."""
        if self._number is None:
            return tr("the export")
        name, realm = self._values.get("name"), self._values.get("realm")
        if not isinstance(name, str) or not name.strip():
            return tr("entry {number}", number=self._number)
        full = f"{name}-{realm}" if isinstance(realm, str) and realm and "-" not in name else name
        return tr("entry {number} {character}", number=self._number, character=shown(full))

    def report(self, fault: str) -> None:
        self._problems.add(
            tr("{entry}: {fault}; correct it, or export again with /pattsync force.", entry=self.where, fault=fault)
        )

    def raw(self, field: str) -> object:
        return self._values.get(field)

    def text(self, field: str) -> str | None:
        value = self._values.get(field)
        if value is None:
            return None
        if not isinstance(value, str):
            self.report(tr("{field} is {kind} and must be text", field=field, kind=kind_of_value(value)))
            return None
        return self.without(value, unstorable(field, value))

    def note(self, field: str, as_shown: Callable[[str], str]) -> str | None:
        """Give a note of bearable length; `as_shown` turns it into display text."""
        text = self.text(field)
        text = None if text is None else self.without(text, _too_long(field, text, MAX_NOTE_LETTERS))
        return None if text is None else as_shown(text)

    def label(self, field: str) -> str | None:
        """Give a short text of one line without outer blanks; an empty one is None."""
        text = self.text(field)
        if not text:
            return None
        text = text.strip()
        return self.without(text, label_fault(field, text)) or None

    def without(self, text: str, fault: str | None) -> str | None:
        """Give the text, or report the fault that it has."""
        if fault is None:
            return text
        self.report(fault)
        return None

    def whole_number(self, field: str, lowest: int, highest: int) -> int | None:
        value = self._values.get(field)
        if value is None:
            return None
        number = _whole(value)
        if number is None or not lowest <= number <= highest:
            self.report(
                tr(
                    "{field} is {value} and must be a whole number from {least} to {most}",
                    field=field,
                    value=shown(value),
                    least=lowest,
                    most=highest,
                )
            )
            return None
        return number

    def flag(self, *fields: str) -> bool | None:
        for field in fields:
            value = self._values.get(field)
            if isinstance(value, bool):
                return value
            if value is not None:
                self.report(tr("{field} is {kind} and must be true or false", field=field, kind=kind_of_value(value)))
        return None


def name_fault(field: str, name: str) -> str | None:
    if not name:
        return tr("{field} is empty", field=field)
    if len(name) > MAX_NAME_LETTERS:
        return _too_long(field, name, MAX_NAME_LETTERS)
    if name.isalpha():
        return None
    if any(letter.isspace() for letter in name):
        return tr("{field} contains a blank", field=field)
    if any(unicodedata.category(letter) in ("Cc", "Cf") for letter in name):
        return tr("{field} contains a control character or an invisible one", field=field)
    return None


def label_fault(field: str, text: str) -> str | None:
    if len(text) <= MAX_LABEL_LETTERS and text.isprintable():
        return None
    if _CONTROL.search(text):
        return tr("{field} contains a control character", field=field)
    return _too_long(field, text, MAX_LABEL_LETTERS)


def _too_long(field: str, text: str, most: int) -> str | None:
    if len(text) <= most:
        return None
    return tr(
        "{field} has {n} letters and may have at most {most}", field=field, n=number(len(text)), most=number(most)
    )


def unstorable(field: str, text: str) -> str | None:
    """Name what PostgreSQL cannot keep in a text."""
    if "\0" in text:
        return tr("{field} contains a NUL character", field=field)
    if not text.isascii() and _SURROGATE.search(text):
        return tr("{field} contains half a character (a lone UTF-16 surrogate)", field=field)
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def shown(value: object) -> str:
    """Give a value for a sentence: on one line, and short whatever was uploaded."""
    if isinstance(value, str):
        start = value[:MAX_LABEL_LETTERS]
        if not start.isprintable():
            start = "".join(letter if letter.isprintable() else "�" for letter in start)
        return f"'{start}'" if len(value) <= MAX_LABEL_LETTERS else f"'{start}…'"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**15):
        return str(value)
    return kind_of_value(value)


def kind_of_value(value: object) -> str:
    """Say in a word what a value is, where its text does not help."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return tr("a number")
        case str():
            return tr("text")
        case Mapping():
            return tr("a table")
        case list() | tuple():
            return tr("a list")
        case _:
            return tr("of type {name}", name=type(value).__name__)


def hours_away(written: object) -> int | None:
    """Read `Online`, `61d 4h` or `4h`; other forms, which other versions may write, say nothing and are no fault."""
    if written == "Online":
        return 0
    found = _TIME_AWAY.fullmatch(written) if isinstance(written, str) else None
    return int(found["days"] or 0) * HOURS_A_DAY + int(found["rest"] or found["hours"]) if found else None


def refuse_too_much_json(source: bytes) -> None:
    """Refuse JSON that is longer than an export, or has more values: each takes many times its own size in memory."""
    if len(source) > MAX_BYTES:
        raise BadInput(export_again(tr("This is too large: an export has at most {n} MiB.", n=MAX_BYTES >> 20)))
    # Commas and brackets within texts count too; a right export is far from the limit.
    if sum(source.count(sign) for sign in (b",", b"{", b"[")) > MAX_PARTS:
        fault = tr("This holds more than {n} values, more than any guild's export.", n=number(MAX_PARTS))
        raise BadInput(export_again(fault))
