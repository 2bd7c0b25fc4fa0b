"""The map as a picture: where each dot, name and line stands, and what a filter leaves bright. Pure.

Characters stand beside their player, the Discord member on the other side, loose ends at both edges. A filter moves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias
from unicodedata import east_asian_width
from urllib.parse import urlencode

from patt.pages.layout import View
from patt.web.finding import LONGEST_SEARCH
from patt.web.places import MAP, PEOPLE
from patt.web.rendering import arms_of, class_name, class_slug
from patt.web.telling.proofs import PROOFS, Shown, proof
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.insights.everyone.guild_map import (
    CHARACTERS,
    LOOSE_CHARACTERS,
    LOOSE_MEMBERS,
    MEMBERS,
    PLAYERS,
    GuildMap,
    MapEdge,
    MapNode,
    MapRow,
)

Key: TypeAlias = tuple[str, int]

WIDTH: Final = 1120
TOP: Final = 52
ROW: Final = 28
DOTS: Final[Mapping[int, int]] = {LOOSE_CHARACTERS: 10, CHARACTERS: 410, PLAYERS: 500, MEMBERS: 740, LOOSE_MEMBERS: 960}
LONGEST_NAME: Final = 19
"""Letters of a name that are drawn; wide ones count twice."""

LETTER: Final = 8
"""How wide a letter is, or nearly."""


@dataclass(frozen=True, slots=True)
class MapView(View):
    """Which side of the map is shown, and what stays bright."""

    home = MAP.href
    named: ClassVar[Mapping[str, str]] = {"character_class": "class"}
    tab: Literal["", "map", "table"] = ""
    character_class: str | None = None
    loose: bool = False
    proof: Shown | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A node: its dot, its name, what it is called aloud, and where it leads."""

    x: int
    y: int
    text_x: int
    name: str
    said: str
    href: str
    style: str


@dataclass(frozen=True, slots=True)
class Line:
    """An edge from dot to dot."""

    path: str
    style: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn, and how high it is."""

    height: int
    dots: Sequence[Dot]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the filters would leave bright."""

    classes: Sequence[tuple[str, int]]
    proofs: Mapping[Shown, int]
    loose: int
    columns: Mapping[int, int]


def key_of(node: MapNode) -> Key:
    return "character" if node.kind == "shared" else node.kind, node.id


def ends_of(edge: MapEdge) -> tuple[Key, Key]:
    return (edge.kind, edge.id), (edge.to, edge.to_id)


def proof_of(edge: MapEdge) -> Shown:
    return edge.proof or "suggested"


def counts_of(found: GuildMap) -> Counts:
    """Count what there is of everything that can be chosen."""
    classes = Counter(node.character_class for node in found.nodes if node.character_class)
    proofs = Counter(proof_of(edge) for edge in found.edges)
    return Counts(
        sorted(classes.items()),
        {each: proofs[each] for each in PROOFS if proofs[each]},
        sum(node.loose for node in found.nodes),
        Counter(node.column for node in found.nodes),
    )


def chosen_of(found: GuildMap, view: MapView) -> set[Key] | None:
    """Return who fits all filters that are given; None where there are none."""
    if view.character_class is None and not view.loose and view.proof is None:
        return None
    ends = {end for edge in found.edges if proof_of(edge) == view.proof for end in ends_of(edge)}
    return {
        key_of(node)
        for node in found.nodes
        if (view.character_class is None or node.character_class == view.character_class)
        and (not view.loose or node.loose)
        and (view.proof is None or key_of(node) in ends)
    }


def rows_of(rows: Sequence[MapRow], chosen: set[Key] | None) -> Sequence[MapRow]:
    """Return the lines of the table that are about somebody who was chosen."""
    if chosen is None:
        return rows
    return [row for row in rows if not chosen.isdisjoint(_keys_of(row))]


def _keys_of(row: MapRow) -> set[Key]:
    numbers = {"character": row.character_id, "player": row.player_id, "member": row.member_id}
    return {(kind, number) for kind, number in numbers.items() if number is not None}


def picture_of(found: GuildMap, view: MapView) -> Picture:
    """Draw the whole guild; what a filter leaves out is dim."""
    nodes, chosen = {key_of(node): node for node in found.nodes}, chosen_of(found, view)
    drawn = [(edge, _is_bright(edge, chosen, view)) for edge in found.edges]
    bright = (
        None if chosen is None else chosen | {end for edge, is_bright in drawn if is_bright for end in ends_of(edge)}
    )
    said = _spoken(found, nodes)
    player_of = {edge.id: edge.to_id for edge in found.edges if edge.kind == "member" and edge.proof}
    dots = [
        _dot(node, said[key], _address(node, player_of, view.guild), is_dim=bright is not None and key not in bright)
        for key, node in nodes.items()
    ]
    # What is surest lies on top.
    lines = [
        _line(edge, nodes, is_dim=not is_bright) for edge, is_bright in sorted(drawn, key=lambda each: -_place(each[0]))
    ]
    return Picture(TOP + ROW * (1 + max((node.row for node in found.nodes), default=0)), dots, lines)


def _place(edge: MapEdge) -> int:
    return list(PROOFS).index(proof_of(edge))


def _is_bright(edge: MapEdge, chosen: set[Key] | None, view: MapView) -> bool:
    if chosen is None:
        return True
    return not chosen.isdisjoint(ends_of(edge)) and view.proof in (None, proof_of(edge))


def _height(node: MapNode) -> int:
    return TOP + ROW * node.row


def _dot(node: MapNode, said: str, address: str, *, is_dim: bool) -> Dot:
    x = DOTS[node.column]
    slug = class_slug(node.character_class)
    style = [
        f"c-{slug}" if slug else "",
        f"h{arms_of(node.name).tone}" if node.kind == "player" else "",
        f"is-{node.kind}",
        "is-loose" if node.loose else "",
        "is-dim" if is_dim else "",
    ]
    return Dot(
        x,
        _height(node),
        x - 11 if node.column == CHARACTERS else x + 14,
        shortened(label_of(node)),
        said,
        address,
        " ".join(each for each in style if each),
    )


def _address(node: MapNode, player_of: Mapping[int, int], guild_id: int) -> str:
    """The page of a character, a player, or the player that a member is; other members are looked for in the list."""
    if node.kind in ("character", "shared"):
        return f"{PEOPLE.href}/characters/{node.id}?guild={guild_id}"
    player = node.id if node.kind == "player" else player_of.get(node.id)
    if player is not None:
        return f"{PEOPLE.href}/{player}?guild={guild_id}"
    return f"{PEOPLE.href}?{urlencode({'guild': guild_id, 'show': 'members', 'search': node.name[:LONGEST_SEARCH]})}"


def _line(edge: MapEdge, nodes: Mapping[Key, MapNode], *, is_dim: bool) -> Line:
    """A curve that leaves and arrives level, beside the dot or behind the name."""
    start, end = (nodes[key] for key in ends_of(edge))
    is_onward = start.column < end.column
    x, y = _side(start, is_right=is_onward), _height(start)
    across, down = _side(end, is_right=not is_onward) - x, _height(end) - y
    curve = f"M{x} {y}c{across // 2} 0 {across // 2} {down} {across} {down}"
    return Line(curve, f"e-{proof(proof_of(edge)).style}{' is-dim' if is_dim else ''}")


def _side(node: MapNode, *, is_right: bool) -> int:
    """Where a line meets a node on one side: the name stands to the right of the dot, of linked characters to the left."""
    x = DOTS[node.column]
    if is_right and node.column == CHARACTERS:
        return x + 8
    return x + 20 + LETTER * _width(shortened(label_of(node))) if is_right else x - 9


def _spoken(found: GuildMap, nodes: Mapping[Key, MapNode]) -> Mapping[Key, str]:
    """What each node is called aloud: its name, what it is, and what it is linked to or could be."""
    links: dict[Key, MapEdge] = {(edge.kind, edge.id): edge for edge in found.edges}
    characters = Counter(edge.to_id for edge in found.edges if edge.kind == "character" and edge.proof)
    members = {
        edge.to_id: nodes["member", edge.id].name for edge in found.edges if edge.kind == "member" and edge.proof
    }
    said = {}
    for key, node in nodes.items():
        parts = [node.name, class_name(node.character_class)]
        if node.kind == "player":
            parts += [
                tr_n("player, {n} character", "player, {n} characters", characters[node.id]),
                members.get(node.id) or tr("not on Discord"),
            ]
        elif node.kind == "shared":
            parts.append(tr("bank or shared"))
        elif (edge := links.get(key)) is None:
            parts.append(tr("no player"))
        elif edge.proof:
            owner = nodes["player", edge.to_id].name
            parts.append(tr("of {player}, {proof}", player=owner, proof=proof(edge.proof).word))
        else:
            meant = nodes[edge.to, edge.to_id].name
            parts.append(tr("no player, could be {name}, {why}", name=meant, why=edge.suggestion))
        said[key] = ", ".join(part for part in parts if part)
    return said


def label_of(node: MapNode) -> str:
    """The name that is drawn: of a character without its realm."""
    return node.name.partition("-")[0] if node.kind in ("character", "shared") else node.name


def shortened(name: str) -> str:
    """Return as much of a name as there is room for."""
    for place in range(len(name)):
        if _width(name[: place + 1]) > LONGEST_NAME:
            return f"{name[:place]}…"
    return name


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
