"""What is wrong with a guild, found by brute force over its rows: written from the specification, without the product's detectors.

Only the grammar of notes is borrowed. A name is resolved by walking over everybody, one question at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from laws import snapshot
from laws.snapshot import Row
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.notes import (
    DEFAULT_VOCABULARY,
    Category,
    Mention,
    MentionKind,
    ParsedNote,
    fold_accents,
    parse_note,
)

Somebody = tuple[str, int]
"""("player" | "member" | "character", row id)."""

DAY_MS = 86_400_000
DAYS_UNTIL_STALE = 30
SHORTEST_WORD = 3
SHORTEST_FOLDED = 3
FEWEST_MOVED = 3
_WORDS = frozenset(DEFAULT_VOCABULARY.categories)
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
)
_RANKS = "common.guild_ranks"
_ROLES = "guild_identity.discord_roles"


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

    @classmethod
    async def read(cls, pool: Pool, guild_id: int, now_ms: int) -> Guild:
        """Read them."""
        rows = await snapshot.read(pool, [*_TABLES, _RANKS, _ROLES], guild_id)
        characters, players, links, aliases, rejections, members, former = (rows[table] for table in _TABLES)
        guild = cls(characters, players, links, [], rejections, members, former, rows[_RANKS], rows[_ROLES], now_ms)
        guild.aliases.extend(alias for alias in aliases if guild.is_in_use(alias))
        return guild

    def is_in_use(self, alias: Row) -> bool:
        """Whether an alias counts: what a match learned, only while a note of one of the player's characters bears it."""
        own = [c for c in self.characters if self.player_of(c) == alias["player_id"]]
        return alias["source"] == "person" or any(alias["alias_key"] in name_key(c["guild_note"] or "") for c in own)

    def present_characters(self) -> list[Row]:
        """Who is in the guild."""
        return [c for c in self.characters if c["removed_at"] is None]

    def known_characters(self) -> list[Row]:
        """Who is in the guild, and who has left it but still belongs to a player."""
        return [c for c in self.characters if c["removed_at"] is None or self.player_of(c) is not None]

    def character(self, character_id: int) -> Row:
        """One character."""
        return next(c for c in self.characters if c["id"] == character_id)

    def player_of(self, character: Row) -> int | None:
        """The player that a character is linked to."""
        return next((link["player_id"] for link in self.links if link["character_id"] == character["id"]), None)

    def people(self) -> list[Row]:
        """Discord members that are no bots."""
        return [m for m in self.members if not m["is_bot"]]

    def player_of_member(self, member: Row) -> int | None:
        """The player that a Discord member is."""
        return next((p["id"] for p in self.players if p["discord_user_id"] == member["id"]), None)


Findings = dict[str, set[int]]
"""Issue type → ids of the subjects."""


def find(guild: Guild) -> Findings:
    """All that is wrong. A rule that cannot conclude is missing from the answer."""
    found = {
        "note_mismatch": {c["id"] for c in guild.present_characters() if note_contradicts_link(guild, c)},
        "orphan_wow": {c["id"] for c in guild.present_characters() if guild.player_of(c) is None},
        "orphan_discord": {m["id"] for m in guild.people() if _is_orphan(guild, m)},
        "stale_character": {c["id"] for c in guild.present_characters() if _is_stale(guild, c)},
    }
    is_doubtful = any(rank["name_in_game"] not in (None, rank["name"]) for rank in guild.ranks)
    if not is_doubtful and _moved_with_their_rank(guild) < FEWEST_MOVED:
        found["role_mismatch"] = {p["id"] for p in guild.players if _has_wrong_roles(guild, p)}
        found["role_mismatch"] |= {-rank_id for rank_id in _unusable_roles(guild)}
    return found


def _moved_with_their_rank(guild: Guild) -> int:
    """How many characters were in ranks that all who held them have left since the rank table last fitted."""
    stayed = {c["rank_index"] for c in guild.present_characters() if c["rank_index"] == c["settled_rank_index"]}
    return sum(c["settled_rank_index"] not in {None, *stayed} for c in guild.present_characters())


def _is_orphan(guild: Guild, member: Row) -> bool:
    mapped = {rank["discord_role_id"] for rank in guild.ranks}
    has_role = any(role in mapped for role in member["all_guild_roles"])
    return bool(member["is_present"]) and has_role and guild.player_of_member(member) is None


def _is_stale(guild: Guild, character: Row) -> bool:
    login = character["last_login_timestamp"]
    return login is not None and login < guild.now_ms - DAYS_UNTIL_STALE * DAY_MS


def _has_wrong_roles(guild: Guild, player: Row) -> bool:
    member = next((m for m in guild.members if m["id"] == player["discord_user_id"] and m["is_present"]), None)
    if member is None:
        return False
    held = set(member["all_guild_roles"]) & _managed_roles(guild)
    highest = _highest_rank(guild, player)
    if highest is None:
        return bool(held) and _has_characters_that_all_left(guild, player)
    if highest["is_without_role"]:
        return bool(held) and highest["wow_rank_index"] > 0
    is_clear = highest["is_role_managed"] and highest["discord_role_id"] in _managed_roles(guild)
    return is_clear and held != {highest["discord_role_id"]}


def _managed_roles(guild: Guild) -> set[str]:
    """Managed roles that can be given; before the first Discord sync, all of them."""
    managed = {rank["discord_role_id"] for rank in guild.ranks if rank["is_role_managed"]}
    usable = {role["role_id"] for role in guild.roles if not role["is_integration"]}
    return managed & usable if guild.roles else managed


def _has_characters_that_all_left(guild: Guild, player: Row) -> bool:
    own = {link["character_id"] for link in guild.links if link["player_id"] == player["id"]}
    return bool(own) and not any(c["id"] in own for c in guild.present_characters())


def _unusable_roles(guild: Guild) -> set[int]:
    """For each managed role that ranks map to and nobody can give, the rank's row that was made first."""
    usable = {role["role_id"] for role in guild.roles if not role["is_integration"]}
    managed = [rank for rank in guild.ranks if rank["discord_role_id"] is not None and rank["is_role_managed"]]
    mapped = {rank["discord_role_id"] for rank in managed}
    if not guild.roles:
        return set()
    return {min(rank["id"] for rank in managed if rank["discord_role_id"] == role) for role in mapped - usable}


def _highest_rank(guild: Guild, player: Row) -> Row | None:
    mine = [c for c in guild.present_characters() if guild.player_of(c) == player["id"]]
    held = [rank for rank in guild.ranks for c in mine if rank["id"] == c["guild_rank_id"]]
    return max(held, key=lambda rank: (rank["level"], -rank["wow_rank_index"]), default=None)


def note_contradicts_link(guild: Guild, character: Row) -> bool:
    """Whether the note of a linked character names somebody, and nobody whom it names is its player."""
    player_id = guild.player_of(character)
    if player_id is None or not character["guild_note"]:
        return False
    mentions = certain_mentions(guild, character)
    if any(_is_own_name(guild, mention, player_id) for mention in mentions):
        return False
    meant = whom_note_means(guild, character)
    if meant:
        return ("player", player_id) not in meant
    if any(reading.key in _former_names_of(guild, player_id) for mention in mentions for reading in mention.readings):
        return False
    strangers = [mention for mention in mentions if _names_a_stranger(mention, character)]
    return bool(strangers) and not _is_hinted(guild, character, strangers)


def _former_names_of(guild: Guild, player_id: int) -> set[str]:
    """What a player's characters and Discord member were called before."""
    mine = {c["id"] for c in guild.characters if guild.player_of(c) == player_id}
    members = [m for m in guild.people() if guild.player_of_member(m) == player_id]
    names = {name_key(each["name"]) for each in guild.former_names if each["character_id"] in mine}
    for member in members:
        for each in guild.former_names:
            if each["discord_user_id"] == member["id"]:
                former = {"username": each["name"], "global_name": None, "display_name": each["name"]}
                names |= _discord_names(former) | discord_words(former)
    return names


def certain_mentions(guild: Guild, character: Row) -> list[Mention]:
    """What a note may be decided by: not the words inside free text, unless the whole note is an alias."""
    whole = name_key(character["guild_note"] or "")
    is_alias = any(alias["alias_key"] == whole for alias in guild.aliases)
    return [
        mention
        for mention in _parsed(character).mentions
        if mention.kind is not MentionKind.WORD or (is_alias and whole in {r.key for r in mention.readings})
    ]


def whom_note_means(guild: Guild, character: Row) -> set[Somebody]:
    """Everybody whom the note can mean, characters without a player replaced by those to whom their own notes lead."""
    direct = set(_whom_note_says(guild, character))
    direct -= set(_returning(guild, direct, character)[1:])
    meant = {_end_of_the_way(guild, somebody, character) for somebody in direct} - _rejected(guild, character)
    if not meant:
        return direct
    people, loose = {m for m in meant if m[0] != "character"}, [m for m in meant if m[0] == "character"]
    if len(loose) == 1 and any(_bears_name(guild, person, loose[0]) for person in people):
        onward = _whom_note_says(guild, guild.character(loose[0][1]))
        is_circle = len(onward) > 1 and ("character", character["id"]) in onward
        return meant if is_circle else people
    return meant


def is_doubtful(guild: Guild, character: Row) -> bool:
    """Whether the note means somebody by a word that is a name as well ("Tailor"), so that it is not certain of it."""
    return any(
        mention.is_doubtful and not _is_alias(guild, mention) and _whom_mention_means(guild, mention, character)
        for mention in certain_mentions(guild, character)
    )


def _is_alias(guild: Guild, mention: Mention) -> bool:
    return any(alias["alias_key"] in {reading.key for reading in mention.readings} for alias in guild.aliases)


def _is_hinted(guild: Guild, character: Row, strangers: list[Mention]) -> bool:
    """Whether a stranger of the note bears a name of another realm, or a word of a Discord name; or a doubtful word is known."""
    doubtful = [m for m in _parsed(character).mentions if m.is_doubtful and m.kind is MentionKind.WORD]
    if any(_whom_mention_means(guild, mention, character) for mention in doubtful):
        return True
    hinted: set[Somebody] = set()
    for mention in strangers:
        key = mention.readings[0].key
        hinted |= {_as_person(guild, m) for m in _present_people(guild) if key in discord_words(m)}
        if mention.realm:
            named = [c for c in guild.known_characters() if c["name_key"] == key and c["id"] != character["id"]]
            hinted |= {_owner_or_itself(guild, c) for c in named}
    return bool(hinted - _rejected(guild, character))


def _owner_or_itself(guild: Guild, character: Row) -> Somebody:
    player = guild.player_of(character)
    return ("character", character["id"]) if player is None else ("player", player)


def _returning(guild: Guild, direct: set[Somebody], character: Row) -> list[Somebody]:
    """Those whose own notes mean this very character: with it they are one person, of whom the first stands for all."""
    itself = {("character", character["id"])}
    others = [guild.character(s[1]) for s in direct if s[0] == "character" and len(direct) > 1]
    found = [other for other in others if _whom_note_says(guild, other) == itself]
    found.sort(key=lambda row: f"{row['character_name']}-{row['realm_name'] or row['realm_slug']}")
    return [("character", row["id"]) for row in found]


def _whom_note_says(guild: Guild, character: Row) -> set[Somebody]:
    """Everybody whom the note can mean by itself; a character without a player stands for itself."""
    meant = _all_meant(guild, certain_mentions(guild, character), character)
    beside = [m for m in _parsed(character).mentions if m.is_doubtful and m.kind is MentionKind.WORD]
    return meant and meant | _all_meant(guild, beside, character)


def _all_meant(guild: Guild, mentions: list[Mention], about: Row) -> set[Somebody]:
    return {somebody for mention in mentions for somebody in _whom_mention_means(guild, mention, about)}


def _end_of_the_way(guild: Guild, somebody: Somebody, about: Row) -> Somebody:
    """Follow notes that mean exactly one person. Where they come back to where they were, nobody is followed."""
    passed, here = [about["id"]], somebody
    while here[0] == "character":
        if here[1] in passed:
            return somebody
        passed.append(here[1])
        onward = _whom_note_says(guild, guild.character(here[1]))
        if len(onward) != 1 or is_doubtful(guild, guild.character(here[1])):
            return here
        (here,) = onward
    return here


def _bears_name(guild: Guild, person: Somebody, character: Somebody) -> bool:
    key = guild.character(character[1])["name_key"]
    if person[0] == "player":
        return key in _names_of(guild, person[1])
    return any(key in discord_names(m) for m in guild.people() if m["id"] == person[1])


def _rejected(guild: Guild, character: Row) -> set[Somebody]:
    """Those of whom an officer has said that the character is not theirs."""
    return {("player", r["player_id"]) for r in guild.rejections if r["character_id"] == character["id"]}


def _parsed(character: Row) -> ParsedNote:
    return parse_note(character["guild_note"] or "", DEFAULT_VOCABULARY)


def _names_a_stranger(mention: Mention, character: Row) -> bool:
    is_own = any(reading.key == character["name_key"] for reading in mention.readings)
    return not mention.only_if_known and not is_own


def _whom_mention_means(guild: Guild, mention: Mention, about: Row) -> set[Somebody]:
    """The most literal reading that anybody is called by decides; "not this player" takes people out afterwards."""
    for rank in sorted({reading.rank for reading in mention.readings}):
        called = {
            somebody
            for reading in mention.readings
            if reading.rank == rank
            for somebody in _called(guild, reading.key, mention, about)
        }
        if called:
            return called - _rejected(guild, about)
        if mention.kind is MentionKind.NAME and mention.readings[0].key == about["name_key"]:
            return set()
    return _spelled_otherwise(guild, mention, about) - _rejected(guild, about)


def _spelled_otherwise(guild: Guild, mention: Mention, about: Row) -> set[Somebody]:
    """Whom a name means that no one here has or had, where it is one name but for its accents."""
    former = {name_key(each["name"]) for each in guild.former_names if each["character_id"] is not None}
    names = former | {c["name_key"] for c in guild.characters} | {name_key(p["display_name"]) for p in guild.players}
    names |= {name for member in _present_people(guild) for name in discord_names(member)}
    keys = [reading.key for reading in mention.readings]
    is_word = mention.kind is MentionKind.WORD or any(key in _WORDS for key in keys)
    if is_word or any(key in names for key in keys):
        return set()
    folds = {fold_accents(key) for key in keys if len(key) >= SHORTEST_FOLDED}
    meant = {name for name in names if fold_accents(name) in folds}
    if len(meant) != 1:
        return set()
    (name,) = meant
    if name == about["name_key"] or not _is_somebody(guild, name):
        return set()
    return _called(guild, name, mention, about)


def _called(guild: Guild, key: str, mention: Mention, about: Row) -> set[Somebody]:
    """The two steps: aliases, names."""
    aliased = {("player", a["player_id"]) for a in guild.aliases if a["alias_key"] == key}
    if aliased:
        return aliased
    characters = _characters_called(guild, key, mention, about)
    is_everyday_name = mention.is_doubtful and mention.kind is MentionKind.WORD
    if mention.only_if_known and key.isalpha() and mention.kind is not MentionKind.DISCORD and not is_everyday_name:
        return characters
    if not characters and _is_elsewhere(guild, key, mention):
        return set()
    names = _discord_names if about["name_key"] == key else discord_names
    others = _players_called(guild, key) | {_as_person(guild, m) for m in _present_people(guild) if key in names(m)}
    if mention.kind is MentionKind.DISCORD and others:
        return others
    return _without_namesakes(guild, characters | others)


def _is_elsewhere(guild: Guild, key: str, mention: Mention) -> bool:
    """Whether the note gives a realm on which nobody of the name is."""
    realms = {realm_key(c["realm_slug"]) for c in guild.known_characters()}
    if not mention.realm or not realms:
        return False
    if any(c["name_key"] == key and _is_on(c, mention.realm) for c in guild.known_characters()):
        return False
    word = name_key(mention.realm)
    is_strange = word not in DEFAULT_VOCABULARY.categories and not _is_somebody(guild, word)
    is_written_as_name = mention.is_realm_glued and mention.realm[0].isupper()
    return realm_key(mention.realm) in realms or (is_written_as_name and is_strange)


def _is_somebody(guild: Guild, key: str) -> bool:
    is_character = any(c["name_key"] == key for c in guild.known_characters())
    return is_character or bool(_players_called(guild, key) or _members_called(guild, key))


def _without_namesakes(guild: Guild, called: set[Somebody]) -> set[Somebody]:
    """One character without a player whose note names nobody is the same person as the player or member of its name."""
    people, loose = {c for c in called if c[0] != "character"}, [c for c in called if c[0] == "character"]
    is_quiet = len(loose) == 1 and not certain_mentions(guild, guild.character(loose[0][1]))
    return people if people and is_quiet else called


def _characters_called(guild: Guild, key: str, mention: Mention, about: Row) -> set[Somebody]:
    """Whose the characters of a name are: their players', or only their own."""
    named = [c for c in guild.known_characters() if c["name_key"] == key and c["id"] != about["id"]]
    if mention.kind is MentionKind.NAME and not mention.realm and key == about["name_key"]:
        named = []
    if mention.realm and key == about["name_key"] and _is_on(about, mention.realm):
        named = []
    there = [c for c in named if mention.realm and _is_on(c, mention.realm)]
    is_trade = mention.only_if_known and mention.realm and key in DEFAULT_VOCABULARY.categories
    is_strict = is_trade or _is_elsewhere(guild, key, mention)
    return {_owner_or_itself(guild, c) for c in (there if is_strict else there or named)}


def _is_on(character: Row, realm: str) -> bool:
    return realm_key(realm) in {realm_key(character["realm_slug"]), realm_key(character["realm_name"] or "")}


def _players_called(guild: Guild, key: str) -> set[Somebody]:
    return {("player", p["id"]) for p in guild.players if name_key(p["display_name"]) == key}


def _members_called(guild: Guild, key: str) -> set[Somebody]:
    return {_as_person(guild, m) for m in _present_people(guild) if key in discord_names(m)}


def _present_people(guild: Guild) -> list[Row]:
    return [m for m in guild.people() if m["is_present"]]


def _as_person(guild: Guild, member: Row) -> Somebody:
    player_id = guild.player_of_member(member)
    return ("member", member["id"]) if player_id is None else ("player", player_id)


def _is_own_name(guild: Guild, mention: Mention, player_id: int) -> bool:
    keys = {reading.key for reading in mention.readings}
    if keys & set(_names_of(guild, player_id)):
        return True
    mine = [m for m in guild.people() if guild.player_of_member(m) == player_id]
    return any(not _is_somebody(guild, key) for m in mine for key in keys & discord_words(m))


def _names_of(guild: Guild, player_id: int) -> Iterator[str]:
    yield from (name_key(p["display_name"]) for p in guild.players if p["id"] == player_id)
    yield from (a["alias_key"] for a in guild.aliases if a["player_id"] == player_id)
    yield from (c["name_key"] for c in guild.characters if guild.player_of(c) == player_id)
    for member in guild.people():
        if guild.player_of_member(member) == player_id:
            yield from discord_names(member)


def _spellings(member: Row) -> list[str]:
    return [name for name in (member["username"], member["global_name"], member["display_name"]) if name]


def _discord_names(member: Row) -> set[str]:
    """Whole names, as they are and without what decorates their edges."""
    bare = [re.sub(r"^[\W_]+|[\W_]+$", "", name) for name in _spellings(member)]
    return {name_key(name) for name in (*_spellings(member), *bare)} - {""}


def discord_names(member: Row) -> set[str]:
    """Whole names, and the one word of a name beside which all is decoration: "Mito [GM]", "Sir Mito", "Mito | Tailor"."""
    names = _discord_names(member)
    for name in _spellings(member):
        if any(_denies(name_key(word)) for word in name.split()):
            continue
        bare = re.sub(r"\[[^]]*]|\([^)]*\)", "", name).strip(" |-_.")
        names |= {name_key(bare)} - _WORDS
        for part in bare.split("|"):
            words = [word for word in re.findall(r"[^\W_]+", part) if not _decorates(name_key(word))]
            is_one = len(words) == 1 and "'s" not in part
            names |= {name_key(word) for word in words if is_one and len(word) >= SHORTEST_WORD} - _WORDS
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


def runs_in_a_circle(guild: Guild, character: Row) -> bool:
    """Whether following the notes of characters without a player comes back to where it was.

    What such a note means is nowhere laid down, so the laws about whom a note means leave these characters out.
    """
    return any(one["id"] in _reached(guild, one) for one in (character, *_reached(guild, character).values()))


def _reached(guild: Guild, character: Row) -> dict[int, Row]:
    """Every character without a player to which notes lead from here, by whatever reading."""
    reached: dict[int, Row] = {}
    waiting = [character]
    while waiting:
        for other in _led_to(guild, waiting.pop()):
            if other["id"] not in reached:
                reached[other["id"]] = other
                waiting.append(other)
    return reached


def _led_to(guild: Guild, character: Row) -> list[Row]:
    """Other characters without a player that a note names, by whatever reading."""
    keys = {reading.key for mention in _parsed(character).mentions for reading in mention.readings}
    others = [c for c in guild.present_characters() if c["name_key"] in keys and c["id"] != character["id"]]
    return [other for other in others if guild.player_of(other) is None]


def owner(guild: Guild, character: Row) -> Somebody | None:
    """The one person whose character this certainly is: by its note, or by its name where the note says nothing."""
    meant = whom_note_means(guild, character)
    if meant:
        return next(iter(meant)) if len(meant) == 1 and not is_doubtful(guild, character) else None
    if any(_names_a_stranger(mention, character) for mention in certain_mentions(guild, character)):
        return None
    if _suggests_somebody(guild, character):
        return None
    return _owner_by_name(guild, character)


def _suggests_somebody(guild: Guild, character: Row) -> bool:
    words = [mention for mention in _parsed(character).mentions if mention.kind is MentionKind.WORD]
    return any(_whom_mention_means(guild, mention, character) for mention in words)


def _owner_by_name(guild: Guild, character: Row) -> Somebody | None:
    called_so = [m for m in _present_people(guild) if character["name_key"] in _discord_names(m)]
    namesakes = [c for c in guild.known_characters() if c["name_key"] == character["name_key"]]
    if len(called_so) != 1 or len(namesakes) != 1 or len(_members_called(guild, character["name_key"])) > 1:
        return None
    somebody = _as_person(guild, called_so[0])
    return None if somebody in _rejected(guild, character) else somebody
