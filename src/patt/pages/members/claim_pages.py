"""The page on which members claim their characters: who they are on Discord, what Battle.net proves, and their word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.auth import claim_sessions
from patt.auth.claim_sessions import CLAIM_LIFETIME, Claimer
from patt.bootstrap import BATTLE_NET_CALLBACK, Services, battle_net_login, discord_login
from patt.config import Settings
from patt.web import sign_ins
from patt.web.context import (
    CLAIM_COOKIE,
    CLAIM_SIGN_IN_COOKIE,
    LARGEST_BIGINT,
    LARGEST_BODY,
    LONGEST_NUMBER,
    ServicesDep,
    claim_session_of,
    drop_cookie,
    keep_cookie,
    open_to_all,
)
from patt.web.forms import pairs_of
from patt.web.places import CLAIM_BATTLE_NET, CLAIM_DISCORD, CLAIM_PREFIX
from patt.web.rendering import page
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.claims import claiming
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError, NotFound, PattError, Refused, SourceError
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.language import mark, speak, tr
from sv_common.guild_sync.sources.battlenet.sign_in import BattleNetLogin
from sv_common.guild_sync.sources.discord.login import DiscordLogin

router = APIRouter(include_in_schema=False, dependencies=[Depends(open_to_all)], max_body_size=LARGEST_BODY)

_CANCELLED = mark("You canceled at Battle.net. Nothing was changed. You can start again.")
_REFUSED = mark("Battle.net refused the sign-in. Nothing was changed. Try again.")
_ENDED = mark("Your hour here is over. Sign in with Discord again.")
_NOT_ON_A_SERVER = mark(
    "You are not on the Discord server of a guild that uses PATT here. Join your guild’s server first."
)
_NOT_SET_UP = mark(
    "Verifying characters is not set up here yet. Ask an officer to tell the person who runs PATT: {what} is missing."
)


@router.get(CLAIM_PREFIX)
async def claim(request: Request, services: ServicesDep, done: Annotated[str, Query()] = "") -> Response:
    """Show where a member stands: who they are, what waits for their word, and what is theirs for certain."""
    claimer = await _claimer(request, services)
    return await _page(services, claimer, done=done)


@router.get(CLAIM_DISCORD)
async def begin_with_discord(services: ServicesDep) -> Response:
    """Lead to Discord, which says who the member is."""
    return await sign_ins.begin(services, sign_ins.discord(services), "claim")


@router.get(CLAIM_BATTLE_NET)
async def begin_with_battle_net(request: Request, services: ServicesDep) -> Response:
    """Lead to Battle.net, which asks the member whether PATT may see their characters."""
    claimer = await _claimer(request, services)
    if claimer is None or claimer.guild_id is None:
        return RedirectResponse(CLAIM_PREFIX, 303)
    login, _ = _set_up(services)
    session = claim_session_of(request) or ""
    return await sign_ins.begin(services, login, "battlenet", cookie=CLAIM_SIGN_IN_COOKIE, session=session)


@router.get(BATTLE_NET_CALLBACK)
async def come_back(
    request: Request,
    services: ServicesDep,
    state: Annotated[str, Query()] = "",
    code: Annotated[str, Query()] = "",
    error: Annotated[str, Query()] = "",
) -> Response:
    """Read the characters of the member who comes back from Battle.net, once, or say why not."""
    claimer, session = await _claimer(request, services), claim_session_of(request) or ""
    purpose, verifier = await sign_ins.end(request, services, state, CLAIM_SIGN_IN_COOKIE, session=session)
    if claimer is None or claimer.guild_id is None:
        response = refused(services.settings, tr(_ENDED), 401)
    elif purpose != "battlenet":
        response = await _page(services, claimer, problem=tr(sign_ins.STRANGE), status=401)
    elif error or not code:
        problem = tr(_CANCELLED if error == sign_ins.DENIED else _REFUSED)
        response = await _page(services, claimer, problem=problem, status=403)
    else:
        response = await _told(services, claimer, lambda guild: _read(services, claimer, guild, code, verifier))
    drop_cookie(response, services.settings, CLAIM_SIGN_IN_COOKIE)
    return response


@router.post(f"{CLAIM_PREFIX}/guild")
async def choose_guild(request: Request, services: ServicesDep) -> Response:
    """Go on in one of the guilds on whose servers the member is, with a new secret for the session."""
    claimer, wanted = await _claimer(request, services), dict(await pairs_of(request)).get("guild", "")
    if claimer is None:
        return refused(services.settings, tr(_ENDED), 403)
    async with services.pool.installation() as conn:
        guilds = await claim_sessions.guilds_of(conn, claimer.discord_id)
        chosen = next((each.id for each in guilds if str(each.id) == wanted), None)
        if chosen is None:
            raise BadInput(tr("guild: choose one of the guilds that the page shows."))
        renewed = await claim_sessions.move_to_guild(conn, claim_session_of(request) or "", chosen)
    return _with_session(services.settings, renewed)


@router.post(f"{CLAIM_PREFIX}/confirm")
async def confirm(request: Request, services: ServicesDep) -> Response:
    """Do what the list says that the member has seen, for the characters that they left chosen."""
    claimer, pairs = await _claimer(request, services), await pairs_of(request)
    fields = dict(pairs)

    async def confirmed(guild_id: int, discord_id: str) -> Response:
        await claiming.confirm(
            services.pool,
            guild_id,
            discord_id,
            seen=fields.get("seen", ""),
            chosen=_numbers(value for name, value in pairs if name == "character"),
            main_id=next(iter(_numbers([fields.get("main", "")])), None),
            remembers_others="remember" in fields,
        )
        return RedirectResponse(f"{CLAIM_PREFIX}?done=confirmed", 303)

    return await _for_member(services, claimer, confirmed)


@router.post(f"{CLAIM_PREFIX}/forget")
async def forget(request: Request, services: ServicesDep) -> Response:
    """Forget what Battle.net has said, unconfirmed."""

    async def forgotten(guild_id: int, discord_id: str) -> Response:
        async with services.pool.writing(guild_id, alone=False) as guild:
            await claiming.forget_reading(guild, discord_id)
        return RedirectResponse(f"{CLAIM_PREFIX}?done=forgotten", 303)

    return await _for_member(services, await _claimer(request, services), forgotten)


@router.post(f"{CLAIM_PREFIX}/unlink")
async def unlink(request: Request, services: ServicesDep) -> Response:
    """End all that the member has proven."""

    async def unlinked(guild_id: int, discord_id: str) -> Response:
        await claiming.withdraw(services.pool, guild_id, discord_id)
        return RedirectResponse(f"{CLAIM_PREFIX}?done=unlinked", 303)

    return await _for_member(services, await _claimer(request, services), unlinked)


@router.post(f"{CLAIM_PREFIX}/leave")
async def leave(request: Request, services: ServicesDep) -> Response:
    """End the session of somebody who is another person, or done."""
    claimer = await _claimer(request, services)
    if claimer is None:
        return refused(services.settings, tr(_ENDED), 403)
    async with services.pool.installation() as conn:
        if claimer.guild_id is not None:
            await claiming.forget_reading(GuildConnection(conn, claimer.guild_id), claimer.discord_id)
        await claim_sessions.end(conn, claim_session_of(request) or "")
    response = RedirectResponse(CLAIM_PREFIX, 303)
    drop_cookie(response, services.settings, CLAIM_COOKIE)
    return response


async def identified(services: Services, login: DiscordLogin, code: str, verifier: str) -> Response:
    """Ask Discord who came back to claim characters, and begin their session where they are on a guild's server."""
    try:
        identity = await login.identify(code, verifier)
    except PattError as error:
        return refused(services.settings, str(error), _status_of(error))
    async with services.pool.installation() as conn:
        guilds = await claim_sessions.guilds_of(conn, identity.discord_id)
        if not guilds:
            return refused(services.settings, tr(_NOT_ON_A_SERVER), 403)
        guild_id = guilds[0].id if len(guilds) == 1 else None
        session = await claim_sessions.begin(conn, identity.discord_id, f"@{identity.username}", guild_id)
    return _with_session(services.settings, session)


def refused(settings: Settings, problem: str, status: int) -> Response:
    """Say to somebody who is not known yet why they cannot go on."""
    return page("claim.html", _context(settings, problem=problem), status=status)


async def _read(services: Services, claimer: Claimer, guild_id: int, code: str, verifier: str) -> Response:
    login, secret = _set_up(services)
    async with services.pool.reading(guild_id) as guild:
        shown = await claiming.standing(guild, claimer.discord_id)
    account = await login.read_account(code, verifier, shown.member.region)
    await claiming.keep_account(services.pool, guild_id, claimer.discord_id, account, secret)
    return RedirectResponse(CLAIM_PREFIX, 303)


async def _for_member(
    services: Services, claimer: Claimer | None, work: Callable[[int, str], Awaitable[Response]]
) -> Response:
    if claimer is None or claimer.guild_id is None:
        return refused(services.settings, tr(_ENDED), 403)
    return await _told(services, claimer, lambda guild_id: work(guild_id, claimer.discord_id))


async def _told(services: Services, claimer: Claimer, work: Callable[[int], Awaitable[Response]]) -> Response:
    """Do something for a member; where it is not done, the page says why."""
    try:
        return await work(claimer.guild_id or 0)
    except PattError as error:
        return await _page(services, claimer, problem=str(error), status=_status_of(error))


async def _page(
    services: Services, claimer: Claimer | None, *, problem: str | None = None, done: str = "", status: int = 200
) -> Response:
    context = _context(services.settings, problem=problem, done=done, is_ready=_is_ready(services), claimer=claimer)
    if claimer is None:
        return page("claim.html", context, status=status)
    if claimer.guild_id is None:
        async with services.pool.installation() as conn:
            context["guilds"] = await claim_sessions.guilds_of(conn, claimer.discord_id)
        return page("claim.html", context, status=status)
    async with services.pool.reading(claimer.guild_id) as guild:
        context["standing"] = shown = await claiming.standing(guild, claimer.discord_id)
    context["guild_shown"] = {"name": shown.member.guild}
    return page("claim.html", context, status=status)


def _context(
    settings: Settings,
    *,
    problem: str | None = None,
    done: str = "",
    is_ready: bool = True,
    claimer: Claimer | None = None,
) -> dict[str, Any]:
    return {
        "problem": problem,
        "done": done,
        "is_ready": is_ready and discord_login(settings) is not None,
        "claimer": claimer,
        "guilds": (),
        "standing": None,
        "home": CLAIM_PREFIX,
    }


async def _claimer(request: Request, services: Services) -> Claimer | None:
    """Return who claims characters, and speak the language of their guild."""
    session = claim_session_of(request)
    if not session:
        return None
    async with services.pool.installation() as conn:
        claimer = await claim_sessions.holder(conn, session)
    if claimer is not None and claimer.language is not None:
        speak(claimer.language)
    return claimer


def _with_session(settings: Settings, session: str) -> Response:
    response = RedirectResponse(CLAIM_PREFIX, 303)
    keep_cookie(response, settings, CLAIM_COOKIE, session, CLAIM_LIFETIME)
    return response


def _is_ready(services: Services) -> bool:
    return services.secret is not None and battle_net_login(services.settings) is not None


def _set_up(services: Services) -> tuple[BattleNetLogin, InstallationSecret]:
    """Return what a sign-in with Battle.net needs. Raises `ConfigurationError` with what is missing."""
    login = battle_net_login(services.settings, services.permits)
    if login is None or services.secret is None:
        what = "PATT_INSTALLATION_SECRET" if login else "PATT_BLIZZARD_CLIENT_ID"
        raise ConfigurationError(tr(_NOT_SET_UP, what=what))
    return login, services.secret


def _status_of(error: PattError) -> int:
    """The status of a page that says why something was not done. A refusal by a source or a person is no guess at a secret."""
    known: tuple[tuple[type[PattError], int], ...] = (
        (SourceError, 502),
        (ConfigurationError, 503),
        (NotFound, 403),
        (Refused, 409),
    )
    return next((status for kind, status in known if isinstance(error, kind)), 403)


def _numbers(values: Any) -> list[int]:
    found = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER]
    return [number for number in found if number <= LARGEST_BIGINT]
