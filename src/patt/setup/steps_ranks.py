"""The step that says which Discord role each rank maps to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patt.setup.bench import Bench
from patt.setup.dialogue import Choice, StepSkipped
from patt.setup.rank_roles import names_of, roles_for_ranks, suggest
from patt.setup.role_order import find_obstacles
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.guild import DiscordRole
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.role_authority import RoleAuthority
from sv_common.guild_sync.domain.setting import RanksSetting
from sv_common.guild_sync.guild_settings import recorded
from sv_common.guild_sync.store import ranks
from sv_common.guild_sync.store.ranks import Rank

_MAP, _MANAGED, _SUGGESTIONS, _NAMES = "map", "managed", "suggestions", "names"
NO_ROLE = "none"
_LATER = "later"
Decisions = Mapping[int, DiscordRole | None]
"""The role of each rank that is decided now; None: it maps to none, on purpose."""


async def rank_table(bench: Bench) -> None:
    """Map ranks to roles, suggested by their names and confirmed. Raises `BadInput`, SourceError and `StepSkipped`."""
    guild, server_id = await bench.guild_on_discord()
    async with bench.pool.connection() as conn:
        table = await ranks.all_ranks(conn, guild.id)
    if not table:
        raise StepSkipped("it needs the roster")
    authority = await bench.require_discord().fetch_authority(server_id)
    roles = roles_for_ranks(authority.roles.values(), server_id)
    taken = {rank.discord_role_id for rank in table}
    suggested = suggest(names_of(table), [role for role in roles if role.role_id not in taken])
    _show(bench, table, suggested)
    await _confirm_names(bench, guild.id, table)
    decided = _decide(bench, table, suggested, roles)
    if decided:
        is_managed = bench.dialogue.confirm(
            _MANAGED, "May fixes, when an officer asks for one, give and take these roles"
        )
        await _store(bench, guild.id, decided, is_managed=is_managed)
        _tell_obstacles(bench, decided if is_managed else {}, authority)
    _tell_what_is_left(bench, [rank for rank in table if not rank.is_decided and rank.wow_rank_index not in decided])


def _show(bench: Bench, table: Sequence[Rank], suggested: Decisions) -> None:
    rows = [(rank.wow_rank_index, _name(rank), _mapped(rank, suggested.get(rank.wow_rank_index))) for rank in table]
    bench.dialogue.show(("rank", "name", "Discord role"), rows)
    if all(rank.name_in_game is None for rank in table):
        bench.dialogue.say(
            "The names of the ranks are not known yet: only the addon tells them. You can map ranks by their number now, or "
            "come back with “patt init” after the first export."
        )


async def _confirm_names(bench: Bench, guild_id: int, table: Sequence[Rank]) -> None:
    doubtful = [rank for rank in table if rank.is_in_doubt]
    if not doubtful:
        return
    for rank in doubtful:
        bench.dialogue.warn(
            f"Rank {rank.wow_rank_index} is “{rank.name_in_game}” in the game, and was “{rank.name}” when its role was decided."
        )
    if bench.dialogue.confirm(
        _NAMES, "Does each rank, under its name in the game, still go with its role", default=False
    ):
        about = RanksSetting.of(rank.wow_rank_index for rank in table)
        async with bench.pool.connection() as conn, recorded(conn, guild_id, about, actor=bench.actor):
            await ranks.confirm_names(conn, guild_id)
    else:
        bench.dialogue.say(
            "Until they are confirmed, no role is concluded from a rank. See: patt ranks map, patt ranks confirm"
        )


def _decide(
    bench: Bench, table: Sequence[Rank], suggested: Mapping[int, DiscordRole], roles: Sequence[DiscordRole]
) -> Decisions:
    """Take what was given beforehand, then suggestions, then what a person says of each rank that is left."""
    decided: dict[int, DiscordRole | None] = dict(_given(bench, table, roles))
    left = {index: role for index, role in suggested.items() if index not in decided and role not in decided.values()}
    answer = "each"
    if left:
        answer = bench.dialogue.choose(_SUGGESTIONS, "Take the suggestions", _HOW_TO_TAKE, default="all")
    if answer == "all":
        decided |= left
    if answer == "none" or not bench.dialogue.is_interactive:
        return decided
    for rank in table:
        if not rank.is_decided and rank.wow_rank_index not in decided:
            decided |= _ask(bench, rank, roles, left.get(rank.wow_rank_index))
    return decided


_HOW_TO_TAKE = (
    Choice("all", "all of them"),
    Choice("each", "ask for each rank"),
    Choice("none", "none of them, now"),
)


def _given(bench: Bench, table: Sequence[Rank], roles: Sequence[DiscordRole]) -> Decisions:
    """Read lines of RANK=ROLE, where the role is an id, a name or “none”."""
    known = {str(rank.wow_rank_index): rank for rank in table}
    decided: dict[int, DiscordRole | None] = {}
    for each in filter(None, (bench.dialogue.take(_MAP) or "").split("\n")):
        index, _, wanted = (part.strip() for part in each.partition("="))
        if index not in known or not wanted:
            raise BadInput(
                f"“{each}” does not map a rank. Write --map RANK=ROLE, with a rank out of: {', '.join(known)}."
            )
        decided[int(index)] = None if name_key(wanted) == NO_ROLE else _role_called(wanted, roles)
    return decided


def _role_called(wanted: str, roles: Sequence[DiscordRole]) -> DiscordRole:
    called = [role for role in roles if wanted == role.role_id or name_key(wanted) == name_key(role.name)]
    if len(called) == 1:
        return called[0]
    if called:
        raise BadInput(f"Several roles are called “{wanted}”. Give the role's id instead of its name.")
    raise BadInput(
        f"No role that can be given is called “{wanted}”. There are: {', '.join(role.name for role in roles)}."
    )


def _ask(bench: Bench, rank: Rank, roles: Sequence[DiscordRole], suggested: DiscordRole | None) -> Decisions:
    choices = [Choice(role.role_id, role.name) for role in roles]
    choices += [Choice(NO_ROLE, "no role, on purpose"), Choice(_LATER, "decide later")]
    question = f"Role of rank {rank.wow_rank_index}, {_name(rank)}"
    answer = bench.dialogue.choose(_MAP, question, choices, default=suggested.role_id if suggested else _LATER)
    if answer == _LATER:
        return {}
    return {rank.wow_rank_index: next((role for role in roles if role.role_id == answer), None)}


async def _store(bench: Bench, guild_id: int, decided: Decisions, *, is_managed: bool) -> None:
    about = RanksSetting.of(decided)
    async with bench.pool.connection() as conn, recorded(conn, guild_id, about, actor=bench.actor):
        for index, role in decided.items():
            if role is None:
                await ranks.leave_without_role(conn, guild_id, index)
            else:
                await ranks.map_to_role(conn, guild_id, index, role.role_id, role.name, is_managed=is_managed)
    bench.dialogue.say(f"{len(decided)} ranks decided.")


def _tell_obstacles(bench: Bench, decided: Decisions, authority: RoleAuthority) -> None:
    for obstacle in find_obstacles(
        authority, {role.role_id: role.name for role in decided.values() if role is not None}
    ):
        bench.dialogue.warn(f"{obstacle.cause} {obstacle.remedy}")


def _tell_what_is_left(bench: Bench, left: Sequence[Rank]) -> None:
    if left:
        numbers = ", ".join(str(rank.wow_rank_index) for rank in left)
        bench.dialogue.say(
            f"Without a role as yet: rank {numbers}. Map them with “patt ranks map”, or with “patt init” again."
        )


def _name(rank: Rank) -> str:
    if rank.name_in_game is None:
        return f"{rank.name} (name not known yet)"
    return rank.name_in_game


def _mapped(rank: Rank, suggested: DiscordRole | None) -> str:
    if rank.is_without_role:
        return "none, on purpose"
    mapped = rank.discord_role_name or rank.discord_role_id
    return mapped or (f"suggested: {suggested.name}" if suggested else "")
