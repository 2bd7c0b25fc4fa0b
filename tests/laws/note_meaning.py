"""Who a note means, found by walking over all people, one question at a time.

Only the grammar of notes and the similarity of words are borrowed.
"""

from __future__ import annotations

from laws.guild_rows import (
    WORDS,
    Guild,
    Somebody,
    as_person,
    discord_names,
    is_current_name,
    is_on,
    members_called,
    names_of,
    owner_or_itself,
    players_called,
    present_people,
    whole_discord_names,
)
from laws.snapshot import Row
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.identity.names.similarity import is_similar
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, Mention, MentionKind, ParsedNote, fold_accents, parse_note

SHORTEST_FOLDED = 3
_OF_OWNERS = (MentionKind.ALT_OF, MentionKind.MAIN_IS, MentionKind.BANK_OF)


def certain_mentions(guild: Guild, character: Row) -> list[Mention]:
    """What a note may be decided by: not the words inside free text, unless the whole note is an alias."""
    whole = name_key(character["guild_note"] or "")
    is_alias = any(alias["alias_key"] == whole for alias in guild.aliases)
    return [
        mention
        for mention in parsed(character).mentions
        if mention.kind is not MentionKind.WORD or (is_alias and whole in {r.key for r in mention.readings})
    ]


def whom_note_means(guild: Guild, character: Row) -> set[Somebody]:
    """All people the note can mean; a character without a player is replaced by the people its own note means."""
    direct = set(_whom_note_says(guild, character))
    if guild.tells_of_nobody(direct):
        return direct
    direct -= set(_returning(guild, direct, character)[1:])
    meant = {_end_of_the_way(guild, somebody, character) for somebody in direct} - rejected(guild, character)
    if not meant:
        return direct
    people, loose = {m for m in meant if m[0] != "character"}, [m for m in meant if m[0] == "character"]
    if (
        len(loose) == 1
        and loose[0][1] not in guild.shared
        and any(_bears_name(guild, person, loose[0]) for person in people)
    ):
        onward = _whom_note_says(guild, guild.character(loose[0][1]))
        is_circle = len(onward) > 1 and ("character", character["id"]) in onward
        return meant if is_circle else people
    return meant


def is_doubtful(guild: Guild, character: Row) -> bool:
    """Whether the note means somebody by a word that is a name as well ("Tailor"), so that it is not certain of it."""
    return any(
        mention.is_doubtful and not _is_alias(guild, mention) and whom_mention_means(guild, mention, character)
        for mention in certain_mentions(guild, character)
    )


def names_another(guild: Guild, character: Row) -> bool:
    """Whether a note that means one person may name a second one, whom nobody knows, so that it is not certain of the first."""
    if len(_whom_note_says(guild, character)) != 1:
        return False
    certain = certain_mentions(guild, character)
    known = [mention for mention in certain if whom_mention_means(guild, mention, character)]
    longer = " ".join(
        [*(m.text for m in known if " " in m.text), *(m.realm for m in certain if m.realm and not m.needs_realm)]
    )
    return any(
        mention.is_joined
        or (mention.kind in _OF_OWNERS and not mention.only_if_known and " " not in mention.text)
        or (mention.is_listed and _looks_like_another(guild, mention, certain, character))
        for mention in certain
        if mention not in known and mention.realm is None and mention.text not in longer
        if mention.readings[0].key not in DEFAULT_VOCABULARY.categories
        if all(reading.key != character["name_key"] for reading in mention.readings)
    )


def _looks_like_another(guild: Guild, mention: Mention, certain: list[Mention], about: Row) -> bool:
    """Whether a word of a list begins like the name of a character that the note does not name, and is similar to it."""
    key = mention.readings[0].key
    named = {reading.key for each in certain for reading in each.readings} | {about["name_key"]}
    names = {c["name_key"] for c in guild.known_characters()} - named
    alike = {name for name in names if fold_accents(name)[:1] == fold_accents(key)[:1]}
    return len(key) >= SHORTEST_FOLDED and any(is_similar(key, name) for name in alike)


def _is_alias(guild: Guild, mention: Mention) -> bool:
    return any(alias["alias_key"] in {reading.key for reading in mention.readings} for alias in guild.aliases)


def _returning(guild: Guild, direct: set[Somebody], character: Row) -> list[Somebody]:
    """Those whose own notes mean this very character: with it they are one person, and the first stands for all."""
    itself = {("character", character["id"])}
    others = [guild.character(s[1]) for s in direct if s[0] == "character" and len(direct) > 1]
    found = [other for other in others if _whom_note_says(guild, other) == itself]
    found.sort(key=lambda row: f"{row['character_name']}-{row['realm_name'] or row['realm_slug']}")
    return [("character", row["id"]) for row in found]


def _whom_note_says(guild: Guild, character: Row) -> set[Somebody]:
    """All people the note alone can mean; a character without a player stands for itself."""
    meant = _all_meant(guild, certain_mentions(guild, character), character)
    beside = [m for m in parsed(character).mentions if m.is_doubtful and m.kind is MentionKind.WORD]
    return meant and meant | _all_meant(guild, beside, character)


def _all_meant(guild: Guild, mentions: list[Mention], about: Row) -> set[Somebody]:
    return {somebody for mention in mentions for somebody in whom_mention_means(guild, mention, about)}


def _end_of_the_way(guild: Guild, somebody: Somebody, about: Row) -> Somebody:
    """Follow notes that mean exactly one person. Where they come back to where they were, nobody is followed."""
    passed, here = [about["id"]], somebody
    while here[0] == "character":
        if here[1] in passed:
            return somebody
        if here[1] in guild.shared:
            return here
        passed.append(here[1])
        onward = _whom_note_says(guild, guild.character(here[1]))
        there = guild.character(here[1])
        if (
            len(onward) != 1
            or guild.tells_of_nobody(onward)
            or is_doubtful(guild, there)
            or names_another(guild, there)
        ):
            return here
        (here,) = onward
    return here


def _bears_name(guild: Guild, person: Somebody, character: Somebody) -> bool:
    key = guild.character(character[1])["name_key"]
    if person[0] == "player":
        return key in names_of(guild, person[1])
    return any(key in discord_names(m) for m in guild.people() if m["id"] == person[1])


def rejected(guild: Guild, character: Row) -> set[Somebody]:
    return {("player", r["player_id"]) for r in guild.rejections if r["character_id"] == character["id"]}


def parsed(character: Row) -> ParsedNote:
    return parse_note(character["guild_note"] or "", DEFAULT_VOCABULARY)


def names_a_stranger(mention: Mention, character: Row) -> bool:
    is_own = any(reading.key == character["name_key"] for reading in mention.readings)
    return not mention.only_if_known and not is_own


def whom_mention_means(guild: Guild, mention: Mention, about: Row) -> set[Somebody]:
    """The most literal reading that anybody is called by decides; "not this player" takes people out afterwards."""
    for rank in sorted({reading.rank for reading in mention.readings}):
        called = {
            somebody
            for reading in mention.readings
            if reading.rank == rank
            for somebody in _called(guild, reading.key, mention, about)
        }
        if called:
            return called - rejected(guild, about)
        if mention.kind is MentionKind.NAME and mention.readings[0].key == about["name_key"]:
            return set()
    return _spelled_otherwise(guild, mention, about) - rejected(guild, about)


def _spelled_otherwise(guild: Guild, mention: Mention, about: Row) -> set[Somebody]:
    """Who a name means that no one here has or had, where it is one name but for its accents."""
    former = {name_key(each["name"]) for each in guild.former_names if each["character_id"] is not None}
    names = former | {c["name_key"] for c in guild.characters} | {name_key(p["display_name"]) for p in guild.players}
    names |= {name for member in present_people(guild) for name in discord_names(member)}
    keys = [reading.key for reading in mention.readings]
    is_word = mention.kind is MentionKind.WORD or any(key in WORDS for key in keys)
    if is_word or any(key in names for key in keys):
        return set()
    folds = {fold_accents(key) for key in keys if len(key) >= SHORTEST_FOLDED}
    meant = {name for name in names if fold_accents(name) in folds}
    if len(meant) != 1:
        return set()
    (name,) = meant
    if name == about["name_key"] or not is_current_name(guild, name):
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
    names = whole_discord_names if about["name_key"] == key else discord_names
    others = players_called(guild, key) | {as_person(guild, m) for m in present_people(guild) if key in names(m)}
    if mention.kind is MentionKind.DISCORD and others:
        return others
    return _without_namesakes(guild, characters | others)


def _is_elsewhere(guild: Guild, key: str, mention: Mention) -> bool:
    """Whether the note gives a realm on which nobody of the name is."""
    realms = {realm_key(c["realm_slug"]) for c in guild.known_characters()}
    if not mention.realm or not realms:
        return False
    if any(c["name_key"] == key and is_on(c, mention.realm) for c in guild.known_characters()):
        return False
    word = name_key(mention.realm)
    is_strange = word not in DEFAULT_VOCABULARY.categories and not is_current_name(guild, word)
    is_written_as_name = mention.is_realm_glued and mention.realm[0].isupper()
    return realm_key(mention.realm) in realms or (is_written_as_name and is_strange)


def _without_namesakes(guild: Guild, called: set[Somebody]) -> set[Somebody]:
    """One character without a player whose note names nobody is the same person as the player or member of its name."""
    people, loose = {c for c in called if c[0] != "character"}, [c for c in called if c[0] == "character"]
    is_quiet = (
        len(loose) == 1
        and loose[0][1] not in guild.shared
        and not certain_mentions(guild, guild.character(loose[0][1]))
    )
    return people if people and is_quiet else called


def _characters_called(guild: Guild, key: str, mention: Mention, about: Row) -> set[Somebody]:
    """Whose the characters of a name are: their players', or only their own."""
    named = [c for c in guild.known_characters() if c["name_key"] == key and c["id"] != about["id"]]
    if mention.kind is MentionKind.NAME and not mention.realm and key == about["name_key"]:
        named = []
    if mention.realm and key == about["name_key"] and is_on(about, mention.realm):
        named = []
    there = [c for c in named if mention.realm and is_on(c, mention.realm)]
    is_trade = mention.only_if_known and mention.realm and key in DEFAULT_VOCABULARY.categories
    is_strict = is_trade or _is_elsewhere(guild, key, mention)
    return {owner_or_itself(guild, c) for c in (there if is_strict else there or named)}


def runs_in_a_circle(guild: Guild, character: Row) -> bool:
    """Whether following the notes of characters without a player comes back to where it was.

    What such a note means is nowhere laid down, so the laws about who a note means leave these characters out.
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
    keys = {reading.key for mention in parsed(character).mentions for reading in mention.readings}
    others = [c for c in guild.present_characters() if c["name_key"] in keys and c["id"] != character["id"]]
    return [other for other in others if guild.player_of(other) is None]


def owner(guild: Guild, character: Row) -> Somebody | None:
    """The one person whose character this certainly is: by its note, or by its name where the note says nothing."""
    meant = whom_note_means(guild, character)
    if guild.tells_of_nobody(meant) or character["id"] in guild.shared:
        return None
    if meant:
        is_certain = not is_doubtful(guild, character) and not names_another(guild, character)
        return next(iter(meant)) if len(meant) == 1 and is_certain else None
    if any(names_a_stranger(mention, character) for mention in certain_mentions(guild, character)):
        return None
    if _suggests_somebody(guild, character):
        return None
    return _owner_by_name(guild, character)


def _suggests_somebody(guild: Guild, character: Row) -> bool:
    words = [mention for mention in parsed(character).mentions if mention.kind is MentionKind.WORD]
    return any(whom_mention_means(guild, mention, character) for mention in words)


def _owner_by_name(guild: Guild, character: Row) -> Somebody | None:
    called_so = [m for m in present_people(guild) if character["name_key"] in whole_discord_names(m)]
    others = [c for c in guild.known_characters() if c["id"] not in guild.shared]
    namesakes = [c for c in others if c["name_key"] == character["name_key"]]
    if len(called_so) != 1 or len(namesakes) != 1 or len(members_called(guild, character["name_key"])) > 1:
        return None
    somebody = as_person(guild, called_so[0])
    return None if somebody in rejected(guild, character) else somebody
