"""What happens in a guild's world, whatever the product makes of it: in the game and on its Discord server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from simulation.founding import RANKS_WITH_RIGHTS
from simulation.guilds import LivingGuild
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.simulators.model import WorldCharacter, WorldMember, WorldPerson
from sv_common.guild_sync.simulators.seeding import LONGEST_NOTE, misspelled
from sv_common.guild_sync.simulators.vocabulary import ALT_FORMS, DISPLAY_FORMS, MAIN_NOTES, NICKNAMES, NOBODY_NOTES

T = TypeVar("T")

MOST_RANKS = 10
FEWEST_CHARACTERS = 6
FEWEST_PEOPLE_ON_DISCORD = 2
GROWTH = 1.5
"""How much larger than at first a guild may become."""


def happen(guild: LivingGuild) -> str:
    """Let one thing happen and return its name; what cannot happen at the moment does not."""
    name = guild.rng.choices(list(HAPPENINGS), [weight for weight, _ in HAPPENINGS.values()])[0]
    HAPPENINGS[name][1](guild)
    return name


def log_in(guild: LivingGuild, share: float) -> None:
    """Let a share of the characters log in now."""
    for character in guild.world.characters:
        if guild.rng.random() < share:
            character.last_login_ms = guild.world.now_ms


def _one(guild: LivingGuild, items: list[T]) -> T | None:
    return guild.rng.choice(items) if items else None


def _note(guild: LivingGuild) -> None:
    if character := _one(guild, guild.world.characters):
        guild.world.set_note(character, _some_note(guild, character))


def _some_note(guild: LivingGuild, character: WorldCharacter) -> str:
    """A note that names another's main, mostly; else nobody, a slip, or a nickname."""
    others = [person for person in guild.world.people if character is not person.main]
    draw = guild.rng.random()
    if draw < 0.6 and (person := _one(guild, others)):
        note = guild.rng.choice(ALT_FORMS).format(main=person.name, lower=person.name.lower())
        return note if len(note) <= LONGEST_NOTE else person.name
    if draw < 0.7 and (person := _one(guild, others)):
        return misspelled(person.name) if len(person.name) > 4 else person.name
    return guild.rng.choice([*NOBODY_NOTES, *MAIN_NOTES, *NICKNAMES[:3], ""])


def _newcomer(guild: LivingGuild) -> None:
    _join(guild, None)


def _new_alt(guild: LivingGuild) -> None:
    if person := _one(guild, guild.world.people):
        note = guild.rng.choice([f"alt of {person.name}", person.name, "", "Bank"])
        _join(guild, person, note[:LONGEST_NOTE])


def _join(guild: LivingGuild, person: WorldPerson | None, note: str = "") -> None:
    if _has_room(guild):
        character = guild.world.join(guild.new_name(), note=note, person=person)
        character.item_level = guild.rng.randint(600, 750)


def _has_room(guild: LivingGuild) -> bool:
    everybody = sum(len(each.characters) for each in guild.world.people)
    return len(guild.world.characters) < max(FEWEST_CHARACTERS, everybody * GROWTH / 2)


def alt_without_note(guild: LivingGuild) -> None:
    """Let an alt join of which nothing but its account says whose it is."""
    if person := _one(guild, [each for each in guild.world.people if each.member and each.highest_rank is not None]):
        guild.world.join(guild.new_name(), person=person)


def _new_alt_without_note(guild: LivingGuild) -> None:
    if _has_room(guild):
        alt_without_note(guild)


def _second_account(guild: LivingGuild) -> None:
    """Somebody plays a new alt on another of their Battle.net accounts."""
    if (person := _one(guild, guild.world.people)) and _has_room(guild):
        alt = guild.world.join(guild.new_name(), note=person.name[:LONGEST_NOTE], person=person)
        alt.account = WorldAccount.drawn(f"{guild.number} {alt.character_id}")


def _catch_pets(guild: LivingGuild) -> None:
    if character := _one(guild, guild.world.characters):
        guild.world.account_of(character).catch(guild.rng, guild.rng.randint(1, 20))


def _hide_collections(guild: LivingGuild) -> None:
    """Battle.net hides something of an account from now on, or shows it again: everything, the pets, or its achievements."""
    if character := _one(guild, guild.world.characters):
        account = guild.world.account_of(character)
        match guild.rng.choice(["everything", "pets", "pets", "achievements"]):
            case "everything":
                account.is_hidden = not account.is_hidden
            case "pets":
                _turn_pets(guild, account, shown=not character.shows_pets)
            case _:
                account.hides_achievements = not account.hides_achievements


def refuse_pets_of_some(guild: LivingGuild) -> None:
    """Let Battle.net refuse the pets of every fourth person, so that there are achievements to be read."""
    for person in guild.world.people[::4]:
        _turn_pets(guild, guild.world.account_of(person.main), shown=False)


def _turn_pets(guild: LivingGuild, account: WorldAccount, *, shown: bool) -> None:
    """Refuse or show the pets of an account's characters, each of which is refused on its own."""
    for each in guild.world.characters:
        if guild.world.account_of(each) is account:
            each.shows_pets = shown


def _leave(guild: LivingGuild) -> None:
    characters = guild.world.characters
    if len(characters) > FEWEST_CHARACTERS:
        guild.departures["battlenet_sync"] += 1
        guild.world.leave(guild.rng.choice(characters))


def _return(guild: LivingGuild) -> None:
    gone = [each for person in guild.world.people for each in person.characters if not each.in_guild]
    if character := _one(guild, gone):
        guild.world.rejoin(character, note=_some_note(guild, character))


def _change_rank(guild: LivingGuild) -> None:
    if character := _one(guild, guild.world.characters):
        guild.world.set_rank(character, guild.rng.randrange(1, len(guild.world.rank_names)))


LAST_ALTS = 4
"""How many of the last alts without a note are promoted."""


def promote_last_alts(guild: LivingGuild) -> None:
    """The last alts of whose owner nothing but the account says anything get a rank that gives a right, or a role without power."""
    alts = [each for person in guild.world.people for each in person.characters if each is not person.main]
    unsaid = sorted((each for each in alts if each.in_guild and not each.note), key=lambda each: each.character_id)
    for place, alt in enumerate(unsaid[-LAST_ALTS:]):
        guild.world.set_rank(alt, 1 + place % 2)


def _rename(guild: LivingGuild) -> None:
    if character := _one(guild, guild.world.characters):
        guild.world.rename(character, guild.new_name())


def _take_a_name(guild: LivingGuild) -> None:
    """A main is renamed, and somebody new takes the name that was left, while notes still mean the other by it."""
    mains = [each.main for each in guild.world.people if each.main.in_guild and each.main.realm == guild.world.realm]
    if (main := _one(guild, mains)) and _has_room(guild):
        left = main.name
        guild.world.rename(main, guild.new_name())
        guild.world.join(left)


def _swap_names(guild: LivingGuild) -> None:
    """Two characters of one realm take each other's name."""
    here = [each for each in guild.world.characters if each.realm == guild.world.realm]
    if len(here) > 1:
        one, other = guild.rng.sample(here, 2)
        one.name, other.name = other.name, one.name


def _transfer(guild: LivingGuild) -> None:
    if character := _one(guild, guild.world.characters):
        taken = {each.realm for each in guild.world.characters if each.name == character.name}
        if realm := _one(guild, [realm for realm in guild.world.realms if realm not in taken]):
            guild.departures["battlenet_sync"] += 1  # who moves gets another id, and is a newcomer to Battle.net
            guild.world.transfer(character, realm)


def _hide_profile(guild: LivingGuild) -> None:
    if character := _one(guild, guild.world.characters):
        character.has_profile = not character.has_profile


def _be_deleted(guild: LivingGuild) -> None:
    """Battle.net says that a character is not valid (any more)."""
    if character := _one(guild, guild.world.characters):
        character.is_valid = not character.is_valid


def _insert_rank(guild: LivingGuild) -> None:
    if len(guild.world.rank_names) < MOST_RANKS:
        guild.world.insert_rank(guild.rng.randrange(2, len(guild.world.rank_names)), f"Rank of {guild.new_name()}")


def _rename_rank(guild: LivingGuild) -> None:
    place = guild.rng.randrange(1, len(guild.world.rank_names))
    guild.world.rank_names[place] = f"Rank of {guild.new_name()}"


def _people(guild: LivingGuild) -> list[WorldMember]:
    return [member for member in guild.world.members if not member.is_bot]


def _discord_join(guild: LivingGuild) -> None:
    """Somebody of the guild who was not on the server joins it; else a stranger."""
    absent = [p for p in guild.world.people if p.highest_rank is not None and p.member not in guild.world.members]
    person = _one(guild, absent)
    name = person.name if person else guild.new_name()
    form = guild.rng.choice(DISPLAY_FORMS).format(main=name, lower=name.lower())
    roles = [role for role in (guild.world.correct_role(person),) if role] if person else []
    guild.world.discord_join(form, person=person, roles=roles if guild.rng.random() < 0.7 else [])


def _discord_leave(guild: LivingGuild) -> None:
    people = _people(guild)
    if len(people) > FEWEST_PEOPLE_ON_DISCORD:
        guild.departures["discord_sync"] += 1
        guild.world.discord_leave(guild.rng.choice(people))


def _discord_return(guild: LivingGuild) -> None:
    gone = [p.member for p in guild.world.people if p.member and p.member not in guild.world.members]
    if member := _one(guild, gone):
        guild.world.members.append(member)


def _nick(guild: LivingGuild) -> None:
    if member := _one(guild, _people(guild)):
        name = guild.rng.choice([guild.new_name(), guild.rng.choice(guild.world.people).name])
        member.nick = guild.rng.choice([None, guild.rng.choice(DISPLAY_FORMS).format(main=name, lower=name.lower())])


def _nick_of_another(guild: LivingGuild) -> None:
    """A member calls themselves as another player is called: by mistake, as a joke, or to be taken for them."""
    if member := _one(guild, _people(guild)):
        others = [each.name for each in guild.world.people if each.member is not member]
        member.nick = guild.rng.choice(others) if others else None


def _claim(guild: LivingGuild) -> None:
    """The note of a character whose rank gives rights says that it is somebody else's."""
    powerful = [each for each in guild.world.characters if each.rank in RANKS_WITH_RIGHTS]
    if character := _one(guild, powerful):
        guild.world.set_note(character, claim_on(guild, character))


def claim_on(guild: LivingGuild, character: WorldCharacter) -> str:
    """Write a note that makes a character another's."""
    others = [each for each in guild.world.people if character not in each.characters]
    return f"alt of {guild.rng.choice(others).name}"[:LONGEST_NOTE]


def _change_roles(guild: LivingGuild) -> None:
    if member := _one(guild, _people(guild)):
        roles = [*guild.world.rank_roles.values(), guild.world.role_named("Book Club")]
        guild.world.set_discord_roles(member, guild.rng.sample(roles, guild.rng.choice([0, 1, 1, 2])))


def _give_right_role(guild: LivingGuild) -> None:
    if person := _one(guild, [p for p in guild.world.people if p.member in guild.world.members]):
        guild.world.grant_correct_role(person)


HAPPENINGS: dict[str, tuple[float, Callable[[LivingGuild], None]]] = {
    "note changes": (6, _note),
    "somebody new joins": (0.5, _newcomer),
    "new alt joins": (0.8, _new_alt),
    "character leaves": (0.8, _leave),
    "character returns": (0.4, _return),
    "rank changes": (1, _change_rank),
    "character is renamed": (0.3, _rename),
    "two swap names": (0.1, _swap_names),
    "name is taken": (0.3, _take_a_name),
    "note claims a character of power": (0.4, _claim),
    "character moves realm": (0.2, _transfer),
    "profile hidden or shown": (0.3, _hide_profile),
    "character deleted or restored": (0.2, _be_deleted),
    "new alt joins without a note": (0.8, _new_alt_without_note),
    "alt joins on a second account": (0.3, _second_account),
    "pets are caught": (0.5, _catch_pets),
    "collections hidden or shown": (0.3, _hide_collections),
    "rank inserted": (0.03, _insert_rank),
    "rank renamed": (0.06, _rename_rank),
    "member joins": (0.6, _discord_join),
    "member leaves": (0.3, _discord_leave),
    "member returns": (0.2, _discord_return),
    "nick changes": (0.6, _nick),
    "nick becomes another's name": (0.4, _nick_of_another),
    "roles changed manually": (1, _change_roles),
    "roles put right manually": (0.6, _give_right_role),
}
"""What may happen, how often beside the others, and how."""
