"""What every page of the admin has: its place in the navigation, the viewer, the guild, and the result of the last command."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import Response, StreamingResponse

from patt.bootstrap import Services
from patt.pages import words
from patt.web import forms
from patt.web.context import Caller, GuildDep, ServicesDep, ViewerDep
from patt.web.forms import DONE_EVENT, LANGUAGE_HEADER, UNATTENDED_HEADER, shape_of
from patt.web.kept.serving import NOT_TO_BE_KEPT, SHOWN_BESIDE
from patt.web.places import SETTING_PLACES, SETTINGS
from patt.web.problems import logged
from patt.web.rendering import page as render
from patt.web.rendering import text_of
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import language, tr
from sv_common.guild_sync.insights.health import SourceAge, source_ages
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild


@dataclass(frozen=True, slots=True)
class View:
    """Which part of a page is shown, by the parameters of its address; `home` is the address without any."""

    home: ClassVar[str]
    named: ClassVar[Mapping[str, str]] = {}
    """Parameters that the address calls otherwise than the field."""

    guild: int

    def href(self, **changes: Any) -> str:
        """Return the address of this view, or of a changed one; defaults are left out of it."""
        view = replace(self, **changes)
        usual = {each.name: each.default for each in fields(view)}
        shown = {name: value for name in view.shown() if (value := getattr(view, name)) != usual[name]}
        shown = {self.named.get(name, name): "true" if value is True else value for name, value in shown.items()}
        return f"{view.address()}?{urlencode(shown)}"

    def address(self) -> str:
        return self.home

    def shown(self) -> Iterable[str]:
        """The parameters that the address may have."""
        return [each.name for each in fields(self)]


@dataclass(frozen=True, slots=True)
class SettingsView(View):
    """A page of the settings."""

    place: str
    page: int = 1

    def address(self) -> str:
        return f"{SETTINGS.href}/{self.place}"

    def shown(self) -> Iterable[str]:
        return "guild", "page"


@dataclass(slots=True)
class Shell:
    """What stands around every page of a guild: its name, and how old the data of its sources is."""

    guild: Guild | None = None
    sources: Sequence[SourceAge] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page: who makes it, and the guild that its address names; without one, the first is shown."""

    request: Request
    services: Services
    viewer: Caller
    guild_id: int | None
    shell: Shell = field(default_factory=Shell)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[list[Guild]]:
        """Read at one moment; gives the guilds that the viewer may see, in the order of their numbers.

        Of very many these are the guild that is asked for and those whose numbers are near.
        """
        async with self.services.pool.snapshot() as conn:
            own = self.viewer.guild_id
            known = await guilds.near(conn, own or self.guild_id, beside=0 if own else SHOWN_BESIDE)
            await self._look_around(known, self.guild_id)
            yield known

    async def look_around(self, guild_id: int | None) -> None:
        """Read what stands around a page of this guild, by default the first, where `snapshot` is not asked for it."""
        async with self.services.pool.snapshot() as conn:
            shown = guild_id or self.viewer.guild_id
            await self._look_around(await guilds.near(conn, shown, beside=0), shown)

    async def _look_around(self, known: Sequence[Guild], guild_id: int | None) -> None:
        shown = next((each for each in known if guild_id in (None, each.id)), None)
        if shown and not self.shell.guild:
            self.shell.guild = shown
            here = await self.services.pool.narrow(shown.id)  # from here on the page speaks the guild's language
            self.shell.sources = await source_ages(here)

    async def narrow(self, known: Sequence[Guild]) -> tuple[GuildConnection, Guild]:
        """Bind the snapshot to the guild that is asked for. Raises `NotFound`."""
        chosen = self.chosen_of(known)
        return await self.services.pool.narrow(chosen.id), chosen

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[tuple[GuildConnection, Guild, list[Guild]]]:
        """Read the guild that is asked for at one moment; gives all in reach, too. Raises `NotFound`."""
        async with self.snapshot() as known:
            yield *await self.narrow(known), known

    async def guilds(self) -> tuple[Guild, list[Guild]]:
        """Return the guild that is asked for, and all in reach. Raises `NotFound`."""
        async with self.snapshot() as known:
            return self.chosen_of(known), known

    def chosen_of(self, known: Sequence[Guild]) -> Guild:
        """Return the guild that is asked for, by default the first one. Raises `NotFound`."""
        for guild in known:
            if self.guild_id in (None, guild.id):
                return guild
        raise NotFound(
            tr("There is no guild with the number {number}.", number=self.guild_id)
            if known
            else tr("No guild is set up yet. Set one up with: patt init")
        )

    def page(self, template: str, **context: Any) -> Response:
        """Return a page of the admin, once with the result of the last command, and with what was typed for it.

        Htmx gets its content alone, and is told by `DONE_EVENT` if the command was carried out. Where the shell speaks another
        language than the guild, such as before it was changed, the page is opened whole.
        """
        if self._has_a_shell_in_another_language():
            return Response(headers={"HX-Redirect": self.address})
        told = forms.kept(self.request)
        is_part = shape_of(self.request) == "part"
        is_done = told is not None and told.tone == "result"
        headers = {"HX-Trigger": DONE_EVENT} if is_part and is_done else None
        shown = self._around(context) | context
        response = render(f"admin/{template}.html", shown, headers=headers, has_shell=not is_part)
        forms.forget(self.request, response)
        return response

    def part(self, template: str, **context: Any) -> Response:
        """Return a part of a page for a refresh; the result of the last command is left to the page itself.

        Where the page speaks another language than the guild by now, it is opened anew, so that it speaks one.
        """
        if self._has_a_shell_in_another_language():
            return Response(headers={"HX-Refresh": "true"})
        return render(f"partials/{template}.html", {"now": datetime.now(UTC)} | context)

    def _has_a_shell_in_another_language(self) -> bool:
        return shape_of(self.request) == "part" and self.request.headers.get(LANGUAGE_HEADER, language()) != language()

    def page_as_read(self, template: str, rest: Callable[[], Awaitable[dict[str, Any]]], **context: Any) -> Response:
        """Return a whole page of which all that stands before its content is sent at once, and the rest when it is read.

        `rest` reads what the content needs, and holds no connection when it returns: a browser may take its time. What fails
        in it can no longer change the status: the page says so in its content, and the error is logged.
        """
        opening = text_of(f"admin/{template}.html", self._around(context) | context, part="opening")

        async def parts() -> AsyncIterator[str]:
            yield opening
            try:
                shown = context | await rest()
                text = text_of(f"admin/{template}.html", self._around(shown) | shown, part="rest")
            except Exception as error:  # noqa: BLE001 -- whatever it was, the page has begun and must say that it is not whole
                sentence = logged(self.request, error).detail
                setattr(self.request.state, NOT_TO_BE_KEPT, True)
                broken = context | {"sentence": sentence}
                text = text_of("partials/broken_off.html", self._around(broken) | broken, part="rest")
            yield text

        response = StreamingResponse(parts(), media_type="text/html")
        forms.forget(self.request, response)
        return response

    def _around(self, context: dict[str, Any]) -> dict[str, Any]:
        """What every page is shown with."""
        told, now = forms.kept(self.request), datetime.now(UTC)
        return {
            "viewer": self.viewer,
            "now": now,
            "path": self.request.url.path,
            "here": self.address,
            "flash": told if told and told.text else None,
            "typed_in": self.typed_in,
            "live": self._live(context),
            "guild_number": _guild_of(context) or self.guild_id,
            "guild_shown": self.shell.guild,
            "sources_shown": words.sources_line(self.shell.sources, now) if self.shell.sources else None,
            "is_unattended": UNATTENDED_HEADER in self.request.headers,
        }

    def settings_page(self, name: str, guild: Guild, known: Sequence[Guild], **context: Any) -> Response:
        """Return a page of the settings, with the way to the others."""
        places = [place for place in SETTING_PLACES if self.viewer.may_act_as(place.least)]
        return self.page(f"settings/{name}", guild=guild, guilds=known, places=places, **context)

    @property
    def address(self) -> str:
        """The address that is asked for."""
        return f"{self.request.url.path}?{self.request.url.query}"

    @property
    def is_whole(self) -> bool:
        """Whether a whole page is asked for, and not what htmx needs of one."""
        return shape_of(self.request) == "page"

    @property
    def target(self) -> str | None:
        """The id of the element that htmx asks to replace; None where a whole page is asked for."""
        return self.request.headers.get("hx-target") if shape_of(self.request) == "part" else None

    def typed_in(self, form: str) -> Mapping[str, str]:
        """Return what the form of this path is to show again, this one time."""
        told = forms.kept(self.request)
        return told.typed if told and told.form == form else {}

    def leads_back(self, address: str, problem: Exception) -> Response:
        """Lead to another page, which says why this one cannot be shown."""
        return forms.led_back(self.request, address, forms.Flash(str(problem), "problem"))

    def leads_on(self, typed: Mapping[str, str], problem: Exception | None = None, address: str = "") -> Response:
        """Lead from a form to a page that shows, this one time, what came of it: a reload sends nothing again."""
        told = forms.Flash(str(problem or ""), "problem" if problem else "result", self.request.url.path, typed)
        query = f"?guild={self.guild_id}" if self.guild_id else ""
        return forms.led_back(self.request, f"{address or self.request.url.path}{query}", told)

    def _live(self, context: dict[str, Any]) -> dict[str, Any] | None:
        """Return the guild whose changes the page listens for, and the cursor; None for a page of no guild.

        One that shows a secret this one time is no such page either: shown afresh it would lose it.
        """
        if not (context.get("guild") or context.get("issue")) or context.get("made"):
            return None
        cursor: str | None = getattr(self.request.state, "live_cursor", None)
        return {"guild_id": _guild_of(context), "mark": cursor or ""}


def _guild_of(context: Mapping[str, Any]) -> int | None:
    """Return the guild that a page is about."""
    subject = context.get("guild") or context.get("issue")
    if subject is None:
        return context.get("guild_id")
    return int(getattr(subject, "guild_id", None) or subject.id)


def _visit(request: Request, services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Visit:
    return Visit(request, services, viewer, guild)


VisitDep = Annotated[Visit, Depends(_visit)]
