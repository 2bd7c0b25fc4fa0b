"""What people read, in their language: sentences from the catalogues, numbers and days as they are written there.

English stands in the code and is its own catalogue. `docs/translating.md` says how a language is added.

The language belongs to the task that runs. Binding a connection to a guild sets the guild's; before that, it is the one that the
browser or the terminal asks for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.messages import Catalog
from babel.messages.pofile import read_po

ENGLISH = "en"
PSEUDO = "en-XA"
"""A language for translators and tests: each sentence of the catalogue stands in brackets, so what has none is seen at once."""

LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""The languages of this edition, by code, each by its own name."""

_CATALOGUES = Path(__file__).parents[2] / "locale"
DOMAIN = "patt"

COMMAND = "patt"
"""How texts call the command line; `type_as` says how it is typed here."""

_LANGUAGE: ContextVar[str] = ContextVar("language", default=ENGLISH)
_TYPED_AS: ContextVar[str] = ContextVar("typed_as", default=COMMAND)
_COMMAND_IN_TEXT = re.compile(r"(?<![\w./-])(?<!\.py )patt(?= [a-z{])")
_PARTS = re.compile(r"[-_.@]")


def language() -> str:
    """Return the code of the language in which sentences are written now, such as `de`."""
    return _LANGUAGE.get()


def speak(code: str) -> None:
    """Write what follows in this task in a language. One that this edition does not have is written in English."""
    _LANGUAGE.set(code if code in LANGUAGES or code == PSEUDO else ENGLISH)


@contextlib.contextmanager
def speaking(code: str) -> Iterator[None]:
    """Write what the block says in a language."""
    before = _LANGUAGE.get()
    speak(code)
    try:
        yield
    finally:
        _LANGUAGE.set(before)


def typed_as() -> str:
    """Return what a person types to run the command line, such as `patt` or `python run.py patt`."""
    return _TYPED_AS.get()


def type_as(command: str) -> None:
    """From now on in this task, say commands as the person types them. Only texts are changed so, never a value in them."""
    _TYPED_AS.set(command)


def mark(message: str) -> str:
    """Put a text that is translated later, with `tr`, into the catalogue: for constants, which no language is known for yet."""
    return message


def tr(message: str, /, **values: object) -> str:
    """Return a sentence in the language of the task. `{name}` in it stands for the value of that name; write the same in the translation.

    The message is a literal, or a text that `mark` has put into the catalogue. Values are text that is not translated, such as
    names, or is translated already.
    """
    code = _LANGUAGE.get()
    text = message if code == ENGLISH else _translated(code, message)
    return _written(text, values)


def tr_in(context: str, message: str, /, **values: object) -> str:
    """Return a text whose translation depends on where it stands, such as “Open” as a verb and as a state."""
    code = _LANGUAGE.get()
    text = message if code == ENGLISH else _translated(code, message, context)
    return _written(text, values)


def tr_n(one: str, many: str, n: int, /, **values: object) -> str:
    """Return a sentence with a number in it, `{n}`, in the form that the language has for that number."""
    code = _LANGUAGE.get()
    if code == ENGLISH:
        text = one if n == 1 else many
    elif code == PSEUDO:
        text = f"⟦{one if n == 1 else many}⟧"
    else:
        text = _counted(code, one, many, n)
    return _written(text, {"n": number(n), **values})


def number(value: float) -> str:
    """Write a number as the language groups it: `1,234` or `1.234`."""
    return numbers.format_decimal(value, locale=_locale(_LANGUAGE.get()))


def percent(share: float) -> str:
    """Write a share of one as whole percent: `12%` or `12 %`."""
    return numbers.format_percent(share, locale=_locale(_LANGUAGE.get()))


def day(moment: date | datetime) -> str:
    """Write a day: `2026-11-27` in English, which all of its readers take for the same day; else as the language does."""
    code = _LANGUAGE.get()
    if code in (ENGLISH, PSEUDO):
        return f"{moment:%Y-%m-%d}"
    return dates.format_date(moment, "medium", locale=_locale(code))


def day_and_time(moment: datetime) -> str:
    """Write a day and a time to the minute, in the zone of the moment."""
    return f"{day(moment)} {moment:%H:%M}"


def best_of(accepted: str) -> str:
    """Return the first language of this edition that a browser's `Accept-Language` names, by its weights; else English."""
    wished = [each.strip().partition(";") for each in accepted.split(",")]
    for code, _, weight in sorted(wished, key=lambda each: -_weight(each[2])):
        if _weight(weight) > 0 and (known := _PARTS.split(code.strip().lower())[0]) in LANGUAGES:
            return known
    return ENGLISH


def of_environment(environment: Mapping[str, str]) -> str:
    """Return the language of a terminal, by `PATT_LANGUAGE` and then as other programs read it; else English."""
    for name in ("PATT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            code = value if value == PSEUDO else _PARTS.split(value.lower())[0]
            return code if code in LANGUAGES or code == PSEUDO else ENGLISH
    return ENGLISH


def path_of(code: str) -> Path:
    """Return where the catalogue of a language lies."""
    return _CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(code: str) -> Catalog:
    """Read the translations of a language from their file. Raises `OSError` for one that has none."""
    with path_of(code).open("rb") as file:
        return read_po(file, locale=code)


catalogue = cache(read_catalogue)
"""The translations of a language, read once. Not to be changed."""


def _written(text: str, values: Mapping[str, object]) -> str:
    command = _TYPED_AS.get()
    if command != COMMAND:
        inserted = command.replace("{", "{{").replace("}", "}}") if values else command
        text = _COMMAND_IN_TEXT.sub(lambda _: inserted, text)
    return text.format(**values) if values else text


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


def _translated(code: str, message: str, context: str | None = None) -> str:
    if not message:
        return ""
    if code == PSEUDO:
        return f"⟦{message}⟧"
    return _texts(code).get((context, message)) or message


def _counted(code: str, one: str, many: str, n: int) -> str:
    forms = _forms(code).get(one)
    return forms[_form(code)(n)] if forms else (one if n == 1 else many)


@cache
def _texts(code: str) -> Mapping[tuple[str | None, str], str]:
    counted = {
        (None, one): forms[0] for one, forms in _forms(code).items()
    }  # a text that is said without a number, too
    return counted | {
        (each.context, each.id): each.string
        for each in catalogue(code)
        if each.id and isinstance(each.id, str) and isinstance(each.string, str) and not each.fuzzy
    }


@cache
def _forms(code: str) -> Mapping[str, tuple[str, ...]]:
    return {
        each.id[0]: each.string
        for each in catalogue(code)
        if isinstance(each.id, tuple) and isinstance(each.string, tuple) and all(each.string) and not each.fuzzy
    }


@cache
def _form(code: str) -> Callable[[int], int]:
    """Return which of its plural forms a language has for a number, as the head of its catalogue says."""
    return c2py(catalogue(code).plural_expr)


@cache
def _locale(code: str) -> Locale:
    try:
        return Locale.parse(code, sep="-")
    except UnknownLocaleError:
        return Locale(ENGLISH)
