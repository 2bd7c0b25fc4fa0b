"""What is wrong with a guild, found by brute force over its rows: written from the specification, without the product's detectors."""

from __future__ import annotations

from laws.guild_rows import (
    Guild,
    Somebody,
    as_person,
    discord_words,
    former_names_of,
    is_current_name,
    names_of,
    owner_or_itself,
    present_people,
)
from laws.note_meaning import (
    certain_mentions,
    names_a_stranger,
    names_another,
    parsed,
    rejected,
    whom_mention_means,
    whom_note_means,
)
from laws.snapshot import Row
from sv_common.guild_sync.notes import Mention, MentionKind

DAY_MS = 86_400_000
DAYS_UNTIL_STALE = 30
FEWEST_MOVED = 3
OLD_LIST_MS = 2 * 3_600_000

Findings = dict[str, set[int]]
"""Issue type → ids of the subjects."""


def find(guild: Guild) -> Findings:
    """All that is wrong. A rule that cannot conclude is missing from the answer."""
    found = {
        "note_mismatch": {c["id"] for c in guild.present_characters() if note_contradicts_link(guild, c)},
        "orphan_wow": {
            c["id"] for c in guild.present_characters() if guild.player_of(c) is None and c["id"] not in guild.shared
        },
        "orphan_discord": {m["id"] for m in guild.people() if _is_orphan(guild, m)},
        "stale_character": {c["id"] for c in guild.present_characters() if _is_stale(guild, c)},
    }
    found["link_contradicts_proof"] = {c["id"] for c in guild.present_characters() if _contradicts_proof(guild, c)}
    found["account_conflict"] = {p["id"] for p in guild.players if _shares_an_account(guild, p) or _has_two(guild, p)}
    if "unverified_member" in guild.switched_on:
        found["unverified_member"] = {m["id"] for m in guild.people() if _is_unverified(guild, m)}
    found["departed_with_roles"] = {p["id"] for p in guild.players if _has_left_with_roles(guild, p)}
    off_the_server = {p["id"] for p in guild.players if _is_off_the_server(guild, p)}
    if not off_the_server or guild.members_age_ms <= OLD_LIST_MS:
        found["stale_discord_link"] = off_the_server
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


def _contradicts_proof(guild: Guild, character: Row) -> bool:
    """Whether the newest sign-in with a character says another player than its link, or two members have its account.

    What an officer has said of it since settles that. An account of two members is told with its first character.
    """
    newest = _newest_claim(guild, character)
    if newest is None:
        return False
    own = next((p["id"] for p in guild.players if p["discord_user_id"] == newest["discord_user_id"]), None)
    owner = guild.player_of(character)
    said = max(_words_of_officers(guild, character, newest["discord_user_id"], own), default="")
    if said <= newest["proven_at"] and (owner is None or owner != own):
        return True
    contests = [each for each in guild.contests if each["claim_id"] == newest["claim_id"]]
    theirs = [c["id"] for c in guild.present_characters() if _claim_of(guild, c) == newest["claim_id"]]
    return bool(contests) and character["id"] == min(theirs) and said < max(each["contested_at"] for each in contests)


def _players_on(guild: Guild, account: int) -> dict[int, list[Row]]:
    """The characters on an account that are in the guild, by their player."""
    found: dict[int, list[Row]] = {}
    for each in guild.present_characters():
        player = guild.player_of(each)
        if player is not None and guild.accounts.get(each["id"]) == account:
            found.setdefault(player, []).append(each)
    return found


def _shares_an_account(guild: Guild, player: Row) -> bool:
    """Whether another player, with a better claim, has characters on an account on which this one has some.

    A better claim is a link for which somebody stands, then more characters, then the older player.
    """
    stood_for = {each["character_id"] for each in guild.links if each["basis"] == "proven" or each["confirmed_by"]}

    def claim(number: int, own: list[Row]) -> tuple[bool, int, int]:
        return any(c["id"] in stood_for for c in own), len(own), -number

    return any(
        player["id"] in there and player["id"] != max(there, key=lambda number: claim(number, there[number]))
        for account in set(guild.accounts.values()) - guild.shared_accounts
        for there in [_players_on(guild, account)]
    )


def _has_two(guild: Guild, player: Row) -> bool:
    """Whether notes on one account of a player name the player, and notes on another one somebody else, and none the player."""
    told: list[tuple[bool, bool]] = []
    for account in _accounts_of_several(guild):
        own = _players_on(guild, account).get(player["id"], [])
        named = [mentions for each in own if each["guild_note"] and (mentions := certain_mentions(guild, each))]
        is_own = [any(_is_own_name(guild, each, player["id"]) for each in mentions) for mentions in named]
        told.append((any(is_own), not all(is_own)))
    return (True, False) in told and (False, True) in told


def _accounts_of_several(guild: Guild) -> set[int]:
    here = [guild.accounts[each["id"]] for each in guild.present_characters() if each["id"] in guild.accounts]
    return {account for account in here if here.count(account) > 1}


def _claim_of(guild: Guild, character: Row) -> int | None:
    newest = _newest_claim(guild, character)
    return newest["claim_id"] if newest is not None else None


def _newest_claim(guild: Guild, character: Row) -> Row | None:
    numbers = (character["blizzard_realm_id"], character["blizzard_character_id"])
    claims = [
        each
        for each in guild.claims
        if each["character_id"] == character["id"]
        or (each["character_id"] is None and (each["realm_id"], each["blizzard_character_id"]) == numbers)
    ]
    return max(claims, key=lambda each: (each["proven_at"], each["claim_id"]), default=None)


def _words_of_officers(guild: Guild, character: Row, member: int, own: int | None) -> list[str]:
    """When officers said whose a character is or is not."""
    link = next((each for each in guild.links if each["character_id"] == character["id"]), None)
    words = [guild.shared_at.get(character["id"]), link["confirmed_at"] if link is not None else None]
    for each in guild.rejections:
        is_of_character = own is not None and (each["character_id"], each["player_id"]) == (character["id"], own)
        is_of_member = link is not None and (each["discord_user_id"], each["player_id"]) == (member, link["player_id"])
        words += [each["created_at"]] if is_of_character or is_of_member else []
    return [word for word in words if word is not None]


def _is_unverified(guild: Guild, member: Row) -> bool:
    player = guild.player_of_member(member)
    own = {c["id"] for c in guild.present_characters() if player is not None and guild.player_of(c) == player}
    proven = {link["character_id"] for link in guild.links if link["basis"] == "proven"}
    return bool(member["is_present"] and own and not own & proven)


def _is_stale(guild: Guild, character: Row) -> bool:
    login = character["last_login_timestamp"]
    is_excused = character["id"] in guild.shared or guild.player_of(character) in guild.away
    return not is_excused and login is not None and login < guild.now_ms - DAYS_UNTIL_STALE * DAY_MS


def _has_wrong_roles(guild: Guild, player: Row) -> bool:
    member = next((m for m in guild.members if m["id"] == player["discord_user_id"] and m["is_present"]), None)
    if member is None:
        return False
    held = set(member["all_guild_roles"]) & _managed_roles(guild)
    highest = _highest_rank(guild, player)
    if highest is None:
        has_left = _has_characters_that_all_left(guild, player)
        return bool(held) and has_left and not _is_known_to_have_left(guild, player)
    if highest["is_without_role"]:
        return bool(held) and highest["wow_rank_index"] > 0
    is_clear = highest["is_role_managed"] and highest["discord_role_id"] in _managed_roles(guild)
    return is_clear and held != {highest["discord_role_id"]}


def _has_left_with_roles(guild: Guild, player: Row) -> bool:
    member = next((m for m in guild.members if m["id"] == player["discord_user_id"] and m["is_present"]), None)
    if member is None or not set(member["all_guild_roles"]) & _managed_roles(guild):
        return False
    return _has_characters_that_all_left(guild, player) and _is_known_to_have_left(guild, player)


def _is_known_to_have_left(guild: Guild, player: Row) -> bool:
    """Whether somebody stands for who the player is on Discord, and for one of the characters."""
    own = [link for link in guild.links if link["player_id"] == player["id"]]
    is_member = player["discord_basis"] == "proven" or player["discord_confirmed_by"] is not None
    return is_member and any(link["basis"] == "proven" or link["confirmed_by"] is not None for link in own)


def _is_off_the_server(guild: Guild, player: Row) -> bool:
    gone = {m["id"] for m in guild.members if not m["is_present"] and not m["is_bot"]}
    return player["discord_user_id"] in gone and any(
        guild.player_of(c) == player["id"] for c in guild.present_characters()
    )


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


def _is_proven(guild: Guild, character: Row) -> bool:
    return any(link["character_id"] == character["id"] and link["basis"] == "proven" for link in guild.links)


def note_contradicts_link(guild: Guild, character: Row) -> bool:
    """Whether the note of a linked character names somebody, and nobody whom it names is its player."""
    player_id = guild.player_of(character)
    if player_id is None or not character["guild_note"] or _is_proven(guild, character):
        return False
    mentions = certain_mentions(guild, character)
    if any(_is_own_name(guild, mention, player_id) for mention in mentions):
        return False
    meant = whom_note_means(guild, character)
    if meant:
        if names_another(guild, character):
            return False
        return ("player", player_id) not in meant and not guild.tells_of_nobody(meant)
    if any(reading.key in former_names_of(guild, player_id) for mention in mentions for reading in mention.readings):
        return False
    strangers = [mention for mention in mentions if names_a_stranger(mention, character)]
    return bool(strangers) and not _is_hinted(guild, character, strangers)


def _is_own_name(guild: Guild, mention: Mention, player_id: int) -> bool:
    keys = {reading.key for reading in mention.readings}
    if keys & set(names_of(guild, player_id)):
        return True
    mine = [m for m in guild.people() if guild.player_of_member(m) == player_id]
    return any(not is_current_name(guild, key) for m in mine for key in keys & discord_words(m))


def _is_hinted(guild: Guild, character: Row, strangers: list[Mention]) -> bool:
    """Whether a stranger of the note bears a name of another realm, or a word of a Discord name; or a doubtful word is known."""
    doubtful = [m for m in parsed(character).mentions if m.is_doubtful and m.kind is MentionKind.WORD]
    if any(whom_mention_means(guild, mention, character) for mention in doubtful):
        return True
    hinted: set[Somebody] = set()
    for mention in strangers:
        key = mention.readings[0].key
        hinted |= {as_person(guild, m) for m in present_people(guild) if key in discord_words(m)}
        if mention.realm:
            named = [c for c in guild.known_characters() if c["name_key"] == key and c["id"] != character["id"]]
            hinted |= {owner_or_itself(guild, c) for c in named}
    return bool(hinted - rejected(guild, character))
