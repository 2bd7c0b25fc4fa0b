"""A generated guild on a real database. Everything that it does goes through the product's own doors."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from guild_builder import OfGuild
from laws import direct_rows, snapshot
from laws.direct_rows import OFFICER
from laws.game import DAY_MS, RANK_NAMES, REALMS, Toon, discord_member, discord_roles
from laws.guilds import ROLE_NAMES, GuildSpec
from laws.sources import AnnouncerInMemory, BattleNetInMemory, DiscordInMemory
from sv_common.db.pool import Connection, GuildConnection, Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.engine.results import FixResult
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision, run_matching
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.roster import guilds, ranks
from sv_common.guild_sync.rulebook import settings as rule_store
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.scheduler import run_addon_sync, run_blizzard_sync, run_discord_sync
from sv_common.guild_sync.sources.models import (
    AddonCharacter,
    DiscordGuild,
    DiscordMember,
    GuildAddress,
    RosterCharacter,
)
from sv_common.guild_sync.sources.ports import Sources

_Item = TypeVar("_Item")


@dataclass
class Life(OfGuild):
    """One guild, its sources, and what was done to it.

    With `through_pipelines`, each piece of news runs the whole pipeline of its source, else only the sync. With `order`,
    every list of a source is shuffled. `results` collects all that the product's functions returned.
    """

    pool: Pool
    guild_id: int
    discord: DiscordInMemory
    numbers: Iterator[int]
    order: random.Random | None = None
    through_pipelines: bool = False
    toons: list[Toon] = field(default_factory=list)
    gone_members: list[DiscordMember] = field(default_factory=list)
    rank_names: list[str] = field(default_factory=lambda: list(RANK_NAMES))
    players: list[int] = field(default_factory=list)
    results: list[object] = field(default_factory=list)
    battle_net: BattleNetInMemory = field(default_factory=BattleNetInMemory)
    announcer: AnnouncerInMemory = field(default_factory=AnnouncerInMemory)
    now_ms: int = field(default_factory=lambda: int(time.time() * 1000))

    @classmethod
    async def begin(cls, pool: Pool, spec: GuildSpec, *, slot: int = 1, order: random.Random | None = None) -> Life:
        """Make the guild of `spec`. `slot` sets several guilds of one database apart."""
        discord = DiscordInMemory(str(7000 + slot), f"Server {slot}", discord_roles())
        address = GuildAddress("us", REALMS[0][0], f"guild-{slot}")
        async with pool.connection() as conn:
            guild_id = await guilds.add(
                conn, address, f"Guild {slot}", discord_guild_id=discord.server_id, audit_channel_id=str(8000 + slot)
            )
        life = cls(pool, guild_id, discord, itertools.count(slot * 1_000_000 + 1), order)
        await life._settle(spec)
        return life

    @property
    def present(self) -> list[Toon]:
        return [toon for toon in self.toons if toon.is_present]

    @property
    def people_on_discord(self) -> list[DiscordMember]:
        """Who is on the Discord server now, bots left out."""
        return [member for member in self.discord.members.values() if not member.is_bot]

    @property
    def sources(self) -> Sources:
        self.battle_net.roster = self.roster()
        return Sources(self.battle_net, self.discord, self.announcer)

    def login(self, days_asleep: int | None) -> int | None:
        """The moment of a last login so many days ago."""
        return None if days_asleep is None else self.now_ms - days_asleep * DAY_MS

    def roster(self) -> list[RosterCharacter]:
        return self._in_some_order([toon.on_battle_net() for toon in self.present])

    def upload(self) -> list[AddonCharacter]:
        return self._in_some_order([toon.in_addon(self.rank_names[toon.rank]) for toon in self.present])

    def server(self) -> DiscordGuild:
        server = self.discord.server()
        return replace(server, roles=self._in_some_order(server.roles), members=self._in_some_order(server.members))

    async def sync_roster(self) -> None:
        """Take in the roster; a guild without anybody has none."""
        if not self.present:
            return
        if self.through_pipelines:
            self._keep(
                await run_blizzard_sync(self.pool, guild_id=self.guild_id, sources=self.sources, accept_losses=True)
            )
        else:
            self._keep(await sync_blizzard_roster(self.pool, self.roster(), guild_id=self.guild_id, accept_losses=True))

    async def sync_notes(self) -> None:
        if not self.present:
            return
        if self.through_pipelines:
            self._keep(await run_addon_sync(self.pool, self.upload(), guild_id=self.guild_id, sources=self.sources))
        else:
            self._keep(await sync_addon_data(self.pool, self.upload(), guild_id=self.guild_id))

    async def sync_discord(self) -> None:
        """Take in the Discord server; one without people is not believed, so it is not asked."""
        if not self.people_on_discord:
            return
        if self.through_pipelines:
            self._keep(
                await run_discord_sync(self.pool, guild_id=self.guild_id, sources=self.sources, accept_losses=True)
            )
        else:
            self._keep(await sync_discord_members(self.pool, self.server(), guild_id=self.guild_id, accept_losses=True))

    async def sync_all(self) -> None:
        await self.sync_roster()
        await self.sync_discord()
        await self.sync_notes()

    async def scan(self) -> None:
        self._keep(await run_integrity_check(self.pool, guild_id=self.guild_id))

    async def automate(self) -> None:
        report = await mitigations.run_auto_mitigations(self.pool, guild_id=self.guild_id, discord_bot=self.discord)
        self._keep(report)

    async def match(self) -> None:
        self._keep(await run_matching(self.pool, actor=OFFICER, guild_id=self.guild_id))

    async def fix(self, issue_id: int) -> FixResult | None:
        """Fix one issue as an officer; None when the rule itself could not look."""
        with contextlib.suppress(Refused):
            return self._keep(
                await mitigations.fix_one(
                    self.pool, issue_id, actor=OFFICER, guild_id=self.guild_id, discord_bot=self.discord
                )
            )
        return None

    async def do_everything_at_once(self) -> None:
        """Do all that an officer can do to many at once."""
        for issue_type in RULES:
            await self.scan()
            await self.fix_all(issue_type)
        chosen = [issue.id for issue in await self.open_issues()]
        if chosen:
            with contextlib.suppress(Refused):
                await mitigations.fix_selected(
                    self.pool, chosen, actor="officer", guild_id=self.guild_id, discord_bot=self.discord
                )
        await self.match()

    async def fix_all(self, issue_type: str) -> None:
        """Fix all issues of a rule as an officer; nothing happens when the rule itself could not look."""
        with contextlib.suppress(Refused):
            self._keep(
                await mitigations.fix_all(
                    self.pool, issue_type, actor=OFFICER, guild_id=self.guild_id, discord_bot=self.discord
                )
            )

    async def decide(self, decision: ManualDecision) -> DecisionReport:
        """Decide something as an officer. Raises like the product."""
        return self._keep(await apply_decision(self.pool, decision, actor=OFFICER, guild_id=self.guild_id))

    async def undo(self, attempt_id: int) -> None:
        """Undo an attempt as an officer. Raises like the product."""
        self._keep(
            await mitigations.undo(
                self.pool, attempt_id, actor=OFFICER, guild_id=self.guild_id, discord_bot=self.discord
            )
        )

    async def undo_all(self) -> None:
        """Undo whatever can be undone, newest first."""
        for attempt_id in reversed(await self.undoable_attempts()):
            with contextlib.suppress(Refused):
                await self.undo(attempt_id)

    async def make_everything_automatic(self) -> None:
        async with self.pool.writing(self.guild_id, alone=False) as guild:
            for issue_type in RULES:
                await rule_store.save_settings(guild, issue_type, actor=OFFICER, auto_mitigate=True)

    async def open_issues(self) -> list[Issue]:
        """All open issues that nobody has dismissed, rule by rule."""
        return [issue for rule in RULES for issue in await self.call(lifecycle.open_of_rule, rule)]

    async def undoable_attempts(self) -> list[int]:
        """Numbers of the attempts that changed something and were not undone, oldest first."""
        return [row["id"] for row in await self.rows("fix_attempts") if row["changes"] and not row["undone_at"]]

    async def rows(self, table: str) -> list[dict[str, Any]]:
        name = f"guild_identity.{table}"
        return (await snapshot.read(self.pool, [name], self.guild_id))[name]

    def _keep(self, result: _Item) -> _Item:
        self.results.append(result)
        return result

    def _in_some_order(self, items: Sequence[_Item]) -> list[_Item]:
        return list(items) if self.order is None else self.order.sample(list(items), len(items))

    async def _settle(self, spec: GuildSpec) -> None:
        self.toons = [
            Toon(next(self.numbers), each.name, each.realm, each.rank, each.note, self.login(each.days_asleep))
            for each in spec.characters
        ]
        people = [discord_member(next(self.numbers), each) for each in spec.members]
        self.discord.members = {member.user_id: member for member in people}
        await self.sync_roster()
        async with self.pool.connection() as conn:
            await self._map_ranks(conn, spec)
        await self.sync_discord()
        await self.sync_notes()
        async with self.pool.connection() as conn:
            await self._decide(conn, spec, [member.user_id for member in people])
        if spec.is_matched:
            await self.match()
        await self._go_on(spec, people)

    async def _go_on(self, spec: GuildSpec, people: Sequence[DiscordMember]) -> None:
        """Let those leave who do not stay, and a rank get its other name."""
        leaving = [toon for toon, each in zip(self.toons, spec.characters, strict=True) if each.has_left]
        if leaving and len(leaving) < len(self.toons):
            for toon in leaving:
                toon.is_present = False
            await self.sync_roster()
        for member in (member for member, each in zip(people, spec.members, strict=True) if each.has_left):
            self.gone_members.append(self.discord.members.pop(member.user_id))
        if self.gone_members:
            await self.sync_discord()
        if spec.doubtful_rank is not None:
            self.rank_names[spec.doubtful_rank] = "Warlord"
            await self.sync_notes()

    async def _map_ranks(self, conn: Connection, spec: GuildSpec) -> None:
        used = {rank.wow_rank_index for rank in await ranks.all_ranks(GuildConnection(conn, self.guild_id))}
        await ranks.seen_in_game(GuildConnection(conn, self.guild_id), {index: RANK_NAMES[index] for index in used})
        for index, rank in enumerate(spec.ranks):
            if index in used and rank.role is not None:
                name = ROLE_NAMES.get(rank.role)
                await ranks.map_to_role(
                    GuildConnection(conn, self.guild_id), index, rank.role, name, is_managed=rank.is_managed
                )

    async def _decide(self, conn: Connection, spec: GuildSpec, user_ids: Sequence[str]) -> None:
        """Write what people have decided before the first scan: players, links, aliases, rejections."""
        rows = await direct_rows.character_ids(conn, self.guild_id)
        characters = [rows[toon.number] for toon in self.toons]
        members = await direct_rows.member_ids(conn, self.guild_id)
        for player in spec.players:
            member = members.get(user_ids[player.member]) if player.member is not None else None
            self.players.append(await direct_rows.make_player(conn, self.guild_id, player.name, member))
        for link in spec.links:
            character, owner = characters[link.character], self.players[link.player]
            await direct_rows.link(conn, self.guild_id, character, owner, link.source, as_main=link.as_main)
        for alias, place in spec.aliases:
            await direct_rows.give_alias(conn, self.guild_id, self.players[place], alias)
        for character, place in spec.rejections:
            await direct_rows.reject(conn, self.guild_id, characters[character], self.players[place])
