"""The settings pages: rules, ranks, words, the guild itself and its new name, who changed what; each change is previewed first."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.api import current_settings
from patt.api import settings as api
from patt.api.current_settings import GuildFacts
from patt.api.settings import ChangeOutcome, ChangeRequest
from patt.pages.layout import SettingsView, chosen_guild, reading_guild, respond_with_settings
from patt.setup.guild_moves import NewName, preview_move
from patt.web.context import (
    LARGEST_BIGINT,
    LARGEST_BODY,
    GuildDep,
    IssueType,
    OfficerDep,
    PageQuery,
    ServicesDep,
    officer_of,
)
from patt.web.forms import Flash, FormReader, led_back, pairs_of, way_back
from patt.web.places import SETTINGS
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.core.row_number import row_of
from sv_common.guild_sync.rules import RULES, rule_named
from sv_common.guild_sync.settings import readings
from sv_common.guild_sync.settings.requests import (
    RanksRequest,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)

HOME = SETTINGS.href

API = "/api/v1/admin/settings/changes"
_CHANGE = FormReader[ChangeRequest](ChangeRequest)
_Text = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]

router = APIRouter(prefix=HOME, dependencies=[Depends(officer_of)], include_in_schema=False, max_body_size=LARGEST_BODY)


@router.get("")
async def home() -> Response:
    """Lead to the rules."""
    return RedirectResponse(f"{HOME}/rules", 303)


@router.get("/rules")
async def rules(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show how every rule is set."""
    async with reading_guild(services.pool, officer, guild) as (here, chosen, known):
        context = {"rules": await current_settings.rules(here)}
    return respond_with_settings(request, "rules", officer, chosen, known, context)


@router.get("/rules/{issue_type}")
async def rule(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType
) -> Response:
    """Show one rule's settings as a form; what was typed before and could not be used is there again."""
    named = rule_named(issue_type)
    async with reading_guild(services.pool, officer, guild) as (here, chosen, known):
        listed = await current_settings.rules(here)
    found = next(each for each in listed if each.issue_type == named.issue_type)
    context = {"rule": found, "page": named, "typed": _typed(request.query_params)}
    return respond_with_settings(request, "rule", officer, chosen, known, context)


@router.get("/ranks")
async def ranks(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    check: Annotated[bool, Query(description="Whether to ask Discord too.")] = False,
) -> Response:
    """Show the rank table as a form; on request, with what Discord says about the bot's power over its roles."""
    async with reading_guild(services.pool, officer, guild) as (here, chosen, known):
        table = await current_settings.rank_table(here, chosen)
    has_bot = services.sources.discord is not None and chosen.discord_guild_id is not None
    context = {
        "table": table,
        "typed": _typed(request.query_params),
        "can_ask_discord": has_bot,
        "checked": await api.obstacles(services, chosen, table.managed_roles) if check and has_bot else None,
    }
    return respond_with_settings(request, "ranks", officer, chosen, known, context)


@router.get("/words")
async def words(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show the guild's own words, a form for another one, and a field to try a note."""
    return await _words(request, services, officer, guild, {"note": "", "tried": None})


@router.post("/words/try")
async def try_note(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show how a note is read. It is sent in the body, so that it stands in no address and no log."""
    note = dict(await pairs_of(request)).get("note", "").strip()
    async with reading_guild(services.pool, officer, guild) as (here, _, _):
        try:
            shown: dict[str, Any] = {"tried": await readings.try_note(here, note)}
        except PattError as problem:
            shown = {"tried": None, "problem": str(problem)}
    return await _words(request, services, officer, guild, {"note": note, **shown})


@router.get("/guild")
async def guild_facts(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show the guild itself, and how to change it."""
    async with reading_guild(services.pool, officer, guild) as (here, chosen, known):
        facts = await current_settings.guild_facts(here, chosen)
    typed = _typed(request.query_params)
    context = {"facts": facts, "typed": typed, "command": _command(facts)}
    return respond_with_settings(request, "guild", officer, chosen, known, context)


@router.get("/history")
async def history(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, page: PageQuery = 1
) -> Response:
    """Show who changed what."""
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
        found = await api.changes(services, officer, chosen.id, page)
    view = SettingsView(chosen.id, "history", found.number)
    return respond_with_settings(request, "history", officer, chosen, known, {"found": found, "view": view})


@router.get("/preview")
async def preview(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show what a change would do; where it cannot be made, lead back to the form and say why."""
    fields = dict(request.query_params)
    back = way_back(fields.pop("back", ""), f"{HOME}/rules")
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
    try:
        asked, address = _asked_of(request)
        report = await api.preview_change(services, asked, chosen.id)
    except PattError as error:
        return led_back(request, _with_typed(back, fields), Flash(str(error), "problem"))
    under, title = _place_of(asked)
    context = {
        "report": report,
        "under": under,
        "title": title,
        "fields": {
            **_typed(fields),
            "key": report.key,
            "back": back,
            "again": f"{request.url.path}?{request.url.query}",
        },
        "address": f"{API}{address}?guild={chosen.id}",
        "back": back,
        "groups": _by_move(report),
    }
    return respond_with_settings(request, "preview", officer, chosen, known, context)


@router.get("/guild/move")
async def preview_guild_move(
    request: Request,
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    region: _Text = "",
    realm: _Text = "",
    name: _Text = "",
) -> Response:
    """Show what is at the new name, and how much of the guild is the same; where nothing is, lead back and say so."""
    async with services.pool.installation() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
    wanted = NewName(region, realm, name)
    try:
        found = await preview_move(services, wanted, guild_id=chosen.id)
    except PattError as error:
        typed = {"guild": chosen.id, "region": region, "realm": realm, "name": name}
        return led_back(request, f"{HOME}/guild?{urlencode(typed)}", Flash(str(error), "problem"))
    context: dict[str, Any] = {"found": found, "wanted": wanted, "back": f"{HOME}/guild?guild={chosen.id}"}
    return respond_with_settings(request, "move", officer, chosen, known, context)


async def _words(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: int | None, shown: Mapping[str, Any]
) -> Response:
    async with reading_guild(services.pool, officer, guild) as (here, chosen, known):
        said = await current_settings.word_list(here)
    context = {"said": said, "typed": _typed(request.query_params), "problem": None, **shown}
    return respond_with_settings(request, "words", officer, chosen, known, context)


def _command(facts: GuildFacts) -> str:
    """The command that changes where the guild is on Discord; whatever its name holds, a shell reads it as one word."""
    where = f"--realm {shlex.quote(facts.realm_slug)} --region {facts.region}"
    return f"patt guild add {shlex.quote(facts.name)} {where} --discord-server SERVER_ID --audit-channel CHANNEL_ID"


def _typed(given: Mapping[str, str]) -> dict[str, str]:
    """What a form was sent with before; whatever else stands in the address is left out."""
    return {name: value for name, value in given.items() if name not in ("guild", "check", "back", "again", "key")}


def _asked_of(request: Request) -> tuple[SettingRequest, str]:
    """Return the change that an address tells of, and where the API takes it. Raises `BadInput`."""
    given = request.query_params
    if given.get("kind") != "undo":
        return _CHANGE.read(given.multi_items()), ""
    number = row_of(given.get("change", ""))
    if number is None or not 0 < number <= LARGEST_BIGINT:
        raise BadInput("Change: there is no change of the settings with such a number.")
    return UndoRequest(number), f"/{number}/undo"


def _with_typed(back: str, fields: Mapping[str, str]) -> str:
    """The page of the form, with what was typed."""
    typed = urlencode(_typed(fields))
    return f"{back}{'&' if '?' in back else '?'}{typed}" if typed and "kind=" not in back else back


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
    moves = (*headings, ("fixed", "Would be fixed automatically", report.fixed))
    groups = [(label, count, [each for each in report.effects if each.move == move]) for move, label, count in moves]
    return [group for group in groups if group[1]]
