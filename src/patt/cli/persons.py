"""Erasing a person for good, and giving a person their data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.output import JsonOption, say, show
from patt.cli.runner import DryRunOption, GuildOption, actor, call, read
from patt.json_data import as_json_data
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.erasing import person
from sv_common.guild_sync.erasing.erase import ErasePlan, erase, preview_erase
from sv_common.guild_sync.erasing.export import PersonData, export_person
from sv_common.guild_sync.roster import guilds

app = typer.Typer(no_args_is_help=True)
PersonArgument = Annotated[
    str,
    typer.Argument(metavar="PERSON", help=mark("A player, a Discord member or a character, by name or #number.")),
]


@app.callback(help=mark("Erase a person for good."))
def persons() -> None:
    pass


@app.command(
    "erase", help=mark("Erase a person for good. You see first what goes and what stays. It cannot be undone.")
)
def erase_person(
    called: PersonArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=mark("Do not ask."))] = False,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    async def previewed(services: Services) -> tuple[person.PersonRow, ErasePlan]:
        async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
            known_by = await person.find(here, called)
        return known_by, await preview_erase(services.pool, known_by, guild_id=guild)

    known_by, seen = call(previewed)
    if dry_run or not as_json:
        show(as_json_data(seen), as_json, lambda _: _tell(seen))
    if dry_run:
        return
    if not yes:
        typer.confirm(tr("Erase {name} for good?", name=seen.name), abort=True)
    done = call(lambda services: erase(services.pool, known_by, actor=actor(), guild_id=guild, key=seen.key))
    show(as_json_data(done), as_json, lambda _: say(done.sentence))


def _tell(plan: ErasePlan) -> None:
    say(plan.sentence)
    for sentence in plan.stays:
        say(f"  {sentence}")


def export(
    called: PersonArgument,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="NEW-FILE", help=mark("Write it into this new file instead."))
    ] = None,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    async def data_of(here: GuildConnection) -> PersonData:
        return await export_person(here, await person.find(here, called))

    found = read(guild, data_of)
    if file is None:
        show(as_json_data(found), as_json, lambda _: say(found.as_text))
        return
    _write(file, found, as_json=as_json)
    say(tr("{file} is written. It holds personal data: give it to {person} alone.", file=file, person=found.person))


def _write(file: Path, found: PersonData, *, as_json: bool) -> None:
    """Write a file that its owner alone may read. Raises `BadInput` for one that is there or cannot be written."""
    text = json.dumps(as_json_data(found), ensure_ascii=False, indent=2) if as_json else found.as_text
    try:
        with file.open("x", encoding="utf-8") as opened:
            file.chmod(0o600)
            opened.write(text + "\n")
    except OSError as error:
        raise BadInput(tr("{file} cannot be written: {reason}.", file=file, reason=error.strerror)) from error
