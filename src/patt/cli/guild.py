"""`patt guild` and `patt ranks`: which guild, and which Discord role each rank maps to."""

from __future__ import annotations

from typing import Annotated

import typer

from patt import guild_moves
from patt.bootstrap import Services
from patt.cli.options import DryRunOption, GuildOption, JsonOption, actor, guild_number, with_services
from patt.cli.output import print_json, say, table
from patt.guild_moves import GuildMove, NewName
from sv_common.guild_sync.domain.errors import BadInput, Refused
from sv_common.guild_sync.domain.guild import GuildAddress
from sv_common.guild_sync.domain.setting import RanksSetting
from sv_common.guild_sync.guild_settings import recorded
from sv_common.guild_sync.setting_requests import check_role
from sv_common.guild_sync.store import guilds, ranks
from sv_common.guild_sync.store.guilds import Guild
from sv_common.guild_sync.store.ranks import Rank

app = typer.Typer(help="The guilds of this installation.", no_args_is_help=True)
ranks_app = typer.Typer(help="The rank table: names, and the Discord role of each rank.", no_args_is_help=True)
REGIONS = ("us", "eu", "kr", "tw")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The guild's name as the game shows it.")],
    realm: Annotated[str, typer.Option(help="Slug of the guild's realm, as in its Armory address.")],
    region: Annotated[str, typer.Option(help="us, eu, kr or tw.")] = "us",
    discord_server: Annotated[str | None, typer.Option(help="Id of the Discord server.")] = None,
    audit_channel: Annotated[str | None, typer.Option(help="Id of the Discord channel for summaries.")] = None,
) -> None:
    """Add a guild, or change the Discord server and channel of one that is there. Retail only: no Classic games yet."""
    if region not in REGIONS:
        raise BadInput(f"“{region}” is no region. Use one of: {', '.join(REGIONS)}.")
    if not name.strip() or not realm.strip():
        raise BadInput("Give the guild's name as the game shows it, and the slug of its realm.")
    address = GuildAddress(region, realm, name.lower().replace(" ", "-"))

    async def work(services: Services) -> int:
        async with services.pool.connection() as conn:
            return await guilds.add(
                conn, address, name, discord_guild_id=discord_server, audit_channel_id=audit_channel
            )

    say(f"{name} is guild {with_services(work)}.")


@app.command()
def move(
    name: Annotated[str, typer.Argument(help="The guild's new name, as the game shows it.")],
    realm: Annotated[str | None, typer.Option(help="Its realm, in any language; unless told, as before.")] = None,
    region: Annotated[str | None, typer.Option(help="us, eu, kr or tw; unless told, as before.")] = None,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
) -> None:
    """Say that a guild was renamed or moved. Look first with --dry-run; characters, players and settings stay."""

    async def work(services: Services) -> GuildMove:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn:
            now = await guilds.get(conn, number)
        wanted = NewName(region or now.region, realm or now.realm_slug, name)
        if dry_run:
            return await guild_moves.preview_move(services, wanted, guild_id=number)
        return await guild_moves.move(services, wanted, guild_id=number, actor=actor(), key=None)

    found = with_services(work)
    say(found.sentence)
    if not dry_run:
        say(f"{found.guild.name} is {found.name} from now on. Its roster: patt sync battlenet")
    elif found.problem is not None:
        raise Refused(found.problem)


@app.command("list")
def list_guilds(as_json: JsonOption = False) -> None:
    """List the guilds."""

    async def work(services: Services) -> list[Guild]:
        async with services.pool.snapshot() as conn:
            return await guilds.all_guilds(conn)

    found = with_services(work)
    if as_json:
        print_json(found)
    else:
        rows = [(g.id, g.name, g.region, g.realm_slug, g.discord_guild_id) for g in found]
        table("guild", "name", "region", "realm", "Discord server", rows=rows)


@ranks_app.command("list")
def list_ranks(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show the rank table."""

    async def work(services: Services) -> list[Rank]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await ranks.all_ranks(conn, number)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            r.wow_rank_index,
            r.name,
            r.name_in_game,
            "none, on purpose" if r.is_without_role else r.discord_role_name,
            r.discord_role_id,
            "yes" if r.is_role_managed else "no",
        )
        for r in found
    ]
    table("rank", "name", "in the game", "Discord role", "role id", "managed", rows=rows)


@ranks_app.command("map")
def map_rank(
    rank: Annotated[int, typer.Argument(min=0, max=9, help="Index of the rank; 0 is the guild master.")],
    role_id: Annotated[str, typer.Argument(help="Id of the Discord role.")],
    role_name: Annotated[
        str, typer.Option("--name", help="Name of the role, until the next Discord sync tells it.")
    ] = "",
    is_managed: Annotated[
        bool, typer.Option("--managed/--not-managed", help="Whether fixes may give and take it.")
    ] = True,
    guild: GuildOption = None,
) -> None:
    """Say which Discord role a rank maps to."""
    if not role_id.isascii() or not role_id.isdigit():
        raise BadInput(
            f"“{role_id}” is no Discord role id: those are numbers (Server Settings → Roles → … → Copy Role ID)."
        )

    async def work(services: Services) -> str | None:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn:
            known_as = await check_role(conn, number, rank, role_id)
            name = known_as or role_name or None
            async with recorded(conn, number, RanksSetting.of([rank]), actor=actor()):
                await ranks.map_to_role(conn, number, rank, role_id, name, is_managed=is_managed)
        return known_as

    known_as = with_services(work)
    say(f"Rank {rank} maps to the Discord role {known_as or role_name or role_id}.")
    if known_as is None:
        say("Discord was never synced, so nobody knows yet whether there is such a role. Run: patt sync discord")


@ranks_app.command()
def unmap(
    rank: Annotated[int, typer.Argument(min=0, max=9, help="Index of the rank; 0 is the guild master.")],
    guild: GuildOption = None,
) -> None:
    """Say that a rank maps to no Discord role, on purpose."""

    async def work(services: Services) -> None:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn, recorded(conn, number, RanksSetting.of([rank]), actor=actor()):
            await ranks.leave_without_role(conn, number, rank)

    with_services(work)
    say(f"Rank {rank} maps to no Discord role.")


@ranks_app.command()
def confirm(guild: GuildOption = None) -> None:
    """Take the rank names seen in the game as right. Check with `patt ranks list` that each still maps to its role."""

    async def work(services: Services) -> tuple[int, list[Rank]]:
        number = await guild_number(services, guild)
        async with services.pool.connection() as conn:
            known = [rank.wow_rank_index for rank in await ranks.all_ranks(conn, number)]
            async with recorded(conn, number, RanksSetting.of(known), actor=actor()):
                confirmed = await ranks.confirm_names(conn, number)
            return confirmed, await ranks.all_ranks(conn, number)

    confirmed, table_now = with_services(work)
    say(f"{confirmed} rank names confirmed.")
    without_role = ", ".join(f"{rank.wow_rank_index} ({rank.name})" for rank in table_now if not rank.is_decided)
    if without_role:
        say(
            f"These ranks have no Discord role yet: {without_role}. Say which with `patt ranks map`, or none with `patt ranks unmap`."
        )
