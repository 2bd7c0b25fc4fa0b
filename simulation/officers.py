"""What officers do on a day: they fix, undo, dismiss and decide, and they confirm what only a person can confirm."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from patt.bootstrap import Services
from simulation import members
from simulation.clock import Clock
from simulation.decisions import Decisions, read_decisions
from simulation.founding import OFFICER
from simulation.guilds import LivingGuild
from simulation.tally import Tally
from sv_common.db.sql import load_sql
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.accounts import switch
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount, UnshareAccount
from sv_common.guild_sync.identity.decisions import (
    ConfirmLink,
    LinkCharacter,
    LinkCharacterToMember,
    LinkMember,
    ManualDecision,
    MarkShared,
    NewPlayer,
    RejectLink,
    UnlinkCharacter,
    UnmarkShared,
)
from sv_common.guild_sync.identity_engine import apply_decision
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import ranks
from sv_common.guild_sync.rulebook.settings import save_settings
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.scheduler import run_blizzard_sync, run_discord_sync, run_full_match

SQL = load_sql(__package__, "officers.sql")


CONFIRMED_AT_FIRST = 0.8
"""Share of the ways from a character to a Discord member for which officers stand before roles become automatic."""


ABOUT_ACCOUNTS = 0.05
"""Share of the moments in which officers act and also decide about an account."""


class Officers:
    """The officers of all guilds."""

    def __init__(self, services: Services, clock: Clock, tally: Tally) -> None:
        self._services = services
        self._pool = services.pool
        self._clock = clock
        self._tally = tally
        self._chance = random.Random("accounts")  # noqa: S311 -- repeatable on purpose, guards nothing

    async def act(self, guild: LivingGuild) -> None:
        """Let an officer do one thing; what the product refuses is counted as refused."""
        name = guild.rng.choices(list(ACTIONS), [weight for weight, _ in ACTIONS.values()])[0]
        await self._do(guild, name, ACTIONS[name][1](self, guild))
        if self._chance.random() < ABOUT_ACCOUNTS:
            await self._do(guild, "decide about an account", self.decide_about_an_account(guild))

    async def look_after(self, guild: LivingGuild) -> None:
        """Confirm what the product asks an officer to confirm: renamed ranks, and great losses that are real."""
        if await self._rows("doubtful_ranks", guild):
            await self._do(guild, "confirm the rank table", self._confirm_ranks(guild))
        for (pipeline,) in await self._rows("refused_losses", guild):
            guild.neighbor.faults.clear()  # an officer accepts what the source truly says, and no failed fetch
            run = run_blizzard_sync if pipeline == "battlenet_sync" else run_discord_sync
            work = run(
                self._pool, guild_id=guild.guild_id, sources=self._services.sources, actor=OFFICER, accept_losses=True
            )
            await self._do(guild, "accept great losses", work)

    async def remember(self, guild: LivingGuild) -> None:
        """Keep what people have decided until now."""
        read = await read_decisions(self._pool, guild.guild_id)
        guild.decided = read.get(guild.guild_id, Decisions())

    async def _do(self, guild: LivingGuild, name: str, work: Awaitable[object]) -> None:
        try:
            await work
        except PattError as error:
            self._tally.add("refused or failed for officers", f"{name}: {type(error).__name__}")
        else:
            self._tally.add("officers", name)
        await self.remember(guild)

    async def _confirm_ranks(self, guild: LivingGuild) -> None:
        async with self._pool.writing(guild.guild_id) as here:
            known = {rank.wow_rank_index for rank in await ranks.all_ranks(here)}
            await ranks.confirm_names(here)
            for index in sorted(known):
                role = guild.world.rank_roles.get(index)
                if role is None:
                    await ranks.leave_without_role(here, index)
                else:
                    await ranks.map_to_role(here, index, role.role_id, role.name, is_managed=True)

    async def fix(self, guild: LivingGuild) -> None:
        if issue_id := await self._one("open_issues", guild):
            await mitigations.fix_one(
                self._pool, issue_id, actor=OFFICER, guild_id=guild.guild_id, discord_bot=self._services.sources.discord
            )

    async def fix_all(self, guild: LivingGuild) -> None:
        await self._fix_all_of(guild.rng.choice(list(RULES)), guild)

    async def _fix_all_of(self, issue_type: str, guild: LivingGuild) -> None:
        await mitigations.fix_all(
            self._pool, issue_type, actor=OFFICER, guild_id=guild.guild_id, discord_bot=self._services.sources.discord
        )

    async def undo(self, guild: LivingGuild) -> None:
        """Undo something, whoever did it."""
        if attempt_id := await self._one("undoable_attempts", guild):
            discord = self._services.sources.discord
            await mitigations.undo(self._pool, attempt_id, actor=OFFICER, guild_id=guild.guild_id, discord_bot=discord)

    async def dismiss(self, guild: LivingGuild) -> None:
        """Dismiss an issue, for ever or for some days."""
        if issue_id := await self._one("open_issues", guild):
            days = guild.rng.choice([None, 1, 3, 7])
            until = self._clock.now + timedelta(days=days) if days else None
            async with self._pool.writing(guild.guild_id) as here:
                await lifecycle.dismiss(here, issue_id, actor=OFFICER, reason="This is right.", until=until)

    async def reopen(self, guild: LivingGuild) -> None:
        """Look at a dismissed issue again."""
        if issue_id := await self._one("dismissed_issues", guild):
            async with self._pool.writing(guild.guild_id) as here:
                await lifecycle.reopen(here, issue_id, actor=OFFICER, reason="Let us see.")

    async def decide(self, guild: LivingGuild) -> None:
        """Say who owns a character or does not: a player, a new one, or no player at all."""
        pairs = await self._rows("characters_and_players", guild)
        if pairs:
            character, player = guild.rng.choice(pairs)
            decisions: list[ManualDecision] = [
                LinkCharacter(character, player, reason=guild.rng.choice(["", "The account was sold."])),
                UnlinkCharacter(character, guild.rng.choice(["", "The account was sold."])),
                RejectLink(character, player, "Not so."),
                MarkShared(character, "Bank."),
                UnmarkShared(character),
                NewPlayer([character]),
            ]
            decision = guild.rng.choice(decisions)
            await apply_decision(self._pool, decision, actor=OFFICER, guild_id=guild.guild_id)

    async def decide_about_an_account(self, guild: LivingGuild) -> None:
        """Say that several people play on an account, or one after all; or let links by the same account give rights, or no more."""
        pairs = await self._rows("characters_and_players", guild)
        if pairs and self._chance.random() < 0.6:
            character, _ = self._chance.choice(pairs)
            decision = self._chance.choice([ShareAccount(character), UnshareAccount(character)])
            await apply_decision(self._pool, decision, actor=OFFICER, guild_id=guild.guild_id)
            return
        async with self._pool.writing(guild.guild_id) as here:
            gives_rights = self._chance.random() < 0.7
            await switch.put_mode(here, await switch.mode_of(here), gives_rights=gives_rights, actor=OFFICER)

    async def let_a_member_prove(self, guild: LivingGuild) -> None:
        """Send the page to a member, who proves their characters there or ends what they have proven."""
        await members.visit(self._services, guild)

    async def confirm(self, guild: LivingGuild) -> None:
        """Confirm the player of a character, the Discord member of a player, or both at once."""
        ways = await self._rows("ways_to_confirm", guild)
        if ways:
            character, player, member = guild.rng.choice(ways)
            decisions: list[ManualDecision] = [ConfirmLink(character)]
            if member is not None:
                decisions = [
                    ConfirmLink(character),
                    LinkMember(player, member),
                    *(2 * [LinkCharacterToMember(character, member)]),
                ]
            await apply_decision(self._pool, guild.rng.choice(decisions), actor=OFFICER, guild_id=guild.guild_id)

    async def confirm_many(self, guild: LivingGuild) -> None:
        """Confirm most characters whose members are known, as officers do who want automatic role fixes."""
        for character, _, member in await self._rows("ways_to_confirm", guild):
            if member is not None and guild.rng.random() < CONFIRMED_AT_FIRST:
                decision = LinkCharacterToMember(character, member)
                await apply_decision(self._pool, decision, actor=OFFICER, guild_id=guild.guild_id)

    async def fix_roles(self, guild: LivingGuild) -> None:
        """Fix all roles that are wrong, of those that an officer may fix at once."""
        await self._do(guild, "fix all roles", self._fix_all_of("role_mismatch", guild))

    async def match(self, guild: LivingGuild) -> None:
        await run_full_match(self._pool, guild_id=guild.guild_id, sources=self._services.sources, actor=OFFICER)

    async def switch_automation(self, guild: LivingGuild) -> None:
        """Switch automatic fixes of a rule on or off."""
        async with self._pool.writing(guild.guild_id, alone=False) as here:
            rule = guild.rng.choice([each for each in RULES.values() if each.is_fixable])
            await save_settings(here, rule.issue_type, actor=OFFICER, auto_mitigate=guild.rng.random() < 0.7)

    async def _one(self, question: str, guild: LivingGuild) -> int | None:
        rows = await self._rows(question, guild)
        return int(guild.rng.choice(rows)[0]) if rows else None

    async def _rows(self, question: str, guild: LivingGuild) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as conn:
            return await (await conn.execute(SQL[question], {"guild_id": guild.guild_id})).fetchall()


ACTIONS: dict[str, tuple[float, Callable[[Officers, LivingGuild], Awaitable[None]]]] = {
    "fix an issue": (5, Officers.fix),
    "fix all of a rule": (1, Officers.fix_all),
    "undo": (1.5, Officers.undo),
    "dismiss": (1.5, Officers.dismiss),
    "reopen": (0.5, Officers.reopen),
    "decide manually": (1.5, Officers.decide),
    "let a member prove characters": (3.0, Officers.let_a_member_prove),
    "confirm a link": (2.5, Officers.confirm),
    "full match": (0.3, Officers.match),
    "switch automation": (0.3, Officers.switch_automation),
}
"""What officers do, how often beside the others, and how."""
