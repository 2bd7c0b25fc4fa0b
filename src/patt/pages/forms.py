"""Forms of the pages, for browsers without JavaScript: do what the API does, then lead back to where it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from patt.pages import flash
from patt.pages.flash import Flash
from patt.web.context import LARGEST_BODY, Caller, officer_of
from patt.web.navigation import NAVIGATION
from patt.web.viewing import FORM_FIELD
from sv_common.guild_sync.core.errors import PattError


class Answer(Protocol):
    """What a command tells when it is done."""

    @property
    def sentence(self) -> str:
        """One sentence for whoever asked."""
        ...


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form but for the session's token; a field that is there twice counts with its first value."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return {name: values[0].strip() for name, values in parse_qs(body).items() if name != FORM_FIELD}


async def _ticked(request: Request) -> list[str]:
    """The values of all boxes named `chosen` that are ticked."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return parse_qs(body).get("chosen", [])


FormDep = Annotated[dict[str, str], Depends(_form)]
TickedDep = Annotated[list[str], Depends(_ticked)]


def form_router(prefix: str, audience: Callable[..., Caller] = officer_of) -> APIRouter:
    """Return a router for the forms of a page, by default for officers."""
    return APIRouter(
        prefix=prefix, dependencies=[Depends(audience)], include_in_schema=False, max_body_size=LARGEST_BODY
    )


async def done(request: Request, form: dict[str, str], work: Awaitable[Answer], *, home: str) -> Response:
    """Do the work and lead back to the page it was asked from, by default `home`, which tells what came of it."""
    try:
        told = Flash((await work).sentence)
    except PattError as error:
        told = Flash(str(error), "problem")
    response = RedirectResponse(way_back(form.get("back", ""), home), 303)
    flash.keep(request, response, told)
    return response


def way_back(address: str, home: str) -> str:
    """The page to lead to: an address is only believed when it is one of these pages."""
    path = address.partition("?")[0]
    is_ours = any(path == place.href or path.startswith(f"{place.href}/") for place in NAVIGATION)
    return address if is_ours and address.isprintable() and "//" not in address and "\\" not in address else home
