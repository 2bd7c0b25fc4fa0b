"""What every page of the settings has: its place among them, the guild, and whether whoever looks may change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from patt.pages.shell import respond
from patt.web.context import Caller
from patt.web.navigation import SETTING_PLACES, SETTINGS
from sv_common.guild_sync.roster.guilds import Guild


@dataclass(frozen=True, slots=True)
class SettingsView:
    """A page of the settings; `href` gives its address, or that of a changed one."""

    guild: int
    place: str
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address; what is as usual is left out of it."""
        view = replace(self, **changes)
        page = {"page": view.page} if view.page > 1 else {}
        return f"{SETTINGS.href}/{view.place}?{urlencode({'guild': view.guild, **page})}"


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
