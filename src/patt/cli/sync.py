"""`patt sync` and `patt upload`: take in what a source has to say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, actor, with_services
from patt.cli.output import print_json
from patt.cli.telling import say_pipeline
from patt.files import read_file
from sv_common.guild_sync.domain.addon_export import read_addon_export
from sv_common.guild_sync.domain.report import PipelineReport
from sv_common.guild_sync.scheduler import run_addon_sync, run_blizzard_sync, run_discord_sync

app = typer.Typer(help="Fetch from Battle.net or Discord, check, and fix what fixes itself.", no_args_is_help=True)
AcceptLossesOption = Annotated[
    bool, typer.Option("--accept-losses", help="Believe a list in which more than 30 % are missing.")
]


@app.command()
def battlenet(
    guild: GuildOption = None, accept_losses: AcceptLossesOption = False, as_json: JsonOption = False
) -> None:
    """Fetch the roster from Battle.net."""

    async def work(services: Services) -> PipelineReport:
        return await run_blizzard_sync(
            services.pool, guild_id=guild, outside=services.outside, actor=actor(), accept_losses=accept_losses
        )

    _show(with_services(work), as_json)


@app.command()
def discord(guild: GuildOption = None, accept_losses: AcceptLossesOption = False, as_json: JsonOption = False) -> None:
    """Fetch roles and members from Discord."""

    async def work(services: Services) -> PipelineReport:
        return await run_discord_sync(
            services.pool, guild_id=guild, outside=services.outside, actor=actor(), accept_losses=accept_losses
        )

    _show(with_services(work), as_json)


def upload(
    file: Annotated[Path, typer.Argument(help="The game's SavedVariables/PATTSync.lua.")],
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in the notes that the addon exported, check, and fix what fixes itself. Exit code 1 when all is known already."""
    export = read_addon_export(read_file(file))

    async def work(services: Services) -> PipelineReport:
        return await run_addon_sync(
            services.pool,
            export.characters,
            guild_id=guild,
            outside=services.outside,
            actor=actor(),
            exported_at=export.seen_at,
            origin=export.origin,
        )

    _show(with_services(work), as_json)


def _show(report: PipelineReport, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        say_pipeline(report)
    if report.status != "done":
        raise typer.Exit(1)
