"""The settings pages: how a guild has set its rules, ranks and words, the guild itself, and who changed what."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.api import current_settings
from patt.api import settings as api
from patt.api.current_settings import GuildFacts
from patt.pages.forms import FormDep
from patt.pages.setting_shell import SettingsView, respond_with_settings
from patt.pages.shell import chosen_guild
from patt.web.context import GuildDep, IssueType, OfficerDep, PageQuery, ServicesDep, officer_of
from patt.web.navigation import SETTINGS
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.settings import readings

HOME = SETTINGS.href

router = APIRouter(prefix=HOME, dependencies=[Depends(officer_of)], include_in_schema=False)


@router.get("")
async def home() -> Response:
    """Lead to the rules."""
    return RedirectResponse(f"{HOME}/rules", 303)


@router.get("/rules")
async def rules(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show how every rule is set."""
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
        context = {"rules": await current_settings.rules(conn, chosen.id)}
    return respond_with_settings(request, "rules", officer, chosen, known, context)


@router.get("/rules/{issue_type}")
async def rule(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType
) -> Response:
    """Show one rule's settings as a form; what was typed before and could not be used is there again."""
    named = rule_named(issue_type)
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
        listed = await current_settings.rules(conn, chosen.id)
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
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
        table = await current_settings.rank_table(conn, chosen)
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
async def try_note(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep, form: FormDep
) -> Response:
    """Show how a note is read. It is sent in the body, so that it stands in no address and no log."""
    note = form.get("note", "")
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, officer, guild)
        try:
            shown: dict[str, Any] = {"tried": await readings.try_note(conn, chosen.id, note)}
        except PattError as problem:
            shown = {"tried": None, "problem": str(problem)}
    return await _words(request, services, officer, guild, {"note": note, **shown})


@router.get("/guild")
async def guild_facts(request: Request, services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> Response:
    """Show the guild itself, and how to change it."""
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
        facts = await current_settings.guild_facts(conn, chosen)
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


async def _words(
    request: Request, services: ServicesDep, officer: OfficerDep, guild: int | None, shown: Mapping[str, Any]
) -> Response:
    async with services.pool.snapshot() as conn:
        chosen, known = await chosen_guild(conn, officer, guild)
        said = await current_settings.word_list(conn, chosen.id)
    context = {"said": said, "typed": _typed(request.query_params), "problem": None, **shown}
    return respond_with_settings(request, "words", officer, chosen, known, context)


def _command(facts: GuildFacts) -> str:
    """The command that changes where the guild is on Discord; whatever its name holds, a shell reads it as one word."""
    where = f"--realm {shlex.quote(facts.realm_slug)} --region {facts.region}"
    return f"patt guild add {shlex.quote(facts.name)} {where} --discord-server SERVER_ID --audit-channel CHANNEL_ID"


def _typed(given: Mapping[str, str]) -> dict[str, str]:
    """What a form was sent with before; whatever else stands in the address is left out."""
    return {name: value for name, value in given.items() if name not in ("guild", "check")}
