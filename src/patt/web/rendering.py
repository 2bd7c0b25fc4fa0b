"""From a template and its context to an answer, for the signed-in user. Formats are filters; names and notes are untrusted everywhere."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import urlize
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from patt.auth.permissions import Role, includes
from patt.json_data import as_json_text
from patt.web.assets import url_of
from patt.web.kept.marks import ago_mark
from patt.web.keyboard import keyboard
from patt.web.places import LIVE_PATH, NAVIGATION, is_below
from patt.web.telling.proofs import PROOFS, proof
from patt.web.telling.roles import is_for, you_are, you_will_be
from patt.web.telling.script_texts import table_of
from sv_common.guild_sync.core.language import (
    PSEUDO,
    day,
    day_and_time,
    language,
    mark,
    number,
    percent,
    tr,
    tr_in,
    tr_n,
)
from sv_common.guild_sync.core.reports import count_in_words
from sv_common.guild_sync.core.text import day_of_month, name_of, role_in_words
from sv_common.guild_sync.notes import category_in_words
from sv_common.guild_sync.sources.models import CLASS_NAMES

PagePart: TypeAlias = Literal["opening", "rest"]

FORM_FIELD = "form_token"
"""The hidden field that carries the token of a session's forms."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """The user of the page: their role, None without a session, and the token of their forms, blank without a session.

    `is_kept`: the page is given again later, so how long ago something was is left open (`kept/marks.py`).
    """

    role: Role | None = None
    form_token: str = ""
    is_kept: bool = False


_NOBODY = Viewing()
_VIEWING: ContextVar[Viewing] = ContextVar("viewing", default=_NOBODY)


def look_as(viewing: Viewing) -> None:
    """Render what follows in this request for a user."""
    _VIEWING.set(viewing)


def viewing() -> Viewing:
    """Return the viewer that this request renders for."""
    return _VIEWING.get()


def _may(role: Role) -> bool:
    own = _VIEWING.get().role
    return own is not None and includes(own, role)


TEMPLATES = Path(__file__).parents[1] / "templates"
WITHOUT_SHELL = TEMPLATES / "without_shell"
"""Templates that stand for those of the same name where htmx has the shell of a page already."""

_AGO = ((86400, mark("{n}d ago")), (3600, mark("{n}h ago")), (60, mark("{n}m ago")))
_DAYS_SHOWN_AS_SUCH = 60
_CLASSES = frozenset(CLASS_NAMES.values())
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""Controls but tab and line feed, and what turns text around. A pattern, since each word of each page is looked at."""


def page(
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    has_shell: bool = True,
) -> HTMLResponse:
    """Return a page, or what htmx needs of one. `viewer` is in the context of pages that need a session: the signed-in user."""
    return HTMLResponse(text_of(template, context, has_shell=has_shell), status, headers)


def text_of(template: str, context: Mapping[str, Any], *, has_shell: bool = True, part: PagePart | None = None) -> str:
    """Return the text of a page or of a part of it: its opening up to its content, or the rest."""
    usual = {
        "viewer": None,
        "flash": None,
        "live": None,
        "guild_number": None,
        "guild_shown": None,
        "home": "/",
        "sources_shown": None,
        "searched": "",
        "here": "",
        "toast_target": "",
        "page_part": part,
        "keyboard": keyboard(),
    }
    environment = _ENVIRONMENT if has_shell else _SHELL_LESS
    return environment.get_template(template).render({**usual, **context})


def _visible(value: object) -> object:
    """Replace characters that could make a name look like other text: controls, and those that turn text around."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", value)


@lru_cache(4096)
def _escaped(text: str) -> str:
    """Return a text of ours for HTML. The apostrophe needs no escape, since no attribute is written in single quotes."""
    return str(escape(text)).replace("&#39;", "'")


def _told(tell: Callable[..., str]) -> Callable[..., Markup]:
    """Return a function of the catalogue for templates, where values may be markup, such as a link in a sentence."""

    def told(*texts: Any, **values: object) -> Markup:
        sentence = _escaped(tell(*texts, **{name: f"{{{name}}}" for name in values}))
        if values:
            sentence = sentence.format(**{name: escape(_visible(value)) for name, value in values.items()})
        return Markup(sentence)  # noqa: S704 -- the text and each value are escaped above

    return told


def _ago_or_mark(moment: datetime, now: datetime) -> str:
    return ago_mark(moment) if _VIEWING.get().is_kept else ago(moment, now)


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago something was, shortly: `2h ago`; the day itself where that is more than two months ago."""
    seconds = int((now - moment).total_seconds())
    if seconds >= _DAYS_SHOWN_AS_SUCH * 86400:
        return day(moment)
    for size, text in _AGO:
        if seconds >= size:
            return tr(text, n=seconds // size)
    return tr("just now")


def _linked(text: object) -> Markup:
    """Return a text in which web addresses can be followed; all else is escaped as everywhere."""
    return Markup(urlize(str(_visible(text)), rel="noopener", target="_blank"))  # noqa: S704 -- it escapes the text


def _duration(milliseconds: int) -> str:
    """Write how long something took: `450 ms`, `2.4 s`, `3 min 20 s`."""
    if milliseconds < 1000:
        return tr("{n} ms", n=number(milliseconds))
    if milliseconds < 60_000:
        return tr("{n} s", n=number(round(milliseconds / 1000, 1)))
    return tr(
        "{minutes} min {seconds} s", minutes=number(milliseconds // 60_000), seconds=milliseconds % 60_000 // 1000
    )


def _day(moment: date | str) -> str:
    """Write a day; one that the engine has written for programs, such as `2099-12-24`, too."""
    return day(date.fromisoformat(moment) if isinstance(moment, str) else moment)


def _day_of_month(moment: date) -> str:
    """Write a day without its year; in the language for tests in digits, since it has no words outside of its brackets."""
    return day(moment) if language() == PSEUDO else day_of_month(datetime.combine(moment, time()))


def class_slug(name: str | None) -> str:
    """Return how style and sprite name a class, such as `death-knight`; blank for one that is not known."""
    return name.lower().replace(" ", "-") if name in _CLASSES else ""


def class_name(name: str | None) -> str:
    """Return how people call a class; blank where it is not known."""
    return tr(name) if name else ""


@dataclass(frozen=True, slots=True)
class Arms:
    """How a name is drawn where there is no picture: a tone of 8, a heraldic field, and an initial."""

    tone: int
    field: str
    letter: str


_FIELDS = ("bend", "chevron", "pale", "chief", "quarter")


def arms_of(name: str) -> Arms:
    """Return the arms of a name, always the same."""
    number = zlib.crc32(name.encode())
    letter = next((each for each in name if each.isalnum()), "?")
    return Arms(number % 8 + 1, _FIELDS[number // 8 % len(_FIELDS)], letter.upper())


def _script_texts() -> str:
    """The address of what scripts say in the language of the page; blank for English, which stands in the scripts."""
    table = table_of(language())
    return table.address if table else ""


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_visible,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "ago": _ago_or_mark,
    "machine_time": lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "full_time": lambda moment: f"{day_and_time(moment.astimezone(UTC))} UTC",
    "duration": _duration,
    "from_milliseconds": lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC),
    "class_slug": class_slug,
    "class_name": class_name,
    "who": name_of,
    "arms": arms_of,
    "as_json": as_json_text,
    "number": number,
    "counted": count_in_words,
    "percent": percent,
    "day": _day,
    "day_of_month": _day_of_month,
    "role": role_in_words,
    "category": category_in_words,
    "proof": proof,
    "linked": _linked,
}
_ENVIRONMENT.tests |= {"start_of": is_below}
_ENVIRONMENT.globals |= {
    "tr": _told(tr),
    "tr_n": _told(tr_n),
    "tr_in": _told(tr_in),
    "language": language,
    "url_of": url_of,
    "script_texts": _script_texts,
    "navigation": lambda: [place for place in NAVIGATION if _may(place.least)],
    "may": _may,
    "why_not": is_for,
    "you_are": _told(you_are),
    "you_will_be": you_will_be,
    "proof_order": [*PROOFS, None],
    "form_token": lambda: _VIEWING.get().form_token,
    "form_field": FORM_FIELD,
    "live_path": LIVE_PATH,
}
_SHELL_LESS = _ENVIRONMENT.overlay(loader=FileSystemLoader([WITHOUT_SHELL, TEMPLATES]))
