"""A guild that compares its characters by what their accounts have, and the truth about these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Identifier

from engine.profiles.installation import Installation
from guild_builder import GuildBuilder
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.accounts.reading import refresh_accounts
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.insights.accounts.listing import AccountsNow, accounts
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.ports import AccountSource, Sources

SECRET = InstallationSecret("a secret of this installation, long enough")


def address_of(character: WorldCharacter) -> str:
    return f"{character.name}-{character.realm.slug}"


def shows_enough(account: WorldAccount) -> bool:
    """Whether an account can be told by its achievements."""
    minutes = {moment // 60_000 for moment in account.achievements.values()}
    return not account.hides_achievements and len(account.achievements) >= 6 and len(minutes) >= 4


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
        """The characters of each account that can be told by one kind of evidence: by pets, else by achievements."""
        members: dict[tuple[WorldAccount, bool], set[str]] = {}
        for character in self.world.characters:
            account = self.world.account_of(character)
            can_be_told = len(set(account.pets)) >= 3 if character.shows_pets else shows_enough(account)
            if can_be_told and not account.is_hidden and character.is_valid:
                members.setdefault((account, character.shows_pets), set()).add(address_of(character))
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

    async def kinds(self) -> dict[str, str | None]:
        """Of which kind of evidence each character's reading is; None: none is kept."""
        rows = await self.rows(
            "select c.character_name || '-' || c.realm_slug, case when e.pets is not null then 'pets' "
            "when e.achievements is not null then 'achievements' end from guild_identity.account_evidence e "
            "join guild_identity.wow_characters c on c.id = e.character_id"
        )
        return dict(rows)

    async def database(self) -> str:
        """Return every row of every table."""
        tables: list[tuple[str, str]] = await self.rows(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema in ('common', 'guild_identity', 'jobs') and table_type = 'BASE TABLE'"
        )
        async with self.pool.connection() as conn:
            found = [
                await (await conn.execute(SQL("select to_jsonb(t) from {} t").format(Identifier(*each)))).fetchall()
                for each in tables
            ]
        return str(found)

    async def play(self, player: str, *characters: WorldCharacter) -> None:
        """Let a player have these characters."""
        people = GuildBuilder(self.pool, self.guild_id, "")
        number = await people.player(player)
        for character in characters:
            ((it,),) = await self.rows(
                "select id from guild_identity.wow_characters where character_name = %(name)s and realm_slug = %(realm)s",
                {"name": character.name, "realm": character.realm.slug},
            )
            await people.link(it, number)

    def refuse_pets(self, *characters: WorldCharacter, shown: bool = False) -> None:
        """Let Battle.net refuse the pets of characters from now on, or show them again."""
        for character in characters:
            character.shows_pets = shown

    def siblings(self) -> list[WorldCharacter]:
        """Return the characters of the largest account that has pets."""
        people = [each for each in self.world.people if len(self.world.account_of(each.main).pets) >= 3]
        return max(people, key=lambda each: len(each.characters)).characters
