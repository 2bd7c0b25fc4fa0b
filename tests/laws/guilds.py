"""Small guilds and what may happen in them, as plain values that Hypothesis can make and shrink.

Names and notes are few and awkward, so that they collide: accents, ß and ss, other alphabets, words that are
professions, names in "s", one name on two realms, one word for two people.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from laws.direct_rows import LINK_SOURCES
from sv_common.guild_sync.core.names import name_key

NAMES = ("Mito", "Nael", "Naél", "Weiß", "Weiss", "Зоря", "한별", "Tailor", "Chris", "Grim", "Grimrokk", "Zork")
STRANGERS = ("Brightmane", "Qwib", "Mitto", "Незнайка")
"""Words that name somebody whom no character is called."""

DISCORD_FORMS = ("{}", "{}", "{lower}", "{} [GM]", "~{}~", "{} | Tailor", "the {other} of {}", "Not {}", "{}'s mom")
NAMING_FORMS = (
    "{}",
    "{}",
    "{lower}",
    "alt of {}",
    "Alt {}",
    "{}'s alt",
    "{}s alt",
    "Twink von {}",
    "Main: {}",
    "i am {}",
    "{}-Area52",
    "{}-Stormrage",
    "@{}",
    "Discord: {lower}",
    "{}'s bank",
    "{}`s bank",
    "{} - Alch 225",
    "{}/{other}",
    "{}, {other}",
    "Alt?",
    "met {} in a dungeon once",
    "{}'s friend",
    "{}'s zug",
    "not {}'s alt",
    "formerly {}",
    "{} (ex {other})",
    "Sleepy/{}",
)
SILENT_NOTES = (
    None,
    "",
    "Alch 300 / Herbs 300",
    "tailor",
    "Bank",
    "Holy",
    "2018-03-12",
    "?",
    "^",
    "DKP:50",
    "Main",
    "<A>",
)
"""Notes that name nobody, and the note that nobody has seen."""

RANKS = 5
ROLES = ("101", "102", "103")
"""The Discord roles that ranks may map to."""
UNMAPPED_ROLE = "900"
INTEGRATION_ROLE = "901"
ROLE_NAMES = {"101": "Officer", "102": "Raider", "103": "Social", UNMAPPED_ROLE: "DJ", INTEGRATION_ROLE: "Booster"}
MOST_CHARACTERS = 14
MOST_MEMBERS = 6
MOST_PLAYERS = 4
MOST_LINKS = 8
MOST_ALIASES = 5
MOST_REJECTIONS = 4


@dataclass(frozen=True, slots=True)
class CharacterSpec:
    """A character; `realm` is 0 or 1; `days_asleep` and `note` are None where never seen. Who has left was linked before."""

    name: str
    realm: int
    rank: int
    note: str | None
    days_asleep: int | None
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class MemberSpec:
    """A Discord member. Who has left may be a player still."""

    username: str
    global_name: str | None
    nick: str | None
    roles: frozenset[str]
    is_bot: bool
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class RankSpec:
    """What a rank maps to."""

    role: str | None
    is_managed: bool


@dataclass(frozen=True, slots=True)
class PlayerSpec:
    """A player whom a person has made; `member` is a place in the guild's members."""

    name: str
    member: int | None


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """A link that is there from the beginning; both numbers are places in the guild's lists."""

    character: int
    player: int
    source: str
    as_main: bool


@dataclass(frozen=True, slots=True)
class GuildSpec:
    """A guild as it begins. `aliases` and `rejections` hold places of players (and characters).

    `doubtful_rank` is a rank that has got another name in the game, if there is one.
    """

    characters: tuple[CharacterSpec, ...] = ()
    members: tuple[MemberSpec, ...] = ()
    ranks: tuple[RankSpec, ...] = ()
    players: tuple[PlayerSpec, ...] = ()
    links: tuple[LinkSpec, ...] = ()
    aliases: tuple[tuple[str, int], ...] = ()
    rejections: tuple[tuple[int, int], ...] = ()
    is_matched: bool = False
    doubtful_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, said with numbers: `life` says what each kind makes of them."""

    kind: str
    who: int = 0
    number: int = 0
    name: str = "Mito"
    note: str | None = None


_Item = TypeVar("_Item")
_NAMES_ON_REALMS = [(name, realm) for name in NAMES for realm in (0, 1)]
_DAYS_ASLEEP = (1, 1, 1, 29, 31, 400, None)
_RANK_ROLES = (None, *ROLES, *ROLES)
_OWN_FORMS = ("{}", "alt of {}", "Alt {}", "{}'s alt", "Main: {}", "{}'s bank", "Twink von {}")
_ANY_ROLES = (*ROLES, *ROLES, UNMAPPED_ROLE, INTEGRATION_ROLE)


@st.composite
def guild_specs(draw: st.DrawFn, *, fewest_characters: int = 0, fewest_members: int = 0) -> GuildSpec:
    """A guild with players, links, aliases and rejections, some of which its notes contradict.

    Hypothesis draws one seed and decides what of the seed's guild is kept: so no two examples are nearly the same, as
    they often are when it draws each part, and a failing guild still shrinks by losing all parts that do not matter.
    """
    rng = draw(st.randoms(use_true_random=True))
    roster = _kept(draw, _characters(rng), fewest_characters)
    people = _kept(draw, [_member(rng) for _ in range(MOST_MEMBERS)], fewest_members)
    players = _kept(draw, _players(rng, len(people)))
    links = [
        LinkSpec(place, rng.randrange(MOST_PLAYERS), rng.choice(LINK_SOURCES), rng.random() < 0.5)
        for place in rng.sample(range(MOST_CHARACTERS), MOST_LINKS)
    ]
    words = [(name, rng.randrange(MOST_PLAYERS)) for name in rng.sample(NAMES + STRANGERS, MOST_ALIASES)]
    return GuildSpec(
        characters=tuple(roster),
        members=tuple(people),
        ranks=tuple(RankSpec(rng.choice(_RANK_ROLES), rng.random() < 0.7) for _ in range(RANKS)),
        players=tuple(players),
        links=tuple(_kept(draw, [x for x in links if x.character < len(roster) and x.player < len(players)])),
        aliases=tuple(_kept(draw, [x for x in words if x[1] < len(players)])),
        rejections=tuple(_kept(draw, _rejections(rng, roster, players))),
        is_matched=draw(st.booleans()),
        doubtful_rank=rng.randrange(RANKS) if rng.random() < 0.15 else None,
    )


def _rejections(
    rng: random.Random, roster: Sequence[CharacterSpec], players: Sequence[PlayerSpec]
) -> list[tuple[int, int]]:
    """Some of the pairs that a note or a name suggests."""
    suggested = [
        (place, owner)
        for place, character in enumerate(roster)
        for owner, player in enumerate(players)
        if name_key(player.name) in name_key(f"{character.note} {character.name}")
    ]
    return rng.sample(suggested, min(len(suggested), MOST_REJECTIONS))


@st.composite
def clean_guild_specs(draw: st.DrawFn) -> GuildSpec:
    """A guild in which nothing is wrong.

    Everybody is awake and linked; notes name their own player or nobody; Discord roles are as the rank table says, and
    those who are no players have none.
    """
    rng = draw(st.randoms(use_true_random=True))
    owners: list[int] = _kept(draw, [rng.randrange(MOST_PLAYERS) for _ in range(MOST_CHARACTERS)])
    rank_table = tuple(RankSpec(rng.choice(_RANK_ROLES), rng.random() < 0.7) for _ in range(RANKS))
    roster = [
        (owner, *called, rng.randrange(RANKS)) for owner, called in zip(owners, _names_for(rng, owners), strict=True)
    ]
    own_names = {player: [name for owner, name, _, _ in roster if owner == player] for player in range(MOST_PLAYERS)}
    with_member = [player for player in range(MOST_PLAYERS) if own_names[player] and rng.random() < 0.7]
    return GuildSpec(
        characters=tuple(
            CharacterSpec(name, realm, rank, _own_note(rng, own_names[owner]), rng.choice((1, 29, None)))
            for owner, name, realm, rank in roster
        ),
        members=(
            *(
                _rightful_member(rng, own_names[player][0], rank_table[min(r for o, _, _, r in roster if o == player)])
                for player in with_member
            ),
            MemberSpec("jukebox", None, None, frozenset(ROLES), is_bot=True),
            MemberSpec(rng.choice(NAMES), None, None, frozenset({UNMAPPED_ROLE}), is_bot=False),
        ),
        ranks=rank_table,
        players=tuple(
            PlayerSpec((own_names[p] or ["Nobody"])[0], with_member.index(p) if p in with_member else None)
            for p in range(MOST_PLAYERS)
        ),
        links=tuple(
            LinkSpec(place, owner, rng.choice(LINK_SOURCES), as_main=rng.random() < 0.3)
            for place, owner in enumerate(owners)
        ),
    )


def _names_for(rng: random.Random, owners: Sequence[int]) -> list[tuple[str, int]]:
    return rng.sample(_NAMES_ON_REALMS, len(owners))


def _own_note(rng: random.Random, own_names: Sequence[str]) -> str | None:
    """A note that names its own player, or nobody; "tailor" may be somebody's name and is not for a clean guild."""
    if rng.random() < 0.3:
        return rng.choice([note for note in SILENT_NOTES if note != "tailor"])
    return rng.choice(_OWN_FORMS).format(rng.choice(own_names))


def _rightful_member(rng: random.Random, name: str, rank: RankSpec) -> MemberSpec:
    right = {rank.role} if rank.role and rank.is_managed else set()
    others = {role for role in (UNMAPPED_ROLE, INTEGRATION_ROLE) if rng.random() < 0.3}
    return MemberSpec(
        rng.choice(("{}", "{} [GM]", "~{}~")).format(name), None, None, frozenset(right | others), is_bot=False
    )


def events(*kinds: str, most: int = 6) -> st.SearchStrategy[list[Event]]:
    """A few things that happen one after the other, of these kinds."""

    @st.composite
    def some(draw: st.DrawFn) -> list[Event]:
        rng = draw(st.randoms(use_true_random=True))
        return _kept(draw, [_event(rng, kinds) for _ in range(most)])

    return some()


def note(rng: random.Random) -> str | None:
    """A note: mostly one that names somebody in one of many forms, sometimes one that names nobody."""
    return rng.choice(SILENT_NOTES) if rng.random() < 0.25 else _written(rng, NAMING_FORMS)


def _written(rng: random.Random, forms: Sequence[str]) -> str:
    name = rng.choice(NAMES) if rng.random() < 0.85 else rng.choice(STRANGERS)
    return rng.choice(forms).format(name, lower=name.lower(), other=rng.choice(NAMES))


def _kept(draw: st.DrawFn, items: list[_Item], fewest: int = 0) -> list[_Item]:
    """What Hypothesis keeps of a list: the first ones that must be there, and some of the others, about two of three."""
    mask = draw(st.integers(0, 2 ** len(items) - 1)) | (draw(st.integers(0, 2 ** len(items) - 1)) >> 1)
    return [item for place, item in enumerate(items) if place < fewest or mask >> place & 1]


def _characters(rng: random.Random) -> list[CharacterSpec]:
    return [
        CharacterSpec(name, realm, rng.randrange(RANKS), note(rng), rng.choice(_DAYS_ASLEEP), rng.random() < 0.15)
        for name, realm in rng.sample(_NAMES_ON_REALMS, MOST_CHARACTERS)
    ]


def _member(rng: random.Random) -> MemberSpec:
    global_name, nick = (_written(rng, DISCORD_FORMS) if rng.random() < 0.5 else None for _ in range(2))
    roles = frozenset(rng.sample(_ANY_ROLES, rng.choice((0, 1, 1, 2, 3))))
    is_bot, has_left = rng.random() < 0.15, rng.random() < 0.1
    return MemberSpec(_written(rng, DISCORD_FORMS), global_name, nick, roles, is_bot, has_left)


def _players(rng: random.Random, member_count: int) -> list[PlayerSpec]:
    places = rng.sample(range(max(member_count, MOST_PLAYERS)), MOST_PLAYERS)
    return [
        PlayerSpec(rng.choice(NAMES), place if place < member_count and rng.random() < 0.8 else None)
        for place in places
    ]


def _event(rng: random.Random, kinds: Sequence[str]) -> Event:
    return Event(rng.choice(kinds), rng.randrange(MOST_CHARACTERS), rng.randrange(8), rng.choice(NAMES), note(rng))


IN_THE_GAME = (
    "note",
    "note",
    "note",
    "join",
    "leave",
    "come_back",
    "rename",
    "swap_names",
    "change_rank",
    "sleep",
    "rename_rank",
)
ON_DISCORD = ("roles", "member_leaves", "member_comes_back", "nick")
BY_OFFICERS = (
    "fix",
    "fix",
    "fix_all",
    "undo",
    "dismiss",
    "full_match",
    "link_manually",
    "link_to_member",
    "confirm_link",
    "unlink",
    "unlink_member",
    "new_player",
    "mark_shared",
    "mark_shared",
    "unmark_shared",
    "set_hiatus",
    "end_hiatus",
    "merge",
    "confirm_ranks",
)
BY_ACCOUNTS = ("same_account", "unknown_account", "account_setting", "share_account", "object")
"""What is said of Battle.net accounts, by what is read and by officers."""
BY_THEMSELVES = ("scan", "automate")
