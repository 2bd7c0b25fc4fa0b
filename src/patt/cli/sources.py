"""Syncs, exports of the addon, and lists that were refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from patt.api import activity, uploads
from patt.api.activity import Loss, Release
from patt.bootstrap import Services
from patt.cli.output import JsonOption, out, print_json, say, show, table
from patt.cli.runner import GuildOption, actor, call, operator, read
from patt.cli.speech.words import word as in_words
from patt.companion.files import export_file
from patt.files import read_file
from patt.json_data import as_json_data
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import day_and_time, mark, tr, tr_in
from sv_common.guild_sync.core.reports import counts_in_words
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.roster_file import read_discord_names, read_roster_table, read_saved_roster
from sv_common.guild_sync.identity.roster_notes import NICKNAME, NoteReading, Sureness, read_notes
from sv_common.guild_sync.insights.proposed_notes.read import NoteReview, ReviewedNote, review_notes
from sv_common.guild_sync.roster.loss import SOURCES
from sv_common.guild_sync.scheduler import PipelineReport, run_addon_sync, run_blizzard_sync, run_discord_sync
from sv_common.guild_sync.sources.addon.export import read_addon_export

app = typer.Typer(no_args_is_help=True)
losses_app = typer.Typer(no_args_is_help=True)
uploads_app = typer.Typer(no_args_is_help=True)
AcceptLossesOption = Annotated[
    bool, typer.Option("--accept-losses", help=mark("Accept a list in which more than 30 % are missing."))
]
SHORTEST_KEY = 8
"""Letters of a key that are enough: each source has one list, and the key only shows that it is the same one."""


@app.command(help=mark("Fetch the roster from Battle.net."))
def battlenet(
    guild: GuildOption = None, accept_losses: AcceptLossesOption = False, as_json: JsonOption = False
) -> None:
    _sync(run_blizzard_sync, guild, accept_losses, as_json)


@app.command(help=mark("Fetch roles and members from Discord."))
def discord(guild: GuildOption = None, accept_losses: AcceptLossesOption = False, as_json: JsonOption = False) -> None:
    _sync(run_discord_sync, guild, accept_losses, as_json)


def upload(
    file: Annotated[Path, typer.Argument(help=mark("The game's SavedVariables/PATTSync.lua."))],
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    export = read_addon_export(read_file(export_file(str(file))))

    async def synced(services: Services) -> PipelineReport:
        return await run_addon_sync(
            services.pool,
            export.characters,
            guild_id=guild,
            sources=services.sources,
            actor=actor(),
            exported_at=export.seen_at,
            origin=export.origin,
        )

    _show(call(synced), as_json)


@losses_app.command("list", help=mark("Show who would be marked as gone."))
def list_losses(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    def lines(found: list[Loss]) -> None:
        if not found:
            say(tr("No list is held. The newest ones were accepted."))
        for loss in found:
            say(loss.sentence)
            rows = [
                (each.name, each.place or tr_in("rank or role", "none"), each.player or tr_in("player", "none"))
                for each in loss.subjects
            ]
            table(tr("who"), tr("rank or role"), tr("player"), rows=rows)
            if loss.released_at is None:
                say(
                    tr(
                        "If they have left: patt losses release {source} --key {key}",
                        source=loss.source,
                        key=loss.key[:12],
                    )
                )

    waiting = call(activity.losses, guild)
    show(as_json_data(waiting), as_json, lambda _: lines(waiting))


@losses_app.command(help=mark("Accept exactly the missing ones of the list, once. The next sync marks them as gone."))
def release(
    source: Annotated[str, typer.Argument(help=mark("The source of the list: battlenet or discord."))],
    key: Annotated[str, typer.Option(help=mark("The key that “patt losses list” shows, or its beginning."))],
    guild: GuildOption = None,
) -> None:
    named = next((each for each in SOURCES if each == source), None)
    if named is None:
        raise BadInput(tr("“{source}” is not a source of lists. Use battlenet or discord.", source=source))

    async def released(services: Services) -> str:
        found = await activity.losses(services, guild)
        known = [each.key for each in found if each.source == named and len(key) >= SHORTEST_KEY]
        whole = next((each for each in known if each.startswith(key)), key)
        return (await activity.release_loss(services, operator(), Release(named, whole), guild)).sentence

    say(call(released))


@uploads_app.command("list", help=mark("Show the 50 newest; waiting and failed ones come first."))
def list_uploads(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    found = call(uploads.listed, guild)
    rows = [(u.id, u.uploader, day_and_time(u.as_of), u.state, u.attempts, u.sentence) for u in found]
    columns = tr("upload"), tr("uploader"), tr("export of"), tr("state"), tr("tries"), tr("outcome")
    show(as_json_data(found), as_json, lambda _: table(*columns, rows=rows))


@uploads_app.command(help=mark("Try a failed upload again; a worker processes it."))
def retry(
    upload: Annotated[int, typer.Argument(metavar="UPLOAD", min=1, max=2**63 - 1, help=mark("Number of the upload."))],
    guild: GuildOption = None,
) -> None:
    say(call(uploads.retry, upload, guild).sentence or "")


def _sync(
    pipeline: Callable[..., Awaitable[PipelineReport]], guild: int | None, accept_losses: bool, as_json: bool
) -> None:
    async def synced(services: Services) -> PipelineReport:
        sources = services.sources
        return await pipeline(
            services.pool, guild_id=guild, sources=sources, actor=actor(), accept_losses=accept_losses
        )

    _show(call(synced), as_json)


def _show(report: PipelineReport, as_json: bool) -> None:
    show(report, as_json, _say_pipeline)
    if report.status != "done":
        raise typer.Exit(1)


def _say_pipeline(report: PipelineReport) -> None:
    for step in report.steps:
        say(f"{step.name}: {counts_in_words(step.counts)}")
        for notice in step.notices:
            out.print(f"  [yellow]![/] {escape(notice)}", soft_wrap=True)
        if step.error:
            out.print(f"  [red]{escape(step.error)}[/]", soft_wrap=True)


def notes(
    file: Annotated[
        Path, typer.Argument(help=mark("A roster as TSV or CSV with the columns character and note, or a .lua."))
    ],
    discord: Annotated[Path | None, typer.Option(help=mark("Discord names, one a line."))] = None,
    as_json: JsonOption = False,
) -> None:
    file = export_file(str(file))
    source = read_file(file)
    roster = read_saved_roster(source) if file.suffix.lower() == ".lua" else read_roster_table(source)
    discord_names = read_discord_names(read_file(discord)) if discord else []
    readings = read_notes(roster, discord_names)
    if as_json:
        for reading in readings:
            print_json(reading, indent=None)
        return
    columns = tr("character"), tr("note"), tr("reading")
    table(*columns, rows=[(each.character, each.note, _read_as(each)) for each in readings])
    say("")
    _print_summary(readings)


def proposed_notes(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    found = read(guild, review_notes)
    show(found, as_json, _print_proposed)


def _print_proposed(found: NoteReview) -> None:
    columns = tr("character"), tr("note"), tr("proposed note"), tr("why")
    table(*columns, rows=[(each.character, each.note, each.proposed, _why(each)) for each in found.proposed])
    for alone in found.not_proposed:
        say(f"{alone.character}: {alone.reason}")
    if not found.proposed:
        say(tr("Every note says what is known for certain, or contradicts nothing of it."))


def _why(each: ReviewedNote) -> str:
    return f"{each.reason} {tr('It loses “{text}”.', text=each.lost)}" if each.lost else each.reason


def _read_as(reading: NoteReading) -> str:
    match reading.decision:
        case Sureness.CONFIDENT:
            return _certain(reading)
        case Sureness.AMBIGUOUS:
            several = with_or(reading.targets) or reading.why_not
            return tr("one of several: {characters}", characters=several)
        case Sureness.SUGGESTED:
            return tr("perhaps {characters}", characters=", ".join(reading.suggestions))
        case Sureness.NOBODY:
            kind = in_words(reading.kind)
            named = f"{kind}: {reading.person}" if reading.person else kind
            return tr("no player ({kind})", kind=named)


def _certain(reading: NoteReading) -> str:
    named = ", ".join(reading.targets)
    if reading.person is None or named == reading.person:
        return named
    return (
        tr("{characters}, so {player}", characters=named, player=reading.person)
        if named
        else tr("{member} on Discord", member=reading.person)
    )


def _print_summary(readings: Sequence[NoteReading]) -> None:
    counts = Counter((each.decision, each.kind) for each in readings)
    order = list(Sureness)
    rows = sorted(counts.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0][1]))
    cells = [(in_words(sure), in_words(kind), count) for (sure, kind), count in rows]
    table(tr_in("column", "decision"), tr("kind"), tr("notes"), rows=cells)
    bearers: dict[str, list[str]] = defaultdict(list)
    for reading in readings:
        if reading.kind == NICKNAME and reading.person:
            bearers[reading.person].append(reading.character)
    if bearers:
        say("")
        table(
            tr("nickname"), tr("characters"), rows=[(name, ", ".join(found)) for name, found in sorted(bearers.items())]
        )
