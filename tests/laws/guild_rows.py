"""The rows of one guild, and who in it bears which name: read by brute force, without the product's queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from laws import snapshot
from laws.snapshot import Row
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, Category

Somebody = tuple[str, int]
"""("player" | "member" | "character", row id)."""

SHORTEST_WORD = 3
WORDS = frozenset(DEFAULT_VOCABULARY.categories)
_DECORATING = frozenset({Category.PROFESSION, Category.SPEC, Category.CLASS, Category.ROLE, Category.STATUS})
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "prof", "sir"})
_TABLES = (
    "guild_identity.wow_characters",
    "guild_identity.players",
    "guild_identity.player_characters",
    "guild_identity.player_note_aliases",
    "guild_identity.link_rejections",
    "guild_identity.discord_users",
    "guild_identity.former_names",
    "guild_identity.shared_characters",
    "guild_identity.hiatuses",
)
_RANKS = "common.guild_ranks"
_ROLES = "guild_identity.discord_roles"
_SETTINGS = "guild_identity.rule_settings"
_CONTESTS = "guild_identity.claim_contests"
_ACCOUNTS, _SHARED_ACCOUNTS = "guild_identity.account_evidence", "guild_identity.shared_accounts"
_CLAIMS, _CLAIMED = "guild_identity.claims", "guild_identity.claimed_characters"


@dataclass(frozen=True)
class Guild:
    """All rows of one guild that a rule may speak about."""

    characters: list[Row]
    players: list[Row]
    links: list[Row]
    aliases: list[Row]
    rejections: list[Row]
    members: list[Row]
    former_names: list[Row]
    ranks: list[Row]
    roles: list[Row]
    now_ms: int
    shared: frozenset[int]
    """Characters that an officer has marked as a bank or shared."""
    away: frozenset[int]
    """Players that an officer put on hiatus, whose day has not come."""
    members_age_ms: int = 0
    """How old the member list of Discord is; 0 without a list."""
    switched_on: frozenset[str] = frozenset()
    """Rules that somebody has switched on; one that is off by default is on only then."""
    claims: Sequence[Row] = ()
    """What members have proven, each with its `discord_user_id`."""
    contests: Sequence[Row] = ()
    """Claims whose account another member has signed in with."""
    shared_at: Mapping[int, str] = field(default_factory=dict)
    """When each bank or shared character was marked."""
    accounts: Mapping[int, int] = field(default_factory=dict)
    """The Battle.net account of each character of which it is known, as a number that means nothing else."""
    shared_accounts: frozenset[int] = frozenset()
    """Accounts of which an officer said that several people play on them."""

    @classmethod
    async def read(cls, pool: Pool, guild_id: int, now_ms: int) -> Guild:
        others = [_RANKS, _ROLES, _SETTINGS, _CLAIMS, _CLAIMED, _CONTESTS, _ACCOUNTS, _SHARED_ACCOUNTS]
        rows = await snapshot.read(pool, [*_TABLES, *others], guild_id)
        characters, players, links, aliases, rejections, members, former, marks, hiatuses = (
            rows[table] for table in _TABLES
        )
        today = datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()
        away = frozenset(row["player_id"] for row in hiatuses if row["until"] is None or row["until"] > today)
        shared = frozenset(row["character_id"] for row in marks)
        ranks, roles = rows[_RANKS], rows[_ROLES]
        age = await _age_of_members(pool, guild_id, now_ms)
        guild = cls(
            characters, players, links, [], rejections, members, former, ranks, roles, now_ms, shared, away, age
        )
        members_of = {row["id"]: row["discord_user_id"] for row in rows[_CLAIMS]}
        accounts = {row["character_id"]: row["account"] for row in rows[_ACCOUNTS] if row["account"] is not None}
        guild = replace(
            guild,
            switched_on=frozenset(row["issue_type"] for row in rows[_SETTINGS] if row["is_enabled"]),
            claims=[{**row, "discord_user_id": members_of[row["claim_id"]]} for row in rows[_CLAIMED]],
            contests=rows[_CONTESTS],
            shared_at={row["character_id"]: row["created_at"] for row in marks},
            accounts=accounts,
            shared_accounts=frozenset(
                accounts[row["character_id"]] for row in rows[_SHARED_ACCOUNTS] if row["character_id"] in accounts
            ),
        )
        guild.aliases.extend(alias for alias in aliases if guild.is_in_use(alias))
        return guild

    def is_in_use(self, alias: Row) -> bool:
        """Whether an alias counts: what a match learned, only while a note of one of the player's characters bears it."""
        own = [c for c in self.characters if self.player_of(c) == alias["player_id"]]
        return alias["source"] == "person" or any(alias["alias_key"] in name_key(c["guild_note"] or "") for c in own)

    def present_characters(self) -> list[Row]:
        return [c for c in self.characters if c["removed_at"] is None]

    def known_characters(self) -> list[Row]:
        """Who is in the guild, and who has left it but still belongs to a player, or is marked as a bank or shared."""
        return [
            c
            for c in self.characters
            if c["removed_at"] is None or self.player_of(c) is not None or c["id"] in self.shared
        ]

    def tells_of_nobody(self, meant: set[Somebody]) -> bool:
        """Whether all that a note means are bank or shared characters."""
        return bool(meant) and all(kind == "character" and number in self.shared for kind, number in meant)

    def character(self, character_id: int) -> Row:
        return next(c for c in self.characters if c["id"] == character_id)

    def player_of(self, character: Row) -> int | None:
        return next((link["player_id"] for link in self.links if link["character_id"] == character["id"]), None)

    def people(self) -> list[Row]:
        return [m for m in self.members if not m["is_bot"]]

    def player_of_member(self, member: Row) -> int | None:
        return next((p["id"] for p in self.players if p["discord_user_id"] == member["id"]), None)


async def _age_of_members(pool: Pool, guild_id: int, now_ms: int) -> int:
    async with pool.connection() as conn:
        read = await conn.execute("select members_as_of from guild_identity.guilds where id = %s", [guild_id])
        row = await read.fetchone()
    return now_ms - int(row[0].timestamp() * 1000) if row is not None and row[0] is not None else 0


def owner_or_itself(guild: Guild, character: Row) -> Somebody:
    player = guild.player_of(character)
    return ("character", character["id"]) if player is None else ("player", player)


def is_on(character: Row, realm: str) -> bool:
    return realm_key(realm) in {realm_key(character["realm_slug"]), realm_key(character["realm_name"] or "")}


def players_called(guild: Guild, key: str) -> set[Somebody]:
    return {("player", p["id"]) for p in guild.players if name_key(p["display_name"]) == key}


def members_called(guild: Guild, key: str) -> set[Somebody]:
    return {as_person(guild, m) for m in present_people(guild) if key in discord_names(m)}


def present_people(guild: Guild) -> list[Row]:
    return [m for m in guild.people() if m["is_present"]]


def as_person(guild: Guild, member: Row) -> Somebody:
    player_id = guild.player_of_member(member)
    return ("member", member["id"]) if player_id is None else ("player", player_id)


def is_current_name(guild: Guild, key: str) -> bool:
    is_character = any(c["name_key"] == key for c in guild.known_characters())
    return is_character or bool(players_called(guild, key) or members_called(guild, key))


def names_of(guild: Guild, player_id: int) -> Iterator[str]:
    yield from (name_key(p["display_name"]) for p in guild.players if p["id"] == player_id)
    yield from (a["alias_key"] for a in guild.aliases if a["player_id"] == player_id)
    yield from (c["name_key"] for c in guild.characters if guild.player_of(c) == player_id)
    for member in guild.people():
        if guild.player_of_member(member) == player_id:
            yield from discord_names(member)


def former_names_of(guild: Guild, player_id: int) -> set[str]:
    """What a player's characters and Discord member were called before."""
    mine = {c["id"] for c in guild.characters if guild.player_of(c) == player_id}
    members = [m for m in guild.people() if guild.player_of_member(m) == player_id]
    names = {name_key(each["name"]) for each in guild.former_names if each["character_id"] in mine}
    for member in members:
        for each in guild.former_names:
            if each["discord_user_id"] == member["id"]:
                former = {"username": each["name"], "global_name": None, "display_name": each["name"]}
                names |= whole_discord_names(former) | discord_words(former)
    return names


def _spellings(member: Row) -> list[str]:
    return [name for name in (member["username"], member["global_name"], member["display_name"]) if name]


def whole_discord_names(member: Row) -> set[str]:
    """Whole names, as they are and without what decorates their edges."""
    bare = [re.sub(r"^[\W_]+|[\W_]+$", "", name) for name in _spellings(member)]
    return {name_key(name) for name in (*_spellings(member), *bare)} - {""}


def discord_names(member: Row) -> set[str]:
    """Whole names, and the one word of a name beside which all is decoration: "Mito [GM]", "Sir Mito", "Mito | Tailor"."""
    names = whole_discord_names(member)
    for name in _spellings(member):
        if any(_denies(name_key(word)) for word in name.split()):
            continue
        bare = re.sub(r"\[[^]]*]|\([^)]*\)", "", name).strip(" |-_.")
        names |= {name_key(bare)} - WORDS
        for part in bare.split("|"):
            all_words = re.findall(r"[^\W_]+", part)
            words = [word for word in all_words if not _decorates(name_key(word))]
            is_one = len(words) == 1 and "'s" not in part
            shortest = SHORTEST_WORD if len(all_words) > 1 else 2
            names |= {name_key(word) for word in words if is_one and len(word) >= shortest} - WORDS
    return names - {""}


def _denies(word: str) -> bool:
    return Category.NEGATION in DEFAULT_VOCABULARY.categories.get(word, frozenset())


def _decorates(word: str) -> bool:
    return word in _TITLES or bool(DEFAULT_VOCABULARY.categories.get(word, frozenset()) & _DECORATING)


def discord_words(member: Row) -> set[str]:
    """The words of a member's names that hint at them: not too short, and not words of the guild's vocabulary."""
    words = {name_key(word) for name in _spellings(member) for word in re.findall(r"[^\W_]+", name)}
    long_enough = {word for word in words if len(word) >= SHORTEST_WORD and word not in DEFAULT_VOCABULARY.categories}
    return long_enough | discord_names(member)
