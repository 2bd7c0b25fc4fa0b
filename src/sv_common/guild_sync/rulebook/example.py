"""Examples of a rule as data: small guilds, and what the rule makes of each. They are its documentation and its tests.

Every guild has the ranks Guild Master, Officer, Raider and Social; the last three map to managed Discord roles of the same
names, and to any of them a member may hold DJ, which no rank maps to. An owner is a player of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.rulebook.translated import translated

Rank: TypeAlias = Literal["Guild Master", "Officer", "Raider", "Social"]
Role: TypeAlias = Literal["Officer", "Raider", "Social", "DJ"]


class Outcome(StrEnum):
    """What a rule makes of a case, where automation is switched on. It is shown by `tr`."""

    NO_FINDING = mark("no finding")
    NO_FIX = mark("found, without a fix")
    NEEDS_CLICK = mark("found; fixed when you click")
    AUTOMATIC = mark("found; fixed automatically if auto-fix is on")


@dataclass(frozen=True, slots=True)
class Character:
    """A character of the roster.

    `linked_under` is the note that it had when it was linked to its `owner`; `formerly` the name that it had then.
    `is_confirmed`: an officer stands for that link, and `is_proven`: a sign-in does. `last_login_days` None: never seen.
    Characters with one `account` are on one Battle.net account, by which that `is_by_account` is linked; `is_account_shared`: an
    officer has said that several people play on it. `proven_by` is the member who signed in with its account: before it joined
    where it `has_joined_since`, and before what an officer said of it where that `is_decided_since`.
    """

    name: str
    note: str | None = None
    owner: str | None = None
    rank: Rank = "Social"
    linked_under: str = "an earlier note"
    formerly: str | None = None
    is_confirmed: bool = False
    is_main: bool = False
    has_left: bool = False
    last_login_days: float | None = 1
    realm: str = "area-52"
    account: str | None = None
    is_by_account: bool = False
    is_account_shared: bool = False
    is_proven: bool = False
    proven_by: str | None = None
    has_joined_since: bool = False
    is_decided_since: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the Discord server; `player` is who that is. `is_confirmed`: an officer stands for it.

    `contests`: the member with whose Battle.net account this one signed in, too.
    """

    name: str
    roles: Sequence[Role] = ()
    player: str | None = None
    is_confirmed: bool = False
    is_bot: bool = False
    has_left: bool = False
    contests: str | None = None


@translated("given", "then")
@dataclass(frozen=True, slots=True)
class Example:
    """One case: what is `given` and what `then` happens, in words; and the same as a guild with its expected outcome.

    `finds` names the subjects of the findings; without it, it is the first character, or the first member where the rule is
    about members. `after` says what is so after the fix: the owner of each character, or the roles of each member.
    `hiatuses` says of owners who are away in how many days they are back. `accounts_give_rights`: the guild lets links by the same
    account count like confirmed ones.
    """

    given: str
    then: str
    outcome: Outcome
    characters: Sequence[Character] = ()
    members: Sequence[Member] = ()
    ranks_without_role: Sequence[Rank] = ()
    unmanaged_ranks: Sequence[Rank] = ()
    missing_roles: Sequence[Role] = ()
    finds: Sequence[str] | None = None
    after: Mapping[str, str | Sequence[Role] | None] = field(default_factory=dict)
    hiatuses: Mapping[str, int] = field(default_factory=dict)
    accounts_give_rights: bool = False
