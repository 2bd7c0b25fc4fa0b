"""Which characters are on one Battle.net account, and whose it is. Made of a guild's facts alone; reads nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from sv_common.guild_sync.accounts.kinds import WHY, Kind
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter


class AccountOwner(NamedTuple):
    """The one player of an account, and a character of it whose link proves that."""

    player_id: int
    proof: KnownCharacter


class AccountIndex:
    """The accounts of a guild of which two or more characters are known to be in it."""

    def __init__(self, facts: GuildFacts) -> None:
        self._facts = facts

    @cached_property
    def members(self) -> Mapping[int, Sequence[KnownCharacter]]:
        """The characters of each account that are in the guild, by the account."""
        found: dict[int, list[KnownCharacter]] = defaultdict(list)
        for number, account in sorted(self._facts.accounts.items()):
            character = self._facts.characters.get(number)
            if character is not None and character.is_present:
                found[account].append(character)
        return {account: tuple(members) for account, members in found.items() if len(members) > 1}

    @cached_property
    def shared(self) -> frozenset[int]:
        """The accounts of which an officer said that several people play on them."""
        accounts = self._facts.accounts
        return frozenset(accounts[number] for number in self._facts.shared_accounts if number in accounts)

    @cached_property
    def owners(self) -> Mapping[int, AccountOwner]:
        """Whose each account is, where that is known.

        Known is a player to whom a character of it is linked by the game's own sign-in or by an officer, and no other player.
        """
        found: dict[int, AccountOwner] = {}
        for account, members in self.members.items():
            proofs = {
                each.player_id: each
                for each in members
                if each.player_id is not None and is_confirmed(each.basis, each.confirmed_by)
            }
            if len(proofs) == 1 and account not in self.shared:
                ((player_id, proof),) = proofs.items()
                found[account] = AccountOwner(player_id, proof)
        return found

    def of(self, number: int) -> int | None:
        """Return the account of a character, where others of it are known."""
        account = self._facts.accounts.get(number)
        return account if account is not None and account in self.members else None

    def others(self, number: int) -> Sequence[KnownCharacter]:
        """Return the other characters of the same account."""
        account = self.of(number)
        return () if account is None else tuple(each for each in self.members[account] if each.id != number)

    def known_by(self, account: int) -> Kind:
        """Return by which kind of evidence an account is known."""
        return self._facts.account_kinds[account]

    def why(self, number: int) -> str:
        """Say why the characters of an account are known to belong together; the character must have one."""
        return tr(WHY[self.known_by(self._facts.accounts[number])])

    def is_shared(self, number: int) -> bool:
        """Whether an officer said that several people play on the account of a character."""
        return self.of(number) in self.shared

    def owner(self, number: int) -> AccountOwner | None:
        """Return whose the account of a character is."""
        account = self.of(number)
        return None if account is None else self.owners.get(account)

    def players(self, number: int) -> frozenset[int]:
        """Return the players of the other characters of the same account, whatever their links rest on."""
        return frozenset(each.player_id for each in self.others(number) if each.player_id is not None)
