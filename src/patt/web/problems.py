"""The one place where errors become answers: problem details (RFC 9457) for the API, a page with the sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Annotated, Any

import psycopg
import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import Field, TypeAdapter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from patt.faults import fault_in_words, fault_sentence
from patt.web.forms import Flash, led_back, shape_of, told_alone
from patt.web.load.seldom import warn_seldom
from patt.web.places import page_of
from patt.web.rendering import page
from sv_common.db.guild import BUSY
from sv_common.db.shares import ShareInUseError
from sv_common.guild_sync.core.errors import (
    BadInput,
    Busy,
    ConfigurationError,
    NotFound,
    PattError,
    PlanStale,
    Refused,
    SourceError,
    SuspiciousSource,
)
from sv_common.guild_sync.core.language import mark, tr

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

_NOT_READABLE = 400
"""What the framework answers to a body that is no text; it is bad input like any other."""

_SENTENCES = {
    404: mark("This page does not exist."),
    405: mark("This address does not support that method."),
}
_TITLES = {
    401: mark("Unauthorized"),
    403: mark("Forbidden"),
    404: mark("Not Found"),
    405: mark("Method Not Allowed"),
    413: mark("Request Entity Too Large"),
    429: mark("Too Many Requests"),
}
"""Statuses that are answered so; others are called as HTTP calls them."""


READ_ONLY = mark("The database is read-only or a standby, so nothing can be saved. Try again later.")
_ONLY_A_BUTTON = mark("Nothing was done. Use the button on this page.")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was not served, in a form that may be shown to the caller."""

    status: int
    code: str
    title: str
    detail: str = ""
    problems: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        details = {"type": f"urn:patt:problem:{self.code}", "title": self.title, "status": self.status}
        return {**details, "detail": self.detail, "problems": list(self.problems)}


def _for_a_moment(code: str, title: str, sentence: str) -> Problem:
    return Problem(503, code, title, sentence, headers={"Retry-After": "2"})


_BUSY = Problem(409, "busy", mark("Already in progress"), BUSY)
_BAD_INPUT = Problem(422, "bad-input", mark("This is not valid"))
_KNOWN: Mapping[type[Exception], Problem] = {
    NotFound: Problem(404, "not-found", mark("Not found")),
    BadInput: _BAD_INPUT,
    PlanStale: Problem(409, "plan-stale", mark("The data has changed")),
    Busy: _BUSY,
    SuspiciousSource: Problem(409, "suspicious-source", mark("Refused")),
    Refused: Problem(409, "refused", mark("Refused")),
    SourceError: Problem(502, "source-error", mark("A source could not be used")),
    ConfigurationError: Problem(503, "configuration", mark("Not set up")),
    psycopg.errors.LockNotAvailable: _BUSY,
    psycopg.errors.DeadlockDetected: _BUSY,
    psycopg.errors.SerializationFailure: replace(
        _BUSY, detail=mark("Someone else just changed the same data. Nothing was done. Try again.")
    ),
    psycopg.errors.QueryCanceled: _for_a_moment(
        "too-slow",
        mark("It took too long"),
        mark("The database took too long, so nothing was done. Try again in a moment."),
    ),
    psycopg.errors.ReadOnlySqlTransaction: replace(
        _for_a_moment("read-only", mark("Read-only database"), mark(READ_ONLY)), headers={"Retry-After": "30"}
    ),
    ShareInUseError: _for_a_moment(
        "overloaded",
        mark("Too much at once"),
        mark("Too many requests are running, so nothing was done. Try again in a moment."),
    ),
    psycopg.OperationalError: _for_a_moment(
        "database", mark("No database"), mark("The database does not answer just now. Try again in a moment.")
    ),
}
"""The problem of each error; of several classes that fit, the first counts. A `PattError` has its own sentence."""


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error is; nothing of an unexpected one is shown."""
    if isinstance(error, RequestValidationError):
        faults = tuple(f"{'.'.join(map(str, fault['loc']))}: {fault_in_words(fault)}" for fault in error.errors())
        return replace(_said(_BAD_INPUT), detail=tr("The request is not valid."), problems=faults)
    if isinstance(error, HTTPException):
        return _http_problem(error)
    for kind, problem in _KNOWN.items():
        if isinstance(error, kind):
            said, problems = _said(problem), error.problems if isinstance(error, BadInput) else ()
            return replace(said, detail=str(error), problems=problems) if isinstance(error, PattError) else said
    sentence = tr("Something unexpected went wrong and was logged. Reload the page to see the current state.")
    return Problem(500, "unexpected", tr("An unexpected error"), sentence)


def _said(problem: Problem) -> Problem:
    """Return a problem of the table in the language of the task."""
    return replace(problem, title=tr(problem.title), detail=problem.detail and tr(problem.detail))


def sentence_of(error: Exception) -> str:
    """Say for people what an error means; of input that cannot be used, which field and why."""
    return fault_sentence(error.errors()) if isinstance(error, RequestValidationError) else problem_of(error).detail


async def answer(request: Request, error: Exception) -> Response:
    """Return the answer to a request that ended in an error."""
    problem = logged(request, error)
    if _is_no_such_way(request, error) and _is_opened_by_a_person(request):
        guild = request.query_params.get("guild", "")
        query = f"?guild={guild}" if guild.isascii() and guild.isdigit() else ""
        return led_back(request, f"{page_of(request.url.path)}{query}", Flash(tr(_ONLY_A_BUTTON), "problem"))
    shape = shape_of(request)
    if shape == "part":
        return told_alone(Flash(sentence_of(error), "problem"), problem.status, problem.headers)
    if shape == "json":
        return JSONResponse(problem.as_json(), problem.status, problem.headers, media_type=MEDIA_TYPE)
    caller = getattr(request.state, "caller", None)
    context = {"problem": problem, "viewer": caller, "path": request.url.path}
    return page("error.html", context, status=problem.status, headers=problem.headers)


def logged(request: Request, error: Exception) -> Problem:
    """Return the problem that an error is, and log one that nobody could help who asked."""
    problem = problem_of(error)
    if problem.code == "unexpected":
        # The route's pattern rather than the path, which may hold a secret.
        path = str(getattr(request.scope.get("route"), "path", "(no route)"))
        log.error("request_failed", method=request.method, path=path, exc_info=error)
    elif problem.code == "overloaded":
        warn_seldom("too_much_at_once")
    elif problem.code in ("database", "read-only", "too-slow"):
        log.error("database_does_not_answer", reason=problem.code, error=type(error).__name__)
    return problem


def _is_no_such_way(request: Request, error: Exception) -> bool:
    """Whether nothing is read at an address: such as `issues/fix` of the API, which is no issue's."""
    if isinstance(error, RequestValidationError):
        return any(fault["loc"][0] == "path" for fault in error.errors()) and _takes_a_form(request)
    return isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED


def _takes_a_form(request: Request) -> bool:
    """Whether a form could be sent to this very address."""
    posts = (route for route in iter_route_contexts(request.app.routes) if "POST" in (route.methods or ()))
    return any(compile_path(str(route.path))[0].match(request.url.path) for route in posts)


def _is_opened_by_a_person(request: Request) -> bool:
    """Whether a browser opens an address as it opens a page, such as one that stands in its history."""
    wants_a_page = "text/html" in request.headers.get("accept", "")
    return request.method in ("GET", "HEAD") and wants_a_page and "authorization" not in request.headers


def _http_problem(error: HTTPException) -> Problem:
    if error.status_code == _NOT_READABLE:
        return replace(_said(_BAD_INPUT), detail=tr("The request is not readable. Send JSON in UTF-8."))
    known, sentence = _TITLES.get(error.status_code), _SENTENCES.get(error.status_code)
    title = tr(known) if known else HTTPStatus(error.status_code).phrase
    detail = tr(sentence) if sentence else error.detail
    return Problem(error.status_code, f"http-{error.status_code}", title, detail, headers=error.headers or {})


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """Why a request was not served (RFC 9457)."""

    type: Annotated[str, Field(examples=["urn:patt:problem:not-found"])]
    title: Annotated[str, Field(examples=["Not found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(description="A sentence for an officer.", examples=["Issue 17 does not exist."])]
    problems: Annotated[
        list[str],
        Field(default_factory=list, description="One sentence for each fault of the input.", examples=[[]]),
    ]


def problems(**sentences: str) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for OpenAPI: keyword `_404` gives the sentence of status 404."""
    content = {MEDIA_TYPE: {"schema": TypeAdapter(ProblemDetails).json_schema(mode="serialization")}}
    return {int(status[1:]): {"description": text, "content": content} for status, text in sentences.items()}
