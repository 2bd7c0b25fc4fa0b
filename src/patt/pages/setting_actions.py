"""Changing settings on the pages: first what would come of it, then one button, by forms that need no JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import RedirectResponse, Response

from patt.api import settings as api
from patt.api.settings import ChangeOutcome, ChangeRequest
from patt.pages import flash
from patt.pages.flash import Flash
from patt.pages.forms import FormDep, form_router, way_back
from patt.pages.setting_shell import respond_with_settings
from patt.pages.shell import chosen_guild
from patt.web.context import LARGEST_BIGINT, AdministratorDep, GuildDep, OfficerDep, ServicesDep, officer_of
from patt.web.navigation import SETTINGS
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.settings.requests import (
    DEFAULT,
    RanksRequest,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)

HOME = SETTINGS.href
PREVIEW = f"{HOME}/preview"
_REQUEST: TypeAdapter[ChangeRequest] = TypeAdapter(ChangeRequest)
_THRESHOLD: Final = "parameter."
_ROLE: Final = "role."
_MANAGED: Final = "managed."
_NOT_SET: Final = "unset"
"""What a form sends for a rank of which nothing is decided; empty fields do not reach the server."""

_OF_THE_PAGE: Final = ("guild", "back", "key")
"""Fields that say nothing of the change itself."""

router = APIRouter(prefix=HOME, dependencies=[Depends(officer_of)], include_in_schema=False)
actions = form_router(f"{HOME}/actions")


@router.get("/preview")
async def preview(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show what a change would do; where it cannot be made, lead back to the form and say why."""
    fields = {name: value.strip() for name, value in request.query_params.items()}
    back = way_back(fields.get("back", ""), HOME)
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
    try:
        asked = asked_of(fields)
        report = await api.preview_change(services, asked, chosen.id)
    except PattError as error:
        return _told(request, _with_typed(back, fields), Flash(str(error), "problem"))
    under, title = _place_of(asked)
    context = {
        "report": report,
        "under": under,
        "title": title,
        "fields": {**_change(fields), "key": report.key, "back": back},
        "back": back,
        "groups": _by_move(report),
    }
    return respond_with_settings(request, "preview", officer, chosen, known, context)


@actions.post("/save")
async def save(
    request: Request, services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, form: FormDep
) -> Response:
    """Make a change that was previewed; where something else would come of it now, show that first."""
    back = way_back(form.get("back", ""), HOME)
    try:
        asked, key = asked_of(form), form.get("key")
        report = await api.save_change(services, asked, guild, actor=administrator.actor, key=key)
    except PattError as error:
        again = {**_change(form), "back": back, **({"guild": guild} if guild is not None else {})}
        return _told(request, f"{PREVIEW}?{urlencode(again)}", Flash(str(error), "problem"))
    return _told(request, back, Flash(report.sentence))


def asked_of(fields: Mapping[str, str]) -> SettingRequest:
    """Read a change out of the fields of a form. Raises `BadInput`."""
    kind = fields.get("kind", "")
    if kind == "undo":
        number = fields.get("change", "")
        if not (number.isascii() and number.isdigit()) or not 0 < int(number[:20]) <= LARGEST_BIGINT:
            raise BadInput("Change: there is no change of the settings with such a number.")
        return UndoRequest(int(number))
    body: dict[str, Any] = {name: value for name, value in fields.items() if "." not in name and value}
    if kind == "rule":
        thresholds = _named(fields, _THRESHOLD)
        body["parameters"] = {name: None if value == DEFAULT else value for name, value in thresholds.items()}
    if kind == "ranks":
        body["roles"] = {
            index: {"role": "" if role == _NOT_SET else role, "is_managed": f"{_MANAGED}{index}" in fields}
            for index, role in _named(fields, _ROLE).items()
        }
    try:
        return _REQUEST.validate_python(body)
    except ValidationError as error:
        faults = [f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise BadInput(f"This cannot be used. {'; '.join(faults)}.", faults) from error


def _named(fields: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts) or "kind"


def _change(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of the change itself; a threshold that was left empty is the default."""
    return {
        name: DEFAULT if name.startswith(_THRESHOLD) and not value else value
        for name, value in fields.items()
        if name not in _OF_THE_PAGE
    }


def _with_typed(back: str, fields: Mapping[str, str]) -> str:
    """The page of the form, with what was typed."""
    typed = urlencode(_change(fields))
    return f"{back}{'&' if '?' in back else '?'}{typed}" if typed and "kind=" not in back else back


def _told(request: Request, address: str, told: Flash) -> Response:
    response = RedirectResponse(address, 303)
    flash.keep(request, response, told)
    return response


def _place_of(asked: SettingRequest) -> tuple[str, str]:
    """The label of the page that a change belongs to, and what the preview is called."""
    match asked:
        case RuleRequest():
            rule = RULES.get(asked.issue_type)
            return "Rules", rule.name if rule else asked.issue_type
        case RanksRequest():
            return "Ranks", "Ranks"
        case WordRequest():
            return "Words in notes", "Words in notes"
        case UndoRequest():
            return "History", "Undo"


def _by_move(report: ChangeOutcome) -> list[tuple[str, int, list[Any]]]:
    """The issues concerned under a heading for each move, with how many there are in all."""
    headings = (("opens", "Would open", report.opens), ("resolves", "Would be resolved", report.resolves))
    moves = (*headings, ("fixed", "Would be fixed by themselves", report.fixed))
    groups = [(label, count, [each for each in report.effects if each.move == move]) for move, label, count in moves]
    return [group for group in groups if group[1]]
