"""`patt admin officers`: who may sign in with Discord, and what gives them their role."""

from __future__ import annotations

from typing import Annotated

import typer

from patt import authority
from patt.authority import Change, Claim, Given, Kind, Mapped, Preview, Standing
from patt.bootstrap import Services
from patt.cli.options import DryRunOption, GuildOption, JsonOption, actor, guild_number, row_number, with_services
from patt.cli.output import print_json, say, table
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.domain.names import name_key

app = typer.Typer(help="Who may sign in with Discord, and by which rank or role.", no_args_is_help=True)


@app.command("list")
def list_officers(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show what each rank and Discord role gives, and who has a role by it or waits for a word."""

    async def work(services: Services) -> tuple[list[Mapped], list[Standing]]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await authority.mapping(conn, number), await authority.standings_in(conn, number)

    mapping, people = with_services(work)
    if as_json:
        print_json({"mapping": mapping, "people": people})
        return
    rows = [(each.kind, each.key, each.label, each.role, each.set_by or "") for each in mapping]
    table("kind", "key", "name", "gives", "set by", rows=rows)
    table("who", "on Discord", "role", "by", "waits for a word", rows=[_row(each) for each in people])


@app.command()
def give(
    kind: Annotated[Kind, typer.Argument(help="Whether a Discord role or a rank gives it.")],
    key: Annotated[str, typer.Argument(help="Name or id of the Discord role; name or number (#3) of the rank.")],
    role: Annotated[Given, typer.Argument(help="What it gives.")],
    guild: GuildOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Let a Discord role or a rank give a role, and tell who gains or loses what."""

    async def work(services: Services) -> Preview:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn:
            change = Change(kind, _key_of(await authority.mapping(conn, number), kind, key), role)
            if dry_run:
                return await authority.preview(conn, number, change)
            return await authority.decide(conn, number, change, actor=actor())

    done = with_services(work)
    for each in done.moved:
        say(f"{each.name}: {each.before or 'nothing'} → {each.after or 'nothing'}")
    say(f"{done.label} {'would give' if dry_run else 'gives now'}: {'nothing' if role == 'none' else role}.")


@app.command()
def confirm(
    member: Annotated[str, typer.Argument(help="Discord id of the member, as the list shows it with --json.")],
    character: Annotated[
        int, typer.Argument(parser=row_number, metavar="CHARACTER", help="Number of the character, likewise.")
    ],
    guild: GuildOption = None,
) -> None:
    """Stand for it that a character is a member's, so that its rank can make them an officer or an administrator."""

    async def work(services: Services) -> Claim:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn:
            return await authority.vouch(conn, number, member, character, actor=actor())

    claim = with_services(work)
    say(f"Confirmed: {claim.because} is {claim.display_name}'s.")


def _key_of(mapping: list[Mapped], kind: Kind, wanted: str) -> str:
    """Return the key of a rank or a Discord role: by name, else by key; `#3` is always the key. Raises `NotFound`."""
    same_kind = [each for each in mapping if each.kind == kind]
    by_key = [each for each in same_kind if each.key == wanted.strip().removeprefix("#")]
    by_name = [each for each in same_kind if name_key(each.label) == name_key(wanted)]
    found = by_key if wanted.strip().startswith("#") else by_name or by_key
    if len(found) != 1:
        names = ", ".join(f"{each.key} ({each.label})" for each in same_kind)
        raise NotFound(f"“{wanted}” is {'several of them' if found else 'none of them'}. There are: {names or 'none'}.")
    return found[0].key


def _row(each: Standing) -> tuple[object, ...]:
    waits = ", ".join(
        f"{claim.because}: {each.discord_id} {claim.character_id} ({claim.why_waiting})" for claim in each.waiting
    )
    return each.display_name, f"@{each.username}", each.role or "", each.because or "", waits
