"""A guild that compares its characters by their pets, and the truth about their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.profiles.installation import Installation
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.accounts.reading import refresh_accounts
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.insights.accounts.listing import AccountsNow, accounts
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.ports import AccountSource, Sources

SECRET = InstallationSecret("a secret of this installation, long enough")


@dataclass
class ComparingGuild(Installation):
    """An installation whose guild has switched account evidence on. Its truth is that of the world."""

    async def load(self, size: int) -> None:
        await super().load(size)
        await self.switch("suggest")
        await self.refresh()

    @property
    def source_of_accounts(self) -> AccountSource:
        return AccountSource(self.source, SECRET)

    @property
    def sources(self) -> Sources:
        return Sources(self.source, profiles=self.source, accounts=self.source_of_accounts)

    async def switch(self, mode: switch.Mode) -> None:
        async with self.pool.writing(self.guild_id) as here:
            await switch.put_mode(here, mode, actor="alice")

    async def compare(self) -> SyncReport:
        """Read what is due, and group."""
        return await refresh_accounts(self.pool, self.source_of_accounts, guild_id=self.guild_id)

    async def now(self) -> AccountsNow:
        async with self.pool.reading(self.guild_id) as here:
            return await accounts(here)

    async def groups(self) -> set[frozenset[str]]:
        found = await self.now()
        return {frozenset(each.address for each in account.characters) for account in found.accounts}

    @property
    def true_groups(self) -> set[frozenset[str]]:
        """The characters of each account that can be told: those with at least three pets that are not hidden."""
        members: dict[WorldAccount, set[str]] = {}
        for character in self.world.characters:
            account = self.world.account_of(character)
            if len(set(account.pets)) >= 3 and not account.is_hidden and character.is_valid:
                members.setdefault(account, set()).add(f"{character.name}-{character.realm.slug}")
        return {frozenset(names) for names in members.values() if len(names) > 1}

    async def age(self, days: float) -> None:
        await super().age(days)
        await self.rows(
            "update guild_identity.account_evidence set requested_at = requested_at - %(age)s::interval, "
            "read_at = read_at - %(age)s::interval, doubted_read_at = doubted_read_at - %(age)s::interval "
            "returning character_id",
            {"age": f"{days} days"},
        )

    async def evidence(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select c.character_name, e.outcome, e.read_at is not null, e.doubted_read_at is not null "
            "from guild_identity.account_evidence e join guild_identity.wow_characters c on c.id = e.character_id "
            "order by c.character_name, c.realm_slug"
        )

    def siblings(self) -> list[WorldCharacter]:
        """Return the characters of the largest account that has pets."""
        people = [each for each in self.world.people if len(self.world.account_of(each.main).pets) >= 3]
        return max(people, key=lambda each: len(each.characters)).characters
