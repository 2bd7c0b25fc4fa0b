"""On what rules depend: while that is the same, they find the same, and a look at the whole guild need not ask them again.

PostgreSQL says whether it is: of each row the place and the transaction that wrote it (`ctid`, `xmin`), and of time whom it has
put to sleep. Nobody has to say what has changed, so nothing is missed that was written past the product.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.language import language
from sv_common.guild_sync.issues.model import Finding

SQL = load_sql(__package__, "dependence.sql")

MOST_GUILDS: Final = 8
"""Guilds of which it is kept what rules have found."""


class Dependence(StrEnum):
    """What a rule may depend on. Every rule depends on the guild's own settings besides, such as its language."""

    CHARACTERS = "characters"
    LINKS = "links"
    PLAYERS = "players"
    MEMBERS = "members"
    ROLES = "roles"
    RANKS = "ranks"
    GRANTS = "grants"
    WORDS = "words"
    DECISIONS = "decisions"
    ACCOUNTS = "accounts"
    REALMS = "realms"
    SETTINGS = "settings"
    TIME = "time"


def depends_on(*names: str) -> frozenset[Dependence]:
    """Return what a rule depends on, by its names."""
    return frozenset(map(Dependence, names))


FACTS: Final = frozenset(Dependence) - {Dependence.REALMS, Dependence.SETTINGS, Dependence.TIME}
"""What all that is known of a guild's identities depends on, and so whatever reads notes."""

ALWAYS: Final = "guild"
"""The part of a state on which everything depends."""

State: TypeAlias = Mapping[str, str]
Ground: TypeAlias = tuple[object, Collection[Dependence]]
"""The detector of a rule, and on what it depends."""


async def state_of(guild: GuildConnection, days: Collection[int]) -> State:
    """Return the state of all that rules may depend on; `days` are after how many without a login they find a character.

    The caller holds the guild's lock, or reads in a snapshot.
    """
    return {row[0]: row[1] for row in await guild.rows(SQL["state"], days=sorted(days))}


_Key: TypeAlias = tuple[str, int, str]
"""The database, the guild, and the language in which findings are said."""


class KeptFindings:
    """What rules have found in whole guilds, and in what state of what they depend on."""

    def __init__(self) -> None:
        self._agreed: dict[_Key, list[str | None]] = {}
        self._kept: OrderedDict[_Key, dict[str, tuple[list[object], Sequence[Finding]]]] = OrderedDict()

    def of(self, guild: GuildConnection, state: State, rules: Mapping[str, Ground]) -> dict[str, Sequence[Finding]]:
        """Return the findings of those rules, by name, that depend on nothing that was written since."""
        kept = self._kept.get(_key(guild), {})
        return {
            name: kept[name][1]
            for name, ground in rules.items()
            if name in kept and kept[name][0] == _part(state, ground)
        }

    def says_so(self, guild: GuildConnection, state: State, rules: Iterable[str]) -> bool:
        """Whether the log of issues, as it is, was seen to say just what these rules have found."""
        return self._agreed.get(_key(guild)) == _log(state, rules)

    def keep_agreed(self, guild: GuildConnection, state: State, rules: Iterable[str]) -> None:
        """Keep that the log says what these rules found, since nothing had to be written to it."""
        self._agreed[_key(guild)] = _log(state, rules)

    def keep(
        self,
        guild: GuildConnection,
        state: State,
        rules: Mapping[str, Ground],
        found: Iterable[tuple[str, Sequence[Finding]]],
    ) -> None:
        """Keep what rules have found in a state, if they say on what they depend."""
        mine = self._kept.setdefault(_key(guild), {})
        mine |= {name: (_part(state, rules[name]), findings) for name, findings in found if name in rules}
        self._kept.move_to_end(_key(guild))
        while len(self._kept) > MOST_GUILDS:
            gone, _ = self._kept.popitem(last=False)
            self._agreed.pop(gone, None)


def _key(guild: GuildConnection) -> _Key:
    return guild.conn.info.dbname, guild.id, language()


def _log(state: State, rules: Iterable[str]) -> list[str | None]:
    """The state of the log, and of what it says of findings besides: their severity."""
    return [state[ALWAYS], state.get("issues"), state.get(Dependence.SETTINGS), *rules]


def _part(state: State, ground: Ground) -> list[object]:
    detector, depends = ground
    return [detector, state[ALWAYS], *(state.get(each) for each in sorted(depends))]
