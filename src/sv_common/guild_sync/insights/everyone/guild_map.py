"""The whole guild as a picture: characters, players and Discord members, what connects them, and the loose ends.

Where each stands follows from the names alone, so the same guild gives the same picture: players by name, each with their
characters by rank beside them, the loose ends at both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.insights.inbox.weighing import Weights, weights_of
from sv_common.guild_sync.insights.matching import in_order
from sv_common.guild_sync.issues.explanation import CandidateKind, Strength, WeighedCandidate
from sv_common.guild_sync.rules import RULES

SQL = load_sql(__package__, "guild_map.sql")

NodeKind: TypeAlias = Literal["character", "shared", "player", "member"]
LOOSE_CHARACTERS: Final = 0
CHARACTERS: Final = 1
PLAYERS: Final = 2
MEMBERS: Final = 3
LOOSE_MEMBERS: Final = 4


@dataclass(frozen=True, slots=True)
class MapNode:
    """A character in the guild, a player, or a Discord member who is a player or has a role that a rank gives."""

    kind: NodeKind
    id: Annotated[int, Field(description="Number of the character, player or member.")]
    name: str
    character_class: str | None
    rank_index: int | None
    loose: Annotated[
        bool, Field(description="A loose end: without a player, or a player without characters or Discord.")
    ]
    column: Annotated[
        int,
        Field(
            description="0 characters without a player, 1 characters, 2 players, 3 Discord members, 4 members without a player."
        ),
    ] = 0
    row: Annotated[int, Field(description="Its place in the column; who belongs together stands side by side.")] = 0


@dataclass(frozen=True, slots=True)
class MapEdge:
    """That a character or a Discord member is a player’s, with what proves it; or that it could be, with how much speaks for it.

    A character can also be suggested to be a Discord member’s, who is no player yet.
    """

    kind: Annotated[Literal["character", "member"], Field(description="What the edge begins at.")]
    id: Annotated[int, Field(description="Its number.")]
    to: Annotated[Literal["player", "member"], Field(description="What the edge leads to.")]
    to_id: Annotated[int, Field(description="Its number.")]
    proof: Annotated[Basis | None, Field(description="What the link rests on; null where it is only suggested.")]
    suggestion: Annotated[Strength | None, Field(description="How much speaks for it; null where it is linked.")]


@dataclass(frozen=True, slots=True)
class GuildMap:
    guild_id: int
    nodes: Sequence[MapNode]
    edges: Sequence[MapEdge]


@dataclass(frozen=True, slots=True)
class MapRow:
    """One line of the same as a table: a character, or a player or a member who has none."""

    character_id: int | None
    character: str | None
    character_class: str | None
    shared: Annotated[bool, Field(description="Whether it is a bank or shared character.")]
    player_id: int | None
    player: str | None
    proof: Annotated[Basis | None, Field(description="What it rests on that the character is the player’s.")]
    member_id: int | None
    member: str | None
    member_proof: Annotated[Basis | None, Field(description="What it rests on that the player is this Discord member.")]
    loose: bool
    suggested: Annotated[str | None, Field(description="Who it could be.", examples=["Mito"])]
    suggestion: Annotated[Strength | None, Field(description="How much speaks for it.")]


@dataclass(frozen=True, slots=True)
class MapTable:
    guild_id: int
    rows: Sequence[MapRow]


class _Key(NamedTuple):
    kind: str
    id: int


_Links: TypeAlias = Mapping[_Key, MapEdge]


async def guild_map(guild: GuildConnection) -> GuildMap:
    """Return the whole guild in a number of statements that depends on nothing."""
    nodes = [MapNode(**row, loose=False) for row in await guild.all(dict[str, Any], SQL["nodes"])]
    edges = [
        MapEdge(row["kind"], row["id"], "player", row["player_id"], row["proof"], None)
        for row in await guild.all(dict[str, Any], SQL["edges"])
    ]
    links = {_Key(edge.kind, edge.id): edge for edge in edges}
    owned = frozenset(_Key(edge.kind, edge.to_id) for edge in edges)
    nodes = [replace(node, loose=_is_loose(node, links, owned)) for node in nodes]
    suggested = list(_suggested(weights_of(await resolver_of(guild)), nodes))
    placed = _placed(nodes, links)
    return GuildMap(guild.id, placed, sorted([*edges, *suggested], key=lambda each: (each.kind, each.id, each.to_id)))


def as_table(found: GuildMap) -> MapTable:
    """Return the same as lines, in the order of the picture."""
    nodes = {_Key(_side(node.kind), node.id): node for node in found.nodes}
    edges = {_Key(edge.kind, edge.id): edge for edge in found.edges}
    members = {edge.to_id: edge for edge in found.edges if edge.kind == "member" and edge.proof is not None}
    owners = {edge.to_id for edge in found.edges if edge.kind == "character" and edge.proof is not None}
    lines = []
    for node in sorted(
        found.nodes, key=lambda each: (each.column in (LOOSE_CHARACTERS, LOOSE_MEMBERS), each.row, each.column)
    ):
        edge = edges.get(_Key(_side(node.kind), node.id))
        is_linked = edge is not None and edge.proof is not None
        if (node.kind == "player" and node.id in owners) or (node.kind == "member" and is_linked):
            continue
        number = node.id if node.kind == "player" else edge.to_id if edge is not None and is_linked else None
        player = nodes.get(_Key("player", number)) if number is not None else None
        lines.append(_line(node, player, edge, members.get(number or 0), nodes))
    return MapTable(found.guild_id, lines)


def _line(
    node: MapNode,
    player: MapNode | None,
    edge: MapEdge | None,
    with_member: MapEdge | None,
    nodes: Mapping[_Key, MapNode],
) -> MapRow:
    is_character, is_member = node.kind in ("character", "shared"), node.kind == "member"
    member = node if is_member else nodes.get(_Key("member", with_member.id)) if with_member is not None else None
    meant = nodes.get(_Key(edge.to, edge.to_id)) if edge is not None and edge.suggestion is not None else None
    return MapRow(
        character_id=node.id if is_character else None,
        character=node.name if is_character else None,
        character_class=node.character_class,
        shared=node.kind == "shared",
        player_id=player.id if player else None,
        player=player.name if player else None,
        proof=edge.proof if edge is not None and is_character else None,
        member_id=member.id if member else None,
        member=member.name if member else None,
        member_proof=with_member.proof if with_member is not None else None,
        loose=node.loose,
        suggested=meant.name if meant else None,
        suggestion=edge.suggestion if edge is not None else None,
    )


def _side(kind: NodeKind) -> str:
    return "character" if kind == "shared" else kind


def _is_loose(node: MapNode, links: _Links, owned: frozenset[_Key]) -> bool:
    """Whether something is missing; `owned` says of each player what they have: characters, a Discord member."""
    match node.kind:
        case "shared":
            return False
        case "player":
            return not {_Key("character", node.id), _Key("member", node.id)} <= owned
        case _:
            return _Key(node.kind, node.id) not in links


def _suggested(weights: Weights, nodes: Iterable[MapNode]) -> Iterator[MapEdge]:
    """For each character and each member without a player the one who could be meant, if anybody."""
    drawn = {_Key(node.kind, node.id) for node in nodes}
    for node in nodes:
        if not node.loose or node.kind == "player":
            continue
        if node.kind == "character":
            found = weights.of(RULES["orphan_wow"], node.id)
            best = _best(found, drawn, (CandidateKind.PLAYER, CandidateKind.MEMBER))
        else:
            best = _best(weights.of(RULES["orphan_discord"], node.id), drawn, (CandidateKind.PLAYER,))
        if best is not None:
            to: Literal["player", "member"] = "player" if best.kind is CandidateKind.PLAYER else "member"
            kind: Literal["character", "member"] = "character" if node.kind == "character" else "member"
            yield MapEdge(kind, node.id, to, best.id, None, best.strength)


def _best(
    candidates: Iterable[WeighedCandidate], drawn: set[_Key], kinds: Sequence[CandidateKind]
) -> WeighedCandidate | None:
    meant = (each for each in candidates if each.kind in kinds and not each.is_rejected)
    return next((each for each in meant if _Key(each.kind.value, each.id) in drawn), None)


def _placed(nodes: Sequence[MapNode], links: _Links) -> list[MapNode]:
    """Put players below each other by name, and beside each their characters and their Discord member."""
    theirs: dict[int, list[MapNode]] = defaultdict(list)
    for node in nodes:
        if (edge := links.get(_Key(_side(node.kind), node.id))) is not None:
            theirs[edge.to_id].append(node)
    placed, row = list[MapNode](), 0
    for player in sorted((node for node in nodes if node.kind == "player"), key=_by_name):
        characters = sorted((each for each in theirs[player.id] if each.kind != "member"), key=_by_rank)
        middle = row + max(0, len(characters) - 1) // 2
        placed += [replace(each, column=CHARACTERS, row=row + place) for place, each in enumerate(characters)]
        placed.append(replace(player, column=PLAYERS, row=middle))
        placed += [replace(each, column=MEMBERS, row=middle) for each in theirs[player.id] if each.kind == "member"]
        row += max(1, len(characters))
    for column, kinds in ((LOOSE_CHARACTERS, ("character", "shared")), (LOOSE_MEMBERS, ("member",))):
        free = [each for each in nodes if each.kind in kinds and _Key(_side(each.kind), each.id) not in links]
        placed += [replace(each, column=column, row=place) for place, each in enumerate(sorted(free, key=_by_name))]
    return placed


def _by_name(node: MapNode) -> tuple[object, ...]:
    return node.kind == "shared", in_order(node.name), node.id


def _by_rank(node: MapNode) -> tuple[object, ...]:
    return node.rank_index or 0, in_order(node.name), node.id
