"""What every page of the admin has: its place in the navigation, the signed-in user, its guild, and the result of the last command."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from patt.web import forms
from patt.web.context import Caller
from patt.web.places import NAVIGATION, SETTING_PLACES, SETTINGS
from patt.web.rendering import page as render
from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a page is looked at, by the parameters of its address."""

    guild: int

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        raise NotImplementedError

    def href(self, **changes: Any) -> str:
        """Return the address of this view, or of a changed one; what is as usual is left out of it."""
        view = replace(self, **changes)
        usual = {each.name: each.default for each in fields(view)}
        shown = {name: value for name in view.shown() if (value := getattr(view, name)) != usual[name]}
        return f"{view.home}?{urlencode(shown)}"

    def shown(self) -> Iterable[str]:
        """Return the parameters that the address may have."""
        return [each.name for each in fields(self)]


def respond(request: Request, template: str, viewer: Caller, context: dict[str, Any]) -> Response:
    """Return a page of the admin, once with what was just done."""
    shell = {
        "viewer": viewer,
        "now": datetime.now(UTC),
        "navigation": NAVIGATION,
        "path": request.url.path,
        "flash": forms.kept(request),
        "live": _live(request, context),
    }
    response = render(template, shell | context)
    forms.forget(request, response)
    return response


def respond_with_part(template: str, context: dict[str, Any]) -> Response:
    """Return a part of a page for a refresh; the result of the last command is left to the page itself."""
    return render(template, {"now": datetime.now(UTC)} | context)


def respond_with_settings(
    request: Request, name: str, viewer: Caller, guild: Guild, known: Sequence[Guild], context: dict[str, Any]
) -> Response:
    """Return the settings page `name`, with the way to the others."""
    shell = {
        "guild": guild,
        "guilds": known,
        "places": [place for place in SETTING_PLACES if viewer.may_act_as(place.least)],
        "may_change": viewer.may_act_as("administrator"),
    }
    return respond(request, f"admin/settings/{name}.html", viewer, shell | context)


@dataclass(frozen=True, slots=True)
class SettingsView(View):
    """A page of the settings."""

    place: str
    page: int = 1

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        return f"{SETTINGS.href}/{self.place}"

    def shown(self) -> Iterable[str]:
        """Return the parameters that the address may have."""
        return "guild", "page"


def _live(request: Request, context: dict[str, Any]) -> dict[str, Any] | None:
    """Return from which mark on the page hears of changes, and of which guild; None for a page of no guild.

    The answer to a form is no such page either: it cannot be looked at again, and may show a secret this one time.
    """
    guild = context.get("guild") or context.get("issue")
    if guild is None or request.method != "GET":
        return None
    mark: str | None = getattr(request.state, "live_cursor", None)
    return {"guild_id": getattr(guild, "guild_id", None) or guild.id, "mark": mark or ""}


async def guilds_in_reach(conn: Connection, caller: Caller) -> list[Guild]:
    """Return the guilds that the caller may see, in the order of their numbers."""
    return [guild for guild in await guilds.all_guilds(conn) if caller.guild_id in (None, guild.id)]


@contextlib.asynccontextmanager
async def reading_guild(
    pool: Pool, caller: Caller, guild_id: int | None
) -> AsyncIterator[tuple[GuildConnection, Guild, list[Guild]]]:
    """Give one moment of the guild that is asked for, by default the first one, with all in reach. Raises `NotFound`."""
    async with pool.snapshot() as conn:
        guild, known = await chosen_guild(conn, caller, guild_id)
        yield await pool.narrow(guild.id), guild, known


async def chosen_guild(conn: Connection, caller: Caller, guild_id: int | None) -> tuple[Guild, list[Guild]]:
    """Return the guild that is asked for, by default the first one, and all in reach. Raises `NotFound`."""
    known = await guilds_in_reach(conn, caller)
    return chosen_of(known, guild_id), known


def chosen_of(known: Sequence[Guild], guild_id: int | None) -> Guild:
    """Return the guild that is asked for, by default the first one. Raises `NotFound`."""
    chosen = [guild for guild in known if guild_id in (None, guild.id)]
    if not chosen:
        raise NotFound(
            f"There is no guild with the number {guild_id}."
            if known
            else "No guild is set up yet. Set one up with: patt init"
        )
    return chosen[0]
