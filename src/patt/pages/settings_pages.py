"""The settings pages: rules, ranks, words, the guild itself and its new name, who changed what; each change is previewed first."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from patt.api import current_settings
from patt.api import settings as api
from patt.api.current_settings import GuildFacts
from patt.api.settings import ChangeOutcome, ChangeRequest
from patt.pages.layout import SettingsView, Visit, VisitDep
from patt.setup.guild_moves import NewName, preview_move
from patt.web.context import LARGEST_BIGINT, LARGEST_BODY, IssueType, PageQuery, officer_of
from patt.web.forms import FormReader, pairs_of, way_back
from patt.web.places import SETTINGS
from sv_common.guild_sync.core.errors import BadInput, PattError
from sv_common.guild_sync.core.language import LANGUAGES, tr
from sv_common.guild_sync.core.row_number import row_of
from sv_common.guild_sync.insights.accounts.listing import accounts as read_accounts
from sv_common.guild_sync.rules import RULES, rule_named
from sv_common.guild_sync.settings import readings
from sv_common.guild_sync.settings.requests import (
    AccountsRequest,
    LanguageRequest,
    RanksRequest,
    RetentionRequest,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)

HOME = SETTINGS.href
API = "/api/v1/admin/settings/changes"
TRY_NOTE = f"{HOME}/words/try"
_CHANGE = FormReader[ChangeRequest](ChangeRequest)
_Text = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]

router = APIRouter(prefix=HOME, dependencies=[Depends(officer_of)], include_in_schema=False, max_body_size=LARGEST_BODY)


@router.get("")
async def home() -> Response:
    return RedirectResponse(f"{HOME}/rules", 303)


@router.get("/rules")
async def rules(visit: VisitDep) -> Response:
    async with visit.reading() as (here, guild, known):
        return visit.settings_page("rules", guild, known, rules=await current_settings.rules(here))


@router.get("/rules/{issue_type}")
async def rule(visit: VisitDep, issue_type: IssueType) -> Response:
    """Show one rule's settings as a form; what was typed before and could not be used is there again."""
    named = rule_named(issue_type)
    async with visit.reading() as (here, guild, known):
        listed = await current_settings.rules(here)
    found = next(each for each in listed if each.issue_type == named.issue_type)
    return visit.settings_page("rule", guild, known, rule=found, page=named, typed=_typed_before(visit))


@router.get("/ranks")
async def ranks(
    visit: VisitDep, check: Annotated[bool, Query(description="Whether to ask Discord too.")] = False
) -> Response:
    """Show the rank table as a form; on request, with what Discord says about the bot's power over its roles."""
    async with visit.reading() as (here, guild, known):
        table = await current_settings.rank_table(here, guild)
    has_bot = visit.services.sources.discord is not None and guild.discord_guild_id is not None
    checked = await api.obstacles(visit.services, guild, table.managed_roles) if check and has_bot else None
    typed = _typed_before(visit)
    return visit.settings_page(
        "ranks", guild, known, table=table, typed=typed, can_ask_discord=has_bot, checked=checked
    )


@router.get("/words")
async def words(visit: VisitDep) -> Response:
    """Show the guild's own words, a form for another one, and a field to try a note, once with what came of it."""
    note = visit.typed_in(TRY_NOTE).get("note")
    async with visit.reading() as (here, guild, known):
        said = await current_settings.word_list(here)
        tried = None if note is None else await readings.try_note(here, note)
    typed = _typed_before(visit)
    return visit.settings_page("words", guild, known, said=said, typed=typed, note=note or "", tried=tried)


@router.post("/words/try")
async def try_note(visit: VisitDep) -> Response:
    """Have the page show how a note is read. It is sent in the body, so that it stands in no address and no log."""
    note = dict(await pairs_of(visit.request)).get("note", "").strip()
    try:
        return visit.leads_on({"note": readings.usable_note(note)}, address=f"{HOME}/words")
    except PattError as error:
        return visit.leads_on({}, error, f"{HOME}/words")


@router.get("/guild")
async def guild_facts(visit: VisitDep) -> Response:
    """Show the guild itself, and how to change it."""
    async with visit.reading() as (here, guild, known):
        facts = await current_settings.guild_facts(here, guild)
    typed, command = _typed_before(visit), _command(facts)
    return visit.settings_page("guild", guild, known, facts=facts, typed=typed, command=command, languages=LANGUAGES)


@router.get("/retention")
async def retention(visit: VisitDep) -> Response:
    """Show for how long things are kept, as a form."""
    async with visit.reading() as (here, guild, known):
        kept = await current_settings.kept(here)
    return visit.settings_page("retention", guild, known, kept=kept, typed=_typed_before(visit))


@router.get("/accounts")
async def accounts(visit: VisitDep) -> Response:
    """Show what account evidence is, how far it has come, and the switch."""
    async with visit.reading() as (here, guild, known):
        found = await read_accounts(here)
    can_hash = visit.services.secret is not None
    return visit.settings_page("accounts", guild, known, found=found, can_hash=can_hash, typed=_typed_before(visit))


@router.get("/history")
async def history(visit: VisitDep, page: PageQuery = 1) -> Response:
    """Show who changed what."""
    async with visit.snapshot():
        guild, known = await visit.guilds()
        found = await api.changes(visit.services, visit.viewer, guild.id, page)
    view = SettingsView(guild.id, "history", found.number)
    return visit.settings_page("history", guild, known, found=found, view=view)


@router.get("/preview")
async def preview(visit: VisitDep) -> Response:
    """Show what a change would do; where it cannot be made, lead back to the form and say why."""
    given, url = visit.request.query_params, visit.request.url
    back, typed = way_back(given.get("back", ""), f"{HOME}/rules"), _typed_before(visit)
    guild, known = await visit.guilds()
    try:
        wanted, address = _change_of(given)
        report = await api.preview_change(visit.services, wanted, guild.id)
    except PattError as error:
        return visit.leads_back(_with_typed(back, typed), error)
    under, title = _place_of(wanted)
    return visit.settings_page(
        "preview",
        guild,
        known,
        report=report,
        under=under,
        title=title,
        fields={**typed, "key": report.key, "back": back, "again": f"{url.path}?{url.query}"},
        address=f"{API}{address}?guild={guild.id}",
        back=back,
        groups=_by_move(report),
    )


@router.get("/guild/move")
async def preview_guild_move(visit: VisitDep, region: _Text = "", realm: _Text = "", name: _Text = "") -> Response:
    """Show what is at the new name, and how much of the guild is the same; where nothing is, lead back and say so."""
    guild, known = await visit.guilds()
    wanted, back = NewName(region, realm, name), f"{HOME}/guild?guild={guild.id}"
    try:
        found = await preview_move(visit.services, wanted, guild_id=guild.id)
    except PattError as error:
        return visit.leads_back(_with_typed(back, asdict(wanted)), error)
    return visit.settings_page("move", guild, known, found=found, wanted=wanted, back=back)


def _command(facts: GuildFacts) -> str:
    """The command that changes where the guild is on Discord; whatever its name holds, a shell reads it as one word."""
    where = f"--realm {shlex.quote(facts.realm_slug)} --region {facts.region}"
    return f"patt guild add {shlex.quote(facts.name)} {where} --discord-server SERVER_ID --audit-channel CHANNEL_ID"


def _typed_before(visit: Visit) -> dict[str, str]:
    """What a form was sent with before; everything else in the address is left out."""
    given = visit.request.query_params
    return {name: value for name, value in given.items() if name not in ("guild", "check", "back", "again", "key")}


def _change_of(given: QueryParams) -> tuple[SettingRequest, str]:
    """Return the change that an address describes, and where the API takes it. Raises `BadInput`."""
    if given.get("kind") != "undo":
        return _CHANGE.read(given.multi_items()), ""
    number = row_of(given.get("change", ""))
    if number is None or not 0 < number <= LARGEST_BIGINT:
        raise BadInput(tr("Change: there is no change of the settings with such a number."))
    return UndoRequest(number), f"/{number}/undo"


def _with_typed(back: str, typed: Mapping[str, str]) -> str:
    """The page of the form, with what was typed."""
    return f"{back}{'&' if '?' in back else '?'}{urlencode(typed)}" if typed and "kind=" not in back else back


def _place_of(asked: SettingRequest) -> tuple[str, str]:
    """The label of the page that a change belongs to, and what the preview is called."""
    match asked:
        case RuleRequest():
            rule = RULES.get(asked.issue_type)
            return tr("Rules"), rule.name if rule else asked.issue_type
        case RanksRequest():
            return tr("Ranks"), tr("Ranks")
        case WordRequest():
            return tr("Words in notes"), tr("Words in notes")
        case RetentionRequest():
            return tr("Data kept"), tr("Data kept")
        case AccountsRequest():
            return tr("Account evidence"), tr("Account evidence")
        case LanguageRequest():
            return tr("Guild"), tr("Language")
        case UndoRequest():
            return tr("History"), tr("Undo")


def _by_move(report: ChangeOutcome) -> list[tuple[str, int, list[Any]]]:
    """The issues concerned under a heading for each move, with how many there are in all."""
    headings = (("opens", tr("Would open"), report.opens), ("resolves", tr("Would be resolved"), report.resolves))
    moves = (*headings, ("fixed", tr("Would be fixed automatically"), report.fixed))
    groups = [(label, count, [each for each in report.effects if each.move == move]) for move, label, count in moves]
    return [group for group in groups if group[1]]
