"""The demo's story: one day after another, each with what happens in the guild and which sources are then read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sv_common.guild_sync.simulators.model import WorldCharacter, WorldPerson
from sv_common.guild_sync.simulators.world import GuildWorld

DAYS_ASLEEP = 31
OFFICER_RANK = 1


@dataclass(frozen=True, slots=True)
class Day:
    """One day: a heading, what happens, and the sources ("battlenet", "addon", "discord") that are read afterwards."""

    heading: str
    happens: Callable[[], None]
    sources: Sequence[str]


def week(world: GuildWorld) -> Iterator[Day]:
    """Tell one week of the guild's life. Subjects are chosen so that no two days speak of the same character."""
    cast = _Cast(world)
    moved, new_player = cast.alt(rank=max(world.rank_roles)), cast.person()
    yield Day(
        f"Monday: the note of {moved.name} changes from one player to another, {new_player.name}",
        lambda: world.set_note(moved, new_player.name),
        ["addon"],
    )
    crafter = cast.alt()
    yield Day(
        f"Tuesday: the note of {crafter.name} becomes a profession",
        lambda: world.set_note(crafter, "Alch 300 / Herb 300"),
        ["addon"],
    )
    yield Day(
        "Wednesday: Zephyrine joins the guild, and nobody knows whose she is",
        lambda: _join(world),
        ["battlenet", "addon"],
    )
    yield Day("Thursday: Quillon joins Discord, without a character", lambda: _discord_join(world), ["discord"])
    promoted = cast.person()
    yield Day(
        f"Friday: {promoted.name} becomes an officer in the game, and Discord does not show it",
        lambda: world.set_rank(promoted.main, OFFICER_RANK),
        ["battlenet", "discord"],
    )
    sleeper, leaver = cast.alt(), cast.alt()
    note = leaver.note
    yield Day(
        f"Saturday: {sleeper.name} has been asleep for {DAYS_ASLEEP} days, and {leaver.name} leaves the guild",
        lambda: _fall_asleep_and_leave(world, sleeper, leaver),
        ["battlenet"],
    )
    yield Day(
        f"Sunday: {leaver.name} is back",
        lambda: world.rejoin(leaver, note=note),
        ["battlenet", "addon", "discord"],
    )


class _Cast:
    """Picks people and alts for the story, each at most once, in the order of the world."""

    def __init__(self, world: GuildWorld) -> None:
        self._people = [person for person in world.people if self._is_plain(person)]

    def person(self) -> WorldPerson:
        return self._people.pop(0)

    def alt(self, rank: int | None = None) -> WorldCharacter:
        """An alt whose note names its main; of a certain rank, where one is asked for."""
        found = [(person, alt) for person in self._people for alt in person.alts if self._names_main(alt, person)]
        person, alt = next((each for each in found if rank in (None, each[1].rank)), found[0])
        self._people.remove(person)
        return alt

    def _is_plain(self, person: WorldPerson) -> bool:
        """On Discord by the main's name, below officer, and with an alt whose note names the main."""
        return (
            person.member is not None
            and person.name.lower() in person.member.display_name.lower()
            and (person.highest_rank or 0) > OFFICER_RANK
            and any(self._names_main(alt, person) for alt in person.alts)
        )

    @staticmethod
    def _names_main(alt: WorldCharacter, person: WorldPerson) -> bool:
        return alt.in_guild and person.name.lower() in alt.note.lower() and "bank" not in alt.note.lower()


def _join(world: GuildWorld) -> None:
    world.join("Zephyrine")


def _discord_join(world: GuildWorld) -> None:
    world.discord_join("Quillon", roles=[world.rank_roles[max(world.rank_roles)]])


def _fall_asleep_and_leave(world: GuildWorld, sleeper: WorldCharacter, leaver: WorldCharacter) -> None:
    world.last_login(sleeper, DAYS_ASLEEP, world.now_ms)
    world.leave(leaver)
