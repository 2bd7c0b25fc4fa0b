"""A guild's identity data as one value: who there is and what they are called. Read whole, or what was written since.

Its rows are named tuples: a guild has thousands of them, and a frozen dataclass takes eight times as long to make.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from sv_common.db.kept_rows import KeptRows
from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.accounts.kinds import Kind
from sv_common.guild_sync.changes.changeset import DECIDED_BY_A_PERSON, Named, RowChange
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.text import role_in_words
from sv_common.guild_sync.identity.words import vocabulary_with
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, Vocabulary

SQL = load_sql(__package__, "facts.sql")
_FACTS = "facts"
_Row = TypeVar("_Row", bound=tuple[Any, ...])


class KnownCharacter(NamedTuple):
    """A character in the guild now, or one that left and is still linked, or marked as shared. `note` is None when it was never seen.

    `basis_note` is the note under which its link was made, or last right; `settled_rank` the rank under which it was when
    the rank table last fitted the game.
    """

    id: int
    name: str
    name_key: str
    realm_slug: str
    realm_key: str
    realm_name: str | None
    note: str | None
    player_id: int | None
    link_source: str | None
    is_present: bool
    rank: int | None = None
    settled_rank: int | None = None
    basis: str | None = None
    basis_note: str | None = None
    confirmed_by: str | None = None
    first_seen: date | None = None

    @property
    def is_decided(self) -> bool:
        """Whether a person, or the game itself, decided its player: no automatic or bulk fix changes that."""
        return self.link_source in DECIDED_BY_A_PERSON or is_confirmed(self.basis, self.confirmed_by)

    @property
    def label(self) -> str:
        return f"{self.name}-{self.realm_name or self.realm_slug}"

    @property
    def named(self) -> Named:
        return Named(self.id, self.label)


class KnownPlayer(NamedTuple):
    id: int
    display_name: str
    discord_user_id: int | None
    main_character_id: int | None
    offspec_character_id: int | None
    discord_basis: str | None = None
    discord_confirmed_by: str | None = None

    @property
    def is_member_decided(self) -> bool:
        """Whether a person, or the game itself, decided who the player is on Discord."""
        return is_confirmed(self.discord_basis, self.discord_confirmed_by)

    @property
    def named(self) -> Named:
        return Named(self.id, self.display_name)


class KnownMember(NamedTuple):
    """A person on the Discord server now, or one who left it and is still a player."""

    id: int
    discord_id: str
    username: str
    global_name: str | None
    display_name: str
    is_present: bool
    first_seen: date | None = None

    @property
    def name_keys(self) -> set[str]:
        return {name_key(self.username), name_key(self.display_name), name_key(self.global_name or "")} - {""}

    @property
    def named(self) -> Named:
        return Named(self.id, self.display_name)


class KnownHiatus(NamedTuple):
    """An officer's word that a player is away; `until` None: there is no return date."""

    until: date | None
    reason: str
    set_by: str

    def lasts_on(self, day: date) -> bool:
        """Whether it still holds: on its day the player is back."""
        return self.until is None or self.until > day

    @property
    def day(self) -> str | None:
        """The day of its end, as changes write it."""
        return None if self.until is None else self.until.isoformat()


@dataclass(frozen=True, slots=True)
class GuildFacts:
    """Everything that a decision about identity may rest on. `aliases` are keys, `written_aliases` says how each is written.

    `rejections` are pairs of a character and a player, `unlinked` those of them that come from unlinking, and
    `member_rejections` pairs of a player and a Discord member, `unlinked_members` those of them that come from unlinking.
    `former_characters` and `former_members` hold the earlier names
    of each, `departed_names` the keys of characters that left without a player. `granting_ranks` says what the ranks give that
    give a right, or a managed Discord role above the lowest. `shared` says of each bank or shared character who marked it.
    `hiatuses` are by player, also those that have ended by `today`. `accounts` says of characters to which Battle.net account
    they belong, by a number that means nothing else, and `shared_accounts` of characters who said that several people play on
    their account. `account_mode` is what the guild does with it: off, suggest, or automatic. `account_kinds` says of each account
    by which kind of evidence it is known.
    """

    guild_id: int
    characters: Mapping[int, KnownCharacter]
    players: Mapping[int, KnownPlayer]
    members: Mapping[int, KnownMember]
    aliases: Mapping[str, int]
    rejections: frozenset[tuple[int, int]]
    vocabulary: Vocabulary = DEFAULT_VOCABULARY
    written_aliases: Mapping[str, str] = field(default_factory=dict)
    unlinked: frozenset[tuple[int, int]] = frozenset()
    member_rejections: frozenset[tuple[int, int]] = frozenset()
    former_characters: Mapping[int, Sequence[str]] = field(default_factory=dict)
    former_members: Mapping[int, Sequence[str]] = field(default_factory=dict)
    granting_ranks: Mapping[int, str] = field(default_factory=dict)
    departed_names: frozenset[str] = frozenset()
    shared: Mapping[int, str] = field(default_factory=dict)
    unlinked_members: frozenset[tuple[int, int]] = frozenset()
    hiatuses: Mapping[int, KnownHiatus] = field(default_factory=dict)
    accounts: Mapping[int, int] = field(default_factory=dict)
    shared_accounts: Mapping[int, str] = field(default_factory=dict)
    account_mode: str = "off"
    account_kinds: Mapping[int, Kind] = field(default_factory=dict)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def links_by_account(self) -> bool:
        """Whether the guild lets automation link by account evidence."""
        return self.account_mode == "automatic"

    def grant_of(self, character: KnownCharacter) -> str | None:
        """Return what a character's rank gives, where it gives so much that automation leaves the character alone."""
        ranks = [rank for rank in (character.rank, character.settled_rank) if rank is not None]
        return next((self.granting_ranks[rank] for rank in ranks if rank in self.granting_ranks), None)

    def as_known(self, rows: Iterable[RowChange]) -> Iterator[RowChange]:
        """Add to changes what is known of their rows now: who confirmed a link, and which pointers go with it."""
        rows = list(rows)
        deleted = {row.id for row in rows if row.table == "player" and row.after is None}
        for row in rows:
            yield replace(row, before={**row.before, **self._known(row)}) if row.before else row
            player_id = row.before["player_id"] if row.table == "link" and row.before else None
            if player_id is not None and player_id not in deleted and (row.after or {}).get("player_id") != player_id:
                for column in ("main_character_id", "offspec_character_id"):
                    if getattr(self.players[player_id], column) == row.id:
                        yield RowChange("player", player_id, {column: row.id}, {column: None}, row.names)

    def _known(self, row: RowChange) -> dict[str, Any]:
        if row.table == "link":
            character = self.characters[row.id]
            return {name: getattr(character, name) for name in ("link_source", "basis", "confirmed_by")}
        if row.table == "player" and "discord_user_id" in (row.before or {}):
            player = self.players[row.id]
            return {name: getattr(player, name) for name in ("discord_basis", "discord_confirmed_by")}
        return {}


async def read_facts(guild: GuildConnection) -> GuildFacts:
    """Return a guild's facts; within one snapshot they are read once."""
    if guild.kept is None:
        return await _read(guild)
    if _FACTS not in guild.kept:
        guild.kept[_FACTS] = await _read(guild)
    facts: GuildFacts = guild.kept[_FACTS]
    return facts


async def _read(guild: GuildConnection) -> GuildFacts:
    characters = await _CHARACTERS.of(guild)
    players, members = await _PLAYERS.of(guild), await _MEMBERS.of(guild)
    said: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for kind, *row in await guild.rows(SQL["words"]):
        said[kind].append(tuple(row))
    return GuildFacts(
        guild.id,
        characters,
        players,
        members,
        {key: player for key, player, *_ in said["alias"]},
        frozenset((character, player) for _, player, character, *_ in said["rejection"]),
        vocabulary_with({word: category for word, _, _, category, _ in said["category"]}),
        {key: alias for key, _, _, alias, _ in said["alias"]},
        frozenset((character, player) for _, player, character, unlinked, _ in said["rejection"] if unlinked),
        frozenset((player, member) for _, player, member, *_ in said["member_rejection"]),
        _names_by_number(said["former_character"]),
        _names_by_number(said["former_member"]),
        _grants(said["rank_here"], said["rank_on_discord"]),
        frozenset(name for *_, names in said["departed"] for name in names or ()),
        {character: marked_by for _, _, character, marked_by, _ in said["shared"]},
        frozenset((player, member) for _, player, member, unlinked, _ in said["member_rejection"] if unlinked),
        {
            player: KnownHiatus(date.fromisoformat(until) if until else None, reason, names[0])
            for until, player, _, reason, names in said["hiatus"]
        },
        {character: int(account) for account, _, character, *_ in said["account"]},
        {character: marked_by for _, _, character, marked_by, _ in said["shared_account"]},
        next((mode for _, _, _, mode, _ in said["account_mode"]), "off"),
        {int(account): kind for account, _, _, kind, _ in said["account"]},
        date.fromisoformat(said["today"][0][0]),
    )


def _grants(here: Iterable[tuple[Any, ...]], on_discord: Iterable[tuple[Any, ...]]) -> dict[int, str]:
    """Say what ranks give: a role in this product, or one on Discord."""
    grants = {
        rank: tr(
            "{rank}, which gives the role {role} here",
            rank=name or tr("rank {number}", number=rank),
            role=role_in_words(role),
        )
        for name, _, rank, role, _ in here
    }
    return grants | {
        rank: tr("{rank}, which gives the Discord role {role}", rank=name, role=role)
        for name, _, rank, role, _ in on_discord
    }


def _maker(kind: type[_Row]) -> Callable[[Any], _Row]:
    """Make rows named tuples by `tuple`'s own constructor: half the time of `_make`, for thousands on each page."""
    return partial(tuple.__new__, kind)


_CHARACTERS = KeptRows(SQL["characters_versions"], SQL["characters"], _maker(KnownCharacter))
_PLAYERS = KeptRows(SQL["players_versions"], SQL["players"], _maker(KnownPlayer))
_MEMBERS = KeptRows(SQL["discord_versions"], SQL["discord"], _maker(KnownMember))


def _names_by_number(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = defaultdict(list)
    for name, _, number, *_ in rows:
        names[number].append(name)
    return dict(names)


async def record_link_notes(guild: GuildConnection, character_ids: Collection[int]) -> None:
    """Record the current notes as those under which these characters' links are correct."""
    if character_ids:
        await guild.run(SQL["record_link_notes"], character_ids=list(character_ids))
