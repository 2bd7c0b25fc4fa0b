"""Building small guilds for tests, row by row, without going through the syncs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, LiteralString, ParamSpec, TypeVar

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes.changeset import DECIDED_BY_A_PERSON
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.engine.results import FixReport, FixResult
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity_engine import DecisionReport, MatchReport, apply_decision
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.mitigations import fix_all, run_auto_mitigations, undo
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.models import DiscordGuild, DiscordMember, DiscordRole, GuildAddress, RosterCharacter

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

DAY_MS = 86_400_000
GUILD_MASTER, OFFICER, RAIDER, SOCIAL = 0, 1, 2, 3
ROLE_OF_RANK = {OFFICER: "101", RAIDER: "102", SOCIAL: "103"}
"""Discord roles of the test guild; the guild master's rank maps to none."""
ROLE_NAMES = {"101": "Officer", "102": "Raider", "103": "Social", "900": "DJ"}
UNMANAGED_ROLE = "900"
EARLIER_NOTE = "an earlier note"
"""The note under which characters were linked, unless a test says another one: it has changed since."""


class OfGuild:
    """What has a guild in a database."""

    pool: Pool
    guild_id: int

    async def call(
        self,
        function: Callable[Concatenate[GuildConnection, _Given], Awaitable[_Result]],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        """Call a function of the engine that takes a connection of the guild."""
        async with self.pool.writing(self.guild_id, alone=False) as here:
            return await function(here, *args, **kwargs)


@dataclass
class GuildBuilder(OfGuild):
    """One guild of a test database. Methods return row ids."""

    pool: Pool
    guild_id: int
    discord_guild_id: str
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def create(cls, pool: Pool, name: str = "Lantern Watch", discord_guild_id: str = "7000") -> GuildBuilder:
        """Make a guild with four ranks, of which officer, raider and social map to managed roles."""
        address = GuildAddress("us", "area-52", name.lower().replace(" ", "-"))
        async with pool.connection() as conn:
            guild_id = await guilds.add(conn, address, name, discord_guild_id=discord_guild_id)
            for index, rank in enumerate(("Guild Master", "Officer", "Raider", "Social")):
                role = ROLE_OF_RANK.get(index)
                await conn.execute(
                    "insert into common.guild_ranks (guild_id, wow_rank_index, name, level, discord_role_id, "
                    "discord_role_name, is_role_managed) values (%s, %s, %s, %s, %s, %s, %s)",
                    [guild_id, index, rank, 10 - index, role, role and ROLE_NAMES[role], role is not None],
                )
        return cls(pool, guild_id, discord_guild_id)

    async def character(
        self,
        name: str,
        note: str | None = None,
        *,
        realm: str = "area-52",
        rank: int = SOCIAL,
        last_login_days: float | None = 1,
        has_left: bool = False,
    ) -> int:
        """Add a character; `last_login_days` ago, None for never seen."""
        login = None if last_login_days is None else int(time.time() * 1000 - last_login_days * DAY_MS)
        return await self._insert(
            "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, "
            "level, rank_index, guild_rank_id, guild_note, last_login_timestamp, removed_at) "
            "select %(guild)s, %(name)s, %(key)s, %(realm)s, %(realm_key)s, 80, %(rank)s, r.id, %(note)s, %(login)s, "
            "case when %(left)s then now() end from common.guild_ranks r "
            "where r.guild_id = %(guild)s and r.wow_rank_index = %(rank)s returning id",
            {
                "name": name,
                "key": name_key(name),
                "realm": realm,
                "realm_key": realm_key(realm),
                "rank": rank,
                "note": note,
                "login": login,
                "left": has_left,
            },
        )

    async def member(
        self, name: str, *, roles: Sequence[str] = (), is_bot: bool = False, is_present: bool = True
    ) -> int:
        """Add a Discord member whose names are all `name`."""
        return await self._insert(
            "insert into guild_identity.discord_users (guild_id, discord_id, username, global_name, display_name, "
            "all_guild_roles, is_bot, is_present) values (%(guild)s, %(id)s, %(username)s, %(name)s, %(name)s, "
            "%(roles)s, %(bot)s, %(present)s) returning id",
            {
                "id": str(8000 + next(self._numbers)),
                "username": name.lower(),
                "name": name,
                "roles": sorted(roles),
                "bot": is_bot,
                "present": is_present,
            },
        )

    async def player(self, name: str, *, member: int | None = None, is_confirmed: bool = False) -> int:
        """Add a player; with `is_confirmed` an officer has said that it is the member."""
        return await self._insert(
            "insert into guild_identity.players (guild_id, display_name, discord_user_id, created_by, discord_basis, "
            "discord_confirmed_by, discord_confirmed_at) values (%(guild)s, %(name)s, %(member)s, 'test', "
            "case when %(confirmed)s then 'officer' when %(member)s::bigint is not null then 'name' end, "
            "case when %(confirmed)s then 'test' end, case when %(confirmed)s then now() end) returning id",
            {"name": name, "member": member, "confirmed": is_confirmed},
        )

    async def link(
        self,
        character: int,
        player: int,
        *,
        source: str = "full_match",
        as_main: bool = False,
        linked_under: str | None = EARLIER_NOTE,
    ) -> None:
        """Link a character to a player, under a note; by an officer's own decision for some sources."""
        await self.execute(
            "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, "
            "linked_by, basis, basis_note, confirmed_by, confirmed_at) values (%(character)s, %(player)s, %(guild)s, "
            "%(source)s, 'exact', 'test', case when %(confirmed)s then 'officer' else 'note' end, %(note)s, "
            "case when %(confirmed)s then 'test' end, case when %(confirmed)s then now() end)",
            {
                "character": character,
                "player": player,
                "source": source,
                "note": linked_under,
                "confirmed": source in DECIDED_BY_A_PERSON,
            },
        )
        if as_main:
            await self.execute(
                "update guild_identity.players set main_character_id = %(character)s where id = %(player)s",
                {"character": character, "player": player},
            )

    async def account(
        self,
        *characters: int,
        mode: str = "suggest",
        is_shared: bool = False,
        by_achievements: bool = False,
        gives_rights: bool = False,
    ) -> None:
        """Let these characters be known to be of one account, by their pets or by their achievements.

        With `is_shared` an officer has said that several people play on it.
        """
        await self.execute(
            "insert into guild_identity.account_settings (guild_id, mode, gives_rights, salt, updated_by) "
            "values (%(guild)s, %(mode)s, %(rights)s, sha256('salt'), 'test') "
            "on conflict (guild_id) do update set mode = excluded.mode, gives_rights = excluded.gives_rights",
            {"mode": mode, "rights": gives_rights},
        )
        await self.execute(
            "insert into guild_identity.account_evidence (guild_id, character_id, requested_at, outcome, oldest, by_hash, "
            "pets, achievements, read_at, account) select %(guild)s, id, now(), 'read', %(hashes)s, %(hashes)s, %(pets)s, "
            "%(achievements)s, now(), %(account)s from unnest(%(ids)s::bigint[]) as id",
            {
                "ids": list(characters),
                "account": min(characters),
                "hashes": None if by_achievements else bytes(128),
                "pets": None if by_achievements else 40,
                "achievements": bytes(range(224)) if by_achievements else None,
            },
        )
        if is_shared:
            await self.execute(
                "insert into guild_identity.shared_accounts (guild_id, character_id, reason, marked_by) "
                "select %(guild)s, id, 'a family', 'test' from unnest(%(ids)s::bigint[]) as id",
                {"ids": list(characters)},
            )

    async def claim(self, member: int, *characters: int, days_ago: float = 0, was_outside: bool = False) -> int:
        """Let a member have proven characters, which stood outside of the guild then or in it; return the claim."""
        claim = await self._insert(
            "insert into guild_identity.claims (guild_id, discord_user_id, account_hash, claimed_at) "
            "values (%(guild)s, %(member)s, sha256(convert_to(%(account)s, 'UTF8')), now() - %(ago)s * interval '1 day') "
            "returning id",
            {"member": member, "account": f"account {next(self._numbers)}", "ago": days_ago},
        )
        await self.execute(
            "update guild_identity.wow_characters set blizzard_realm_id = 3676, blizzard_character_id = 900000 + id "
            "where guild_id = %(guild)s and id = any (%(ids)s) and blizzard_character_id is null",
            {"ids": list(characters)},
        )
        await self.execute(
            "insert into guild_identity.claimed_characters (guild_id, claim_id, region, realm_id, blizzard_character_id, name, "
            "realm_slug, character_id, proven_at) select guild_id, %(claim)s, 'us', blizzard_realm_id, blizzard_character_id, "
            "character_name, realm_slug, case when not %(outside)s then id end, now() - %(ago)s * interval '1 day' "
            "from guild_identity.wow_characters where guild_id = %(guild)s and id = any (%(ids)s)",
            {"claim": claim, "ids": list(characters), "outside": was_outside, "ago": days_ago},
        )
        return claim

    async def contest(self, claim: int, member: int) -> None:
        """Let another member have signed in with the account of a claim."""
        await self.execute(
            "insert into guild_identity.claim_contests (guild_id, claim_id, discord_user_id) "
            "values (%(guild)s, %(claim)s, %(member)s)",
            {"claim": claim, "member": member},
        )

    async def prove(self, *characters: int) -> None:
        """Let the links of characters rest on a Battle.net sign-in."""
        await self.execute(
            "update guild_identity.player_characters set basis = 'proven', link_source = 'claim', confirmed_by = null, "
            "confirmed_at = null where guild_id = %(guild)s and character_id = any (%(ids)s)",
            {"ids": list(characters)},
        )

    async def link_by_account(self, *characters: int) -> None:
        """Let the links of characters rest on the account."""
        await self.execute(
            "update guild_identity.player_characters set basis = 'account', link_source = 'auto_fix', confirmed_by = null, "
            "confirmed_at = null where guild_id = %(guild)s and character_id = any (%(ids)s)",
            {"ids": list(characters)},
        )

    async def alias(self, player: int, alias: str) -> None:
        """Let a word mean a player."""
        await self.execute(
            "insert into guild_identity.player_note_aliases (guild_id, player_id, alias, alias_key, created_by) "
            "values (%(guild)s, %(player)s, %(alias)s, %(key)s, 'test')",
            {"player": player, "alias": alias, "key": name_key(alias)},
        )

    async def hiatus(self, player: str, days: int | None, reason: str = "a long trip") -> None:
        """Let an officer have said that players of a name are away; `days` from now they are back, None for nobody knows."""
        await self.execute(
            "insert into guild_identity.hiatuses (guild_id, player_id, until, reason, set_by) "
            "select %(guild)s, id, (now() at time zone 'UTC')::date + %(days)s::integer, %(reason)s, 'test' "
            "from guild_identity.players where guild_id = %(guild)s and display_name = %(name)s",
            {"name": player, "days": days, "reason": reason},
        )

    async def main(self, name: str, *, roles: Sequence[str] = (), rank: int = SOCIAL, note: str | None = None) -> int:
        """Add a player with a main of the same name and a Discord member of another; return the player."""
        player = await self.player(
            name, member=await self.member(f"{name}#discord", roles=roles or [ROLE_OF_RANK[rank]])
        )
        await self.link(await self.character(name, note, rank=rank), player, as_main=True)
        return player

    async def alt(
        self,
        name: str,
        note: str | None,
        player: int,
        *,
        source: str = "full_match",
        rank: int = SOCIAL,
        linked_under: str | None = EARLIER_NOTE,
    ) -> int:
        """Add a character linked to a player; return the character."""
        character = await self.character(name, note, rank=rank)
        await self.link(character, player, source=source, linked_under=linked_under)
        return character

    async def confirm_all(self) -> None:
        """Let an officer have confirmed every link of the guild, to players and to Discord members."""
        await self.execute(
            "update guild_identity.player_characters set basis = 'officer', confirmed_by = 'alice', confirmed_at = now() "
            "where guild_id = %(guild)s"
        )
        await self.execute(
            "update guild_identity.players set discord_basis = 'officer', discord_confirmed_by = 'alice', "
            "discord_confirmed_at = now() where guild_id = %(guild)s and discord_user_id is not null"
        )

    async def roles_without_power(self, *, without: Sequence[str] = (), powerful: Sequence[str] = ()) -> None:
        """Let a sync have read the roles of the server, all but some; the others have no power but those named."""
        for role_id, name in ROLE_NAMES.items():
            if role_id not in without:
                await self.execute(
                    "insert into guild_identity.discord_roles (guild_id, role_id, name, position, is_integration, "
                    "is_administrative) values (%(guild)s, %(id)s, %(name)s, 1, false, %(powerful)s)",
                    {"id": role_id, "name": name, "powerful": role_id in powerful},
                )

    async def rename(self, character: int, name: str) -> None:
        """Rename a character as if the game had done it; the old name is remembered."""
        await self.execute(
            "update guild_identity.wow_characters set character_name = %(name)s, name_key = %(key)s where id = %(character)s",
            {"character": character, "name": name, "key": name_key(name)},
        )

    async def set_note(self, character: int, note: str | None) -> None:
        """Change a note as if the addon had seen it."""
        await self.execute(
            "update guild_identity.wow_characters set guild_note = %(note)s where id = %(character)s",
            {"character": character, "note": note},
        )

    async def player_of(self, character: int) -> int | None:
        """Return the player that a character is linked to."""
        rows = await self.rows(
            "select player_id from guild_identity.player_characters where character_id = %(character)s",
            {"character": character},
        )
        return rows[0][0] if rows else None

    async def scan(self, *issue_types: str) -> None:
        """Run an integrity check, of some rules or of all."""
        await run_integrity_check(self.pool, guild_id=self.guild_id, issue_types=issue_types or None)

    async def open_issues(self, issue_type: str) -> list[Issue]:
        """Scan for a rule alone; return its open issues."""
        await self.scan(issue_type)
        return await self.call(lifecycle.open_of_rule, issue_type)

    async def open_issue(self, issue_type: str) -> Issue:
        """Scan for a rule alone; return its only open issue."""
        (issue,) = await self.open_issues(issue_type)
        return issue

    async def fix_all(self, issue_type: str, *, actor: str = "alice") -> FixReport:
        """Let an officer click Fix All."""
        return await fix_all(self.pool, issue_type, actor=actor, guild_id=self.guild_id)

    async def automate(self) -> list[FixResult]:
        """Scan, and let everything that is automatic run."""
        await self.scan()
        return list((await run_auto_mitigations(self.pool, guild_id=self.guild_id)).results)

    async def decide(self, decision: ManualDecision, actor: str = "officer alice") -> DecisionReport:
        """Let an officer decide something."""
        return await apply_decision(self.pool, decision, actor=actor, guild_id=self.guild_id)

    async def undo(self, done: DecisionReport | FixResult | MatchReport) -> None:
        """Undo what was done, as another officer."""
        assert done.attempt_id is not None
        await undo(self.pool, done.attempt_id, actor="officer bob", guild_id=self.guild_id)

    async def execute(self, query: LiteralString, values: dict[str, Any] | None = None) -> None:
        """Run one statement."""
        async with self.pool.connection() as conn:
            await conn.execute(query, {"guild": self.guild_id, **(values or {})})

    async def rows(self, query: LiteralString, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of a question."""
        async with self.pool.connection() as conn:
            return await (await conn.execute(query, {"guild": self.guild_id, **(values or {})})).fetchall()

    async def _insert(self, query: LiteralString, values: dict[str, Any]) -> int:
        ((number,),) = await self.rows(query, values)
        return int(number)


def entry(name: str, **changes: Any) -> RosterCharacter:
    """A roster entry; `changes` are fields of `RosterCharacter`."""
    return RosterCharacter(**{"name": name, "realm_slug": "area-52", "rank": SOCIAL, "level": 80, **changes})


def server(builder: GuildBuilder, *members: DiscordMember) -> DiscordGuild:
    """The Discord server of a test guild with these members."""
    roles = [DiscordRole(role_id, name, int(role_id), managed=False) for role_id, name in ROLE_NAMES.items()]
    return DiscordGuild(builder.discord_guild_id, "Server", roles, members)


def person(user_id: str, name: str, *roles: str, is_bot: bool = False) -> DiscordMember:
    """A Discord member as fetched."""
    return DiscordMember(user_id, name.lower(), name, None, roles, is_bot)
