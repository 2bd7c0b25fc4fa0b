"""The characters of a Battle.net account, as the person's own token shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.http import Node

MOST_CHARACTERS = 2_000
"""More than any account has: up to 8 licenses with 65 characters each."""


@dataclass(frozen=True, slots=True)
class AccountCharacter:
    """A character of the account, in any guild or none. Region, realm and number together name it; the name may change."""

    realm_id: int
    character_id: int
    name: str
    realm_slug: str
    class_id: int | None
    level: int


def parse_account(answer: Node) -> tuple[int, list[AccountCharacter]]:
    """Return how many World of Warcraft accounts there are in the region, and the characters of all of them.

    Raises SourceMalformed for what is not as documented. No account at all is no fault: the list is absent then.
    """
    accounts = answer.child("wow_accounts")
    if accounts.value is None:
        return 0, []
    found = list(accounts.items())
    characters = {(each.realm_id, each.character_id): each for account in found for each in _characters(account)}
    if len(characters) > MOST_CHARACTERS:
        raise accounts.malformed(tr("a list of the characters of one person"))
    return len(found), list(characters.values())


def _characters(account: Node) -> Iterator[AccountCharacter]:
    characters = account.child("characters")
    return iter(()) if characters.value is None else (_character(entry) for entry in characters.items())


def _character(entry: Node) -> AccountCharacter:
    realm, of_class = entry.child("realm"), entry.child("playable_class")
    return AccountCharacter(
        realm_id=realm.child("id").integer(),
        character_id=entry.child("id").integer(),
        name=_name(entry.child("name")),
        realm_slug=realm.child("slug").text(),
        class_id=None if of_class.value is None else of_class.child("id").integer_or_none(),
        level=entry.child("level").integer(),
    )


def _name(name: Node) -> str:
    """Read a name, which is an object with one text for each locale when the locale was lost on the way."""
    if isinstance(name.value, dict):
        name = name.child(next(iter(name.value), ""))
    return name.text()
