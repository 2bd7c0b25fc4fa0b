"""The Battle.net accounts of a simulated guild: which pets and achievements the characters of each person share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count

from sv_common.guild_sync.sources.models import Pet

SPECIES = 2_047
LATEST_PET = 340_000_000
A_MINUTE_MS = 60_000
FIRST_ACHIEVEMENT_MS = 1_468_999_980_000
"""20 July 2016: strangers who logged in within the same minute share the time of several achievements."""

OLD_ACHIEVEMENTS = (9670, 10681, 10682, *range(10684, 10694), 11176)
"""Achievements whose times tell accounts apart: once for an account, in whole minutes, and nearly everybody has them."""

GIVEN_TO_MANY = OLD_ACHIEVEMENTS[3:7]
"""Those that strangers got in the same minute."""


@dataclass(eq=False, slots=True)
class WorldAccount:
    """A Battle.net account. With `is_hidden`, its player has switched off sharing: collections and achievements are 404.

    `achievements` have their times in milliseconds since 1970, UTC. With `hides_achievements`, its player has chosen the game's
    option "Display Only Character Achievements": those of the account are missing from each answer.
    """

    pets: list[Pet] = field(default_factory=list)
    achievements: dict[int, int] = field(default_factory=dict)
    is_hidden: bool = False
    hides_achievements: bool = False

    @classmethod
    def drawn(cls, seed: str) -> WorldAccount:
        """Make an account: most have some dozens of pets, and one in twenty has fewer than three.

        One in three logged in while the game gave four achievements to everybody, and shares their minute with strangers.
        """
        chance = random.Random(f"account {seed}")  # noqa: S311  # repeatable on purpose, guards nothing
        pets = chance.randint(0, 2) if chance.random() < 0.05 else chance.randint(6, 80)
        account = cls(_pets(chance, pets))
        minute = chance.randint(0, 5_000_000)
        for achievement in OLD_ACHIEVEMENTS:
            if chance.random() < 0.9:
                account.achievements[achievement] = FIRST_ACHIEVEMENT_MS + minute * A_MINUTE_MS
                minute += chance.choice((0, 0, 1, 3, 2_000, 90_000))
        if chance.random() < 1 / 3:
            account.achievements |= dict.fromkeys(GIVEN_TO_MANY, FIRST_ACHIEVEMENT_MS)
        return account

    def catch(self, chance: random.Random, pets: int = 1) -> None:
        """Let the account find more pets."""
        newest = max((pet.id for pet in self.pets), default=0)
        ids = count(newest + chance.randint(1, 5_000), chance.randint(1, 900))
        self.pets += [Pet(next(ids), chance.randint(1, SPECIES)) for _ in range(pets)]


def _pets(chance: random.Random, number: int) -> list[Pet]:
    """Draw pets: several databases of a region count for themselves, so the same number occurs with another species."""
    return [Pet(chance.randint(98_048, LATEST_PET), chance.randint(1, SPECIES)) for _ in range(number)]
