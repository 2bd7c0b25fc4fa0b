"""The assistant: one card after the other, each answer tried at once; what was accepted stays, and can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.bootstrap import with_credentials
from patt.companion.code import read_code
from patt.companion.given import limit_of
from patt.pages.layout import Visit, VisitDep
from patt.pages.setup.cards import CARDS, MATCH, STEP_OF_NAME, card_of, shown_cards, step_called
from patt.setup.finding import KnownRealms, find_guild, name_of_realm, read_region, realm_called
from patt.setup.form import NO, YES, FormDialogue, Outcome, run
from patt.setup.progress import progress_of
from patt.setup.reading import LONG_STEPS, Readings, opened
from patt.setup.session import SetupSession, StepSkipped
from patt.setup.wizard import Step
from patt.web import forms
from patt.web.context import LARGEST_BODY, installer_of
from patt.web.forms import Flash, pairs_of
from patt.web.places import FULL_MATCH, SETUP_PATH
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.identity_engine import preview_matching
from sv_common.guild_sync.roster import guilds

router = APIRouter(dependencies=[Depends(installer_of)], include_in_schema=False, max_body_size=LARGEST_BODY)

_FOUND = "guild-found"
_LONGEST_NAME = 100
_SECRETS = frozenset({"battlenet-client-secret", "discord-bot-token"})
ANSWER, _RANK = "answer.", "rank."


@router.get(SETUP_PATH)
async def assistant(
    visit: VisitDep,
    step: Annotated[str, Query(max_length=20)] = "",
    anew: Annotated[bool, Query()] = False,
    new: Annotated[bool, Query()] = False,
) -> Response:
    """Show a step, by default the first that is to be done; on an empty installation the choice with which to begin."""
    guild_id = None if new else await _guild_of(visit)
    if visit.target == _FOUND:
        return await _found(visit, guild_id)
    progress = await progress_of(visit.services.pool, visit.services.settings_now(), guild_id)
    if guild_id is None and not step and not new:
        return visit.page("setup/welcome", progress=progress)
    name = step or progress.next_step or MATCH
    if name != MATCH:
        name = step_called(name).name
    card, told = card_of(name), forms.kept(visit.request)
    shown = await _shown(visit, name, guild_id, told, is_anew=anew or (new and name == "guild"))
    await visit.look_around(guild_id)
    return visit.page(
        "setup/assistant",
        flash=None,
        guild_id=guild_id,
        cards=shown_cards(progress, card),
        card=card,
        number=CARDS.index(card) + 1,
        progress=progress,
        step=name,
        step_after=progress.step_after(name) or MATCH,
        steps=[STEP_OF_NAME[each] for each in card.steps],
        address=lambda **changes: _address(guild_id, **changes),
        is_anew=anew,
        is_new=new,
        **shown,
    )


@router.post(SETUP_PATH)
async def answer(visit: VisitDep) -> Response:
    """Take the answers of a step; the page to which this leads shows what came of them, or the next step."""
    pairs = dict(await pairs_of(visit.request))
    is_new, is_anew = pairs.pop("new", "") == "true", pairs.pop("anew", "") == "true"
    guild_id = None if is_new else await _guild_of(visit)
    typed = {name.removeprefix(ANSWER): value for name, value in pairs.items() if name.startswith(ANSWER) and value}
    try:
        step = step_called(pairs.pop("step", ""))
        outcome, guild_id = await _answered(visit, step, guild_id, _answers_of(step, typed), is_anew=is_anew or is_new)
    except PattError as error:
        return _leads_to(visit, _address(guild_id), Flash(str(error), "problem"))
    if outcome.state in ("done", "later"):
        return await _leads_on(visit, step, guild_id, outcome)
    kept = {name: value for name, value in typed.items() if name not in _SECRETS} | {"step": step.name}
    here = _address(guild_id, step=step.name, anew=is_anew, new=is_new)
    return _leads_to(visit, here, Flash(outcome.problem, "problem", SETUP_PATH, kept))


async def _answered(
    visit: Visit, step: Step, guild_id: int | None, answers: Mapping[str, str], *, is_anew: bool
) -> tuple[Outcome, int | None]:
    """Run a step with its answers, or begin one that takes long; return what came of it, and the guild that it is about."""
    if step.name in LONG_STEPS:
        _begin(visit, step, guild_id)
        return Outcome("asks"), guild_id
    dialogue = FormDialogue(answers, is_anew=is_anew)
    async with _session(visit, dialogue, guild_id) as session:
        before = session.settings
        outcome = await run(step, session, dialogue)
        if session.settings is not before:
            visit.request.app.state.services = with_credentials(visit.services, session.settings)
    return outcome, session.guild_id


async def _leads_on(visit: Visit, step: Step, guild_id: int | None, outcome: Outcome) -> Response:
    """Lead to the next step; what is to be read first is begun, so that it is there when it is needed."""
    if outcome.state == "done" and step.name == "guild":
        _begin(visit, STEP_OF_NAME["roster"], guild_id)
    if outcome.state == "done" and step.name == "ranks":
        _begin(visit, STEP_OF_NAME["members"], guild_id)
    if outcome.code:
        made = {"step": step.name, "code": outcome.code, "uploader": outcome.uploader}
        return _leads_to(visit, _address(guild_id, step=step.name), Flash("", "result", SETUP_PATH, made))
    progress = await progress_of(visit.services.pool, visit.services.settings_now(), guild_id)
    warnings = " ".join(line.text for line in outcome.lines if line.is_warning)
    following = _address(guild_id, step=progress.step_after(step.name) or MATCH)
    return _leads_to(visit, following, Flash(warnings, "problem")) if warnings else RedirectResponse(following, 303)


async def _found(visit: Visit, guild_id: int | None) -> Response:
    """Return what the realm and the guild are, as far as they are typed."""
    asked = visit.request.query_params
    region, realm, name = (asked.get(f"{ANSWER}{each}", "")[:_LONGEST_NAME] for each in ("region", "realm", "guild"))
    context: dict[str, Any] = {"realm": "", "guild": None, "problem": ""}
    async with _session(visit, FormDialogue({}), guild_id, is_looking=True) as session:
        try:
            battle_net = session.require_battle_net()
            known = cast("KnownRealms", visit.request.app.state.known_realms).of(battle_net)
            if realm.strip():
                context["realm"] = name_of_realm(
                    realm_called(await known.fetch_realms(read_region(region)), region, realm)
                )
            if realm.strip() and name.strip():
                context["guild"] = await find_guild(battle_net, known, region, realm, name)
        except StepSkipped:
            """Without keys nothing is looked up."""
        except PattError as error:
            context["problem"] = str(error)
    return visit.part("found_guild", **context)


async def _shown(visit: Visit, name: str, guild_id: int | None, told: Flash | None, *, is_anew: bool) -> dict[str, Any]:
    """Return what the current step shows: what it asks, what it has said, and what stands in the way."""
    typed = visit.typed_in(SETUP_PATH)
    typed = typed if typed.get("step") == name else {}
    problem = told.text if told and told.tone == "problem" else ""
    made = typed if "code" in typed else None
    limit = limit_of(read_code(made["code"]).server) if made else None
    shown: dict[str, Any] = {"typed": typed, "problem": problem, "made": made, "limit": limit, "found": None}
    if name == MATCH:
        found = len((await preview_matching(visit.services.pool, guild_id=guild_id)).groups) if guild_id else 0
        return {**shown, "outcome": None, "is_running": False, "found": found, "match": FULL_MATCH.href}
    reading = _readings(visit.request).get(guild_id, name)
    if reading is not None and (reading.is_running or reading.outcome.state == "failed"):
        return {**shown, "outcome": reading.outcome, "is_running": reading.is_running}
    step = STEP_OF_NAME[name]
    dialogue = FormDialogue(_answers_of(step, typed), is_anew=is_anew)
    async with _session(visit, dialogue, guild_id, is_looking=True) as session:
        outcome = await run(step, session, dialogue)
    return {**shown, "problem": problem or outcome.problem, "outcome": outcome, "is_running": False}


def _answers_of(step: Step, typed: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of a form by the options of their questions; the ranks are answered all at once."""
    if step.name != "ranks":
        return dict(typed)
    mapped = {name.removeprefix(_RANK): value for name, value in typed.items() if name.startswith(_RANK) and value}
    if not mapped:
        return {}
    lines = "\n".join(f"{rank}={role}" for rank, role in mapped.items())
    managed = YES if typed.get("managed") == YES else NO
    return {"map": lines, "managed": managed, "suggestions": "none", "names": typed.get("names", "")}


def _begin(visit: Visit, step: Step, guild_id: int | None) -> None:
    if guild_id is None:
        return
    services, actor = visit.services, visit.viewer.actor
    _readings(visit.request).begin(
        guild_id, step, lambda dialogue: opened(services, dialogue, actor=actor, guild_id=guild_id)
    )


def _session(
    visit: Visit, dialogue: FormDialogue, guild_id: int | None, *, is_looking: bool = False
) -> AbstractAsyncContextManager[SetupSession]:
    return opened(
        visit.services,
        dialogue,
        actor=visit.viewer.actor,
        guild_id=guild_id,
        reached_at=f"{visit.request.url.scheme}://{visit.request.url.netloc}",
        is_looking=is_looking,
    )


async def _guild_of(visit: Visit) -> int | None:
    """Return the guild that is set up: the one that the address names, else the first; None where there is none."""
    if visit.guild_id is not None:
        return visit.guild_id
    async with visit.services.pool.snapshot() as conn:
        known = await guilds.near(conn, None, beside=0)
    return known[0].id if known else None


def _readings(request: Request) -> Readings:
    return cast("Readings", request.app.state.readings)


def _leads_to(visit: Visit, address: str, told: Flash) -> Response:
    return forms.led_back(visit.request, address, told)


def _address(guild_id: int | None, *, step: str = "", anew: bool = False, new: bool = False) -> str:
    shown = {"guild": "" if new else guild_id, "step": step, "anew": "true" * anew, "new": "true" * new}
    query = urlencode({name: value for name, value in shown.items() if value})
    return f"{SETUP_PATH}?{query}" if query else SETUP_PATH
