"""Logs on standard error, as text or as JSON. They hold ids and counts, never secrets and never notes."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import psycopg
import structlog
from structlog.typing import EventDict, Processor

from patt.config import log_settings
from sv_common.guild_sync.core.errors import ConfigurationError, SourceError

MOST_FRAMES = 40
"""How many of the calls that led to an error are written; those nearest to it."""

_HARMLESS = (
    ArithmeticError,
    AttributeError,
    ConfigurationError,
    ImportError,
    IndexError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    SourceError,
    TypeError,
)
"""Errors whose text tells of code, settings and systems. That of others, such as `ValueError`, may quote a note or a secret."""

_OF_A_TERMINAL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {10: "\\n", 13: "\\r", 9: "\\t"}


def configure_logging() -> None:
    """Write all logs of this process in one form: those of PATT, and the warnings of what it is built on."""
    level, form = log_settings()
    common: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_exception,
    ]
    render = structlog.processors.JSONRenderer() if form == "json" else _as_text
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *common, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Looked up at each use, since another part of the process may have replaced the stream.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, _first_line, *common],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
    _hear_others(formatter)


class _OfOthers(logging.StreamHandler[TextIO]):
    """Writes what libraries log. At a lower level some of them write down requests with their headers."""

    def __init__(self, formatter: logging.Formatter) -> None:
        logging.Handler.__init__(self, logging.WARNING)
        self.setFormatter(formatter)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def _hear_others(formatter: logging.Formatter) -> None:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _OfOthers)]:
        root.removeHandler(handler)
    root.addHandler(_OfOthers(formatter))
    logging.captureWarnings(capture=True)


def _first_line(_: Any, __: str, event: EventDict) -> EventDict:
    """Drop what asyncio and others write below the first line: representations of objects, with all that they hold."""
    event["event"] = str(event["event"]).partition("\n")[0]
    event.pop("stack", None)
    return event


def _with_exception(_: Any, __: str, event: EventDict) -> EventDict:
    """Put the error that is being handled, or is given, into words of its own: `exception`."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if error is None and given:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = "\n".join(described(error))
    return event


def described(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield where an error came from, what led to it, and what kind it is; its text only where that quotes nobody's data."""
    led = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    seen |= {id(error)}
    if led is not None and id(led) not in seen:
        yield from described(led, seen)
        yield "Then:"
    for frame in traceback.format_tb(error.__traceback__, -MOST_FRAMES):
        yield frame.rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}{_text_of(error)}"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield "One of them:"
            yield from described(each, seen)


def _text_of(error: BaseException) -> str:
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:  # there is no server to quote a row
        return f": {error}".partition("\n")[0]
    if isinstance(error, psycopg.Error):
        names = ("schema_name", "table_name", "column_name", "constraint_name")
        found = [f"{name.removesuffix('_name')} {value}" for name in names if (value := getattr(error.diag, name))]
        return f": {', '.join([error.sqlstate or 'no code', *found])}"
    return f": {error}" if isinstance(error, _HARMLESS) else ""


def _as_text(_: Any, __: str, event: EventDict) -> str:
    """Return one line that people read, and below it where an error came from."""
    head = f"{event.pop('timestamp')} {event.pop('level').upper():<8}{_in_one_line(event.pop('event'))}"
    below = event.pop("exception", None)
    line = " ".join([head, *(f"{name}={_in_one_line(value, quoted=True)}" for name, value in event.items())])
    return line if below is None else f"{line}\n{below}"


def _in_one_line(value: object, *, quoted: bool = False) -> str:
    text = str(value)
    needs_quotes = (
        quoted and isinstance(value, str) and (not text or any(sign.isspace() or sign in '"=' for sign in text))
    )
    if needs_quotes:
        text = json.dumps(text, ensure_ascii=False)
    return text.translate(_OF_A_TERMINAL)
