"""Forms of pages that request what the API does: recognizing them, reading them, and leading back with the result.

A sentence that outlives one redirect is kept in a short-lived cookie, signed with the session's own secret: only who can read
the session can put a sentence on an officer's page, and no state is kept on the server.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from types import NoneType
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from patt.auth.hashing import proof_of
from patt.faults import fault_sentence
from patt.web.context import services_of, session_of
from patt.web.places import API_PREFIX, DATA_QUALITY, PAGES, is_below, is_for_programs
from patt.web.rendering import FORM_FIELD, page
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.undo_offer import UndoOffer

FORM_TYPE = "application/x-www-form-urlencoded"
UNATTENDED_HEADER = "X-PATT-Unattended"
"""What a page sends with its automatic refreshes, while the user does nothing."""

HTMX_HEADER = "HX-Request"
"""What htmx sends with each request: the page is there already, so its content is enough."""

LANGUAGE_HEADER = "X-PATT-Language"
"""What a page sends with its requests: the language of its shell."""

DONE_EVENT = "patt:done"
"""What the page is told when a command was carried out, so that nothing of its form is kept."""

LONGEST_BACK = 500
"""Characters of an address to lead back to."""

COOKIE = "patt_flash"
_PATH = "/admin"
_LIFETIME_SECONDS = 60
_LONGEST = 1000
_SHORT = 300
_TWO_LINES = 160
"""Letters that two lines of the toast hold."""
_ROOM = 3600
"""Bytes for the payload: with its name, a cookie may have 4096."""
_OF_THE_PAGE = frozenset({FORM_FIELD, "back", "again", "guild"})
"""Fields that are about the page, and not about what is asked for."""

FAILED_OUTCOMES = frozenset({"refused", "waiting", "held", "failed", "unverified"})

_Asked = TypeVar("_Asked")


@dataclass(frozen=True, slots=True)
class Flash:
    """The result of an officer's click."""

    text: str
    tone: Literal["result", "problem"] = "result"
    form: str = ""
    """The path of the form whose fields follow."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What the form shows again, this one time."""
    undo: UndoOffer | None = None
    """How to undo it, with a button."""

    @property
    def head(self) -> str:
        """The text as far as it fits on two lines, cut at the end of a sentence where there is one."""
        if len(self.text) <= _TWO_LINES:
            return self.text
        cut = self.text[: _TWO_LINES + 1]
        end = max(cut.rfind(mark) for mark in (". ", "! ", "? "))
        return cut[: end + 1] if end > 0 else f"{cut[:_TWO_LINES].rpartition(' ')[0] or cut[:_TWO_LINES]} …"

    @property
    def rest(self) -> str:
        """What the head leaves out; all of the text where the head ends within a sentence."""
        return self.text if self.head.endswith(" …") else self.text[len(self.head) :].strip()


def is_form(request: Request) -> bool:
    """Whether a page of this session sent a form to the API; programs with a token send JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_for_officers = is_below(f"{API_PREFIX}/v1/admin", request.scope["path"])
    return kind == FORM_TYPE and is_for_officers and "authorization" not in request.headers


def shape_of(request: Request) -> Literal["json", "part", "page"]:
    """Return how a request is answered: with JSON for programs, a page without its shell for htmx, or a whole page."""
    if HTMX_HEADER in request.headers:
        return "part"
    is_by_a_person = is_form(request) and "text/html" in request.headers.get("accept", "")
    return "json" if is_for_programs(request.scope["path"]) and not is_by_a_person else "page"


async def pairs_of(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a form in their order, blank ones too."""
    return parse_qsl((await request.body()).decode("utf-8", errors="replace"), keep_blank_values=True)


class FormReader(Generic[_Asked]):
    """Reads what a form asks for into the dataclass that the API takes: a dotted name is a field within a field."""

    def __init__(self, kind: Any) -> None:
        self._adapter: TypeAdapter[_Asked] = TypeAdapter(kind)
        known = list(_dataclasses(kind))
        every = [field for each in known for field in fields(each)]
        self._needed = {field.name for field in every if field.default is field.default_factory is MISSING}
        self._lists = {name for each in known for name, hint in get_type_hints(each).items() if _is_list(hint)}

    def as_data(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return the fields as JSON would hold them; one that is left blank and not needed is left out.

        Of a field that is there twice the last one counts; of a list each, so that a blank one alone is an empty list.
        """
        data: dict[str, Any] = {}
        for name, value in ((name, value.strip()) for name, value in pairs if name not in _OF_THE_PAGE):
            *path, last = name.split(".")
            place = data
            for part in path:
                inner = place.get(part)
                place[part] = inner if isinstance(inner, dict) else {}
                place = place[part]
            if name in self._lists:
                data.setdefault(name, []).extend([value] if value else [])
            elif value or path or name in self._needed:
                place[last] = value
        return data

    def read(self, pairs: Iterable[tuple[str, str]]) -> _Asked:
        """Return what is asked for. Raises `BadInput`, which names each field that cannot be used."""
        try:
            return self._adapter.validate_python(self.as_data(pairs))
        except ValidationError as error:
            raise BadInput(fault_sentence(error.errors())) from error


def typed_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the fields of a form that a person can have typed; numbers and keys of rows are the page's own."""
    return {name: value for name, value in pairs if value and name not in _OF_THE_PAGE and not name.startswith("seen")}


def has_worked(answer: Mapping[str, Any]) -> bool:
    """Whether an answer of the API tells of something that was done: a failure is never shown as a success.

    Of one issue its outcome says so; of many, that none has failed and not all were left as they are.
    """
    if answer.get("outcome") in FAILED_OUTCOMES or answer.get("failed") or answer.get("is_stopped"):
        return False
    if "moved" in answer:
        return bool(answer["moved"] or not answer["left_alone"])
    left = sum(answer.get(name) or 0 for name in ("refused", "waiting", "held", "unverified"))
    done = sum(answer.get(name) or 0 for name in ("fixed", "nothing_to_do"))
    return bool(done or not left)


def led_back(request: Request, address: str, told: Flash) -> Response:
    """Lead a browser to a page, which shows a sentence once."""
    response = RedirectResponse(address, 303)
    keep(request, response, told)
    return response


def told_alone(told: Flash, status: int, headers: Mapping[str, str]) -> Response:
    """Return a sentence for htmx to show, which leaves the page and its address as they are."""
    as_they_are = {"HX-Reswap": "none", "HX-Push-Url": "false"}
    return page("partials/status.html", {"flash": told}, status=status, headers={**headers, **as_they_are})


def way_back(address: str, home: str = DATA_QUALITY.href) -> str:
    """The page to lead to: an address is only believed when it is one of these pages."""
    path = address.partition("?")[0]
    is_ours = any(is_below(place.href, path) for place in PAGES)
    return address if is_ours and address.isprintable() and "//" not in address and "\\" not in address else home


def keep(request: Request, response: Response, flash: Flash) -> None:
    """Have the next page show a sentence, once, and the fields of a form and the undo where they fit into a cookie."""
    smaller = (flash, replace(flash, typed={}), replace(flash, typed={}, text=flash.text[:_SHORT]))
    sizes = (*smaller, replace(smaller[-1], undo=None))
    payload = next(packed for each in sizes if len(packed := _packed(each)) <= _ROOM or each is sizes[-1])
    value = f"{payload.decode()}.{_signature(request, payload)}"
    secure = services_of(request).settings.is_over_tls
    response.set_cookie(
        COOKIE, value, max_age=_LIFETIME_SECONDS, path=_PATH, httponly=True, secure=secure, samesite="lax"
    )


def kept(request: Request) -> Flash | None:
    """Return the sentence to show, if there is one for this session; a page that refreshes unattended leaves it."""
    if UNATTENDED_HEADER in request.headers:
        return None
    payload, _, signature = request.cookies.get(COOKIE, "").partition(".")
    if not payload or not hmac.compare_digest(_signature(request, payload.encode()).encode(), signature.encode()):
        return None
    try:
        tone, text, form, typed, undo = json.loads(base64.urlsafe_b64decode(payload))
    except (binascii.Error, ValueError):
        return None
    return Flash(text, tone, form, typed, UndoOffer(*undo) if undo else None)


def forget(request: Request, response: Response) -> None:
    if COOKIE in request.cookies and UNATTENDED_HEADER not in request.headers:
        response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")


def _packed(flash: Flash) -> bytes:
    undo = [flash.undo.post, dict(flash.undo.fields), flash.undo.label] if flash.undo else None
    kept = [flash.tone, flash.text[:_LONGEST], flash.form, dict(flash.typed), undo]
    return base64.urlsafe_b64encode(json.dumps(kept, ensure_ascii=False).encode())


def _signature(request: Request, payload: bytes) -> str:
    return proof_of(session_of(request) or "", f"flash {payload.decode()}")


def _dataclasses(kind: Any) -> Iterator[type]:
    """The dataclasses that a type is, or of which it is one."""
    if is_dataclass(kind):
        yield kind if isinstance(kind, type) else type(kind)
    else:
        for part in get_args(kind):
            yield from _dataclasses(part)


def _is_list(hint: Any) -> bool:
    parts = [part for part in get_args(hint) or (hint,) if part is not NoneType]
    origin = get_origin(hint)
    return origin in (list, Sequence) or (
        origin not in (dict, Mapping) and any(_is_list(p) for p in parts if p != hint)
    )
