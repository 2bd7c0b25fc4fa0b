"""Where a guild has set it, a link by the same account as a confirmed one counts like it; and what ends that, each alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import LiteralString

import pytest

from engine.memory_discord import MemoryDiscord, discord_of
from guild_builder import RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.guild_sync.accounts import evidence
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.accounts.decisions import ShareAccount, UnshareAccount
from sv_common.guild_sync.identity.decisions import LinkCharacter, UnlinkCharacter
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_one, preview_one, run_auto_mitigations

RAIDER_ROLE = ROLE_OF_RANK[RAIDER]


@dataclass
class Account:
    """Mito, linked by an officer, and Velquin, of a higher rank and by the same account; other people of the guild."""

    guild: GuildBuilder
    player: int
    mito: int
    velquin: int
    zephyr: int

    async def counted(self) -> list[tuple[str, str]]:
        """The characters whose links count by the account, each with the character by which it does."""
        return await self.guild.rows(
            "select c.character_name, anchor.character_name from guild_identity.links_counted_by_account v "
            "join guild_identity.wow_characters c on c.id = v.character_id "
            "join guild_identity.wow_characters anchor on anchor.id = v.anchor_id order by 1"
        )

    async def execute(self, query: LiteralString) -> None:
        """Run one statement that may name the characters."""
        await self.guild.execute(query, {"mito": self.mito, "velquin": self.velquin})

    async def is_also_of(self, other: int) -> None:
        """Let the account be that of another character, too."""
        await self.guild.account(other, gives_rights=True)
        await self.guild.execute(
            "update guild_identity.account_evidence set account = %(account)s where character_id = %(other)s",
            {"account": self.mito, "other": other},
        )


@pytest.fixture
async def account(guild: GuildBuilder) -> Account:
    await guild.roles_without_power()
    player = await guild.player("Mito", member=await guild.member("Mito"), is_confirmed=True)
    mito = await guild.alt("Mito", None, player, source="manual", rank=SOCIAL)
    velquin = await guild.alt("Velquin", None, player, source="auto_fix", rank=RAIDER)
    await guild.link_by_account(velquin)
    await guild.account(mito, velquin, gives_rights=True)
    return Account(guild, player, mito, velquin, await guild.main("Zephyr"))


_NOT_SET: LiteralString = "update guild_identity.account_settings set gives_rights = false"
_OFF: LiteralString = "update guild_identity.account_settings set mode = 'off', salt = null"
_OLD: LiteralString = (
    "update guild_identity.account_evidence set read_at = now() - interval '29 days' where character_id = "
)
_DOUBTED: LiteralString = (
    "update guild_identity.account_evidence set doubted_oldest = oldest, doubted_by_hash = by_hash, doubted_pets = pets, "
    "doubted_read_at = now() where character_id = "
)
_MOVED: LiteralString = (
    "update guild_identity.account_evidence set account = character_id where character_id = %(velquin)s"
)
_BY_NOTE: LiteralString = "update guild_identity.player_characters set basis = 'note' where basis = 'account'"


async def _has_expired(account: Account, whose: LiteralString) -> None:
    await account.execute(_OLD + whose)
    await account.guild.call(evidence.expire)


async def _another_player_has_a_confirmed_link(account: Account) -> None:
    other = await account.guild.alt("Zephalt", None, account.zephyr, source="manual")
    await account.is_also_of(other)


async def _objects(account: Account) -> None:
    other = await account.guild.alt("Third", None, account.player)
    await account.guild.execute(
        "insert into guild_identity.account_objections (guild_id, key, character_id, objected_by) "
        "values (%(guild)s, sha256('key'), %(id)s, 'test')",
        {"id": other},
    )


ENDED: dict[str, Callable[[Account], Awaitable[object]]] = {
    "the guild has not set it": lambda it: it.execute(_NOT_SET),
    "account evidence is off": lambda it: it.execute(_OFF),
    "what was read of it has expired": lambda it: _has_expired(it, "%(velquin)s"),
    "what was read of the other has expired": lambda it: _has_expired(it, "%(mito)s"),
    "its last reading says another account": lambda it: it.execute(_DOUBTED + "%(velquin)s"),
    "the last reading of the other says another account": lambda it: it.execute(_DOUBTED + "%(mito)s"),
    "they are on two accounts by now": lambda it: it.execute(_MOVED),
    "the other link rests on the account, too": lambda it: it.guild.link_by_account(it.mito),
    "the other link is undone": lambda it: it.guild.decide(UnlinkCharacter("Mito")),
    "the other link is to another player": lambda it: it.guild.decide(LinkCharacter("Mito", "Zephyr")),
    "the account leads to two players": _another_player_has_a_confirmed_link,
    "several people play on the account": lambda it: it.guild.decide(ShareAccount("Mito", "a couple")),
    "the player objects": _objects,
    "the link rests on a note": lambda it: it.execute(_BY_NOTE),
}


async def _automatic(guild: GuildBuilder) -> MemoryDiscord:
    """Let roles follow ranks automatically; return what Discord saw."""
    await guild.execute(
        "insert into guild_identity.rule_settings (guild_id, issue_type, auto_mitigate, updated_by) "
        "values (%(guild)s, 'role_mismatch', true, 'test') on conflict do nothing"
    )
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    discord = await discord_of(guild)
    await run_auto_mitigations(guild.pool, guild_id=guild.guild_id, discord_bot=discord)
    return discord


async def test_a_link_by_the_account_of_an_officers_link_gives_the_role_of_its_rank(account: Account) -> None:
    assert await account.counted() == [("Velquin", "Mito")]
    assert ("add", RAIDER_ROLE) in (await _automatic(account.guild)).changes


async def test_a_link_by_the_account_of_a_proven_link_gives_it_too(account: Account) -> None:
    await account.guild.prove(account.mito)
    assert await account.counted() == [("Velquin", "Mito")]


@pytest.mark.parametrize("why", ENDED)
async def test_it_gives_nothing_where(account: Account, why: str) -> None:
    await ENDED[why](account)
    assert await account.counted() == []
    assert ("add", RAIDER_ROLE) not in (await _automatic(account.guild)).changes


@pytest.mark.parametrize("why", ENDED)
async def test_a_scan_that_asks_only_rules_whose_ground_has_changed_sees_the_end_where(
    account: Account, why: str
) -> None:
    """The details of the issue are those that a scan without memory finds."""
    await run_integrity_check(account.guild.pool, guild_id=account.guild.guild_id)
    assert await _counts(account.guild)
    await ENDED[why](account)
    await run_integrity_check(account.guild.pool, guild_id=account.guild.guild_id)
    assert not await _counts(account.guild)


async def _counts(guild: GuildBuilder) -> bool:
    rows = await guild.rows(
        "select details -> 'counts_by_account' from guild_identity.audit_issues "
        "where issue_type = 'role_mismatch' and resolved_at is null and details ->> 'player' = 'Mito'"
    )
    return bool(rows and rows[0][0])


async def test_what_was_ended_by_an_officers_word_begins_again_with_its_end(account: Account) -> None:
    await account.guild.decide(ShareAccount("Velquin"))
    await account.guild.decide(UnshareAccount("Velquin"))
    assert await account.counted() == [("Velquin", "Mito")]


async def test_a_link_to_somebody_else_that_rests_on_a_note_ends_nothing(account: Account) -> None:
    other = await account.guild.alt("Zephalt", "alt of Zephyr", account.zephyr)
    await account.is_also_of(other)
    assert await account.counted() == [("Velquin", "Mito")]


async def test_who_the_player_is_on_discord_still_needs_an_officer(account: Account) -> None:
    await account.guild.execute(
        "update guild_identity.players set discord_basis = 'name', discord_confirmed_by = null, discord_confirmed_at = null"
    )
    assert await account.counted() == [("Velquin", "Mito")]
    assert ("add", RAIDER_ROLE) not in (await _automatic(account.guild)).changes
    issue = await account.guild.open_issue("role_mismatch")
    assert issue.review_reason == "No officer has confirmed that Velquin belongs to Mito."


async def test_the_fix_and_its_evidence_say_that_the_link_counts_by_its_account(account: Account) -> None:
    issue = await account.guild.open_issue("role_mismatch")
    (ready,) = (await preview_one(account.guild.pool, issue.id)).ready
    assert ready.plan.waits_for_officer is None
    assert ready.plan.reason == (
        "Velquin is Raider, which maps to Raider. It counts by account evidence. Only officers see what this rests on."
    )
    await account.execute(_NOT_SET)
    (ready,) = (await preview_one(account.guild.pool, issue.id)).ready
    assert ready.plan.waits_for_officer == "No officer has confirmed that Velquin belongs to Mito."
    assert "The link of Velquin to Mito is based on the account" in ready.plan.reason


async def test_a_fix_is_seen_by_a_player_whom_only_the_account_connects_with_it(account: Account) -> None:
    """A fix has rules look at what it touched; here that are Zephyr and Third, and Mito, on whose account the character is."""
    guild = account.guild
    other = await guild.alt("Zephalt", None, account.zephyr)
    await account.is_also_of(other)
    third = await guild.member("Third")
    await guild.player("Third", member=third, is_confirmed=True)
    await guild.claim(third, other)
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    assert await _counts(guild)
    issue = await guild.open_issue("link_contradicts_proof")
    assert (await fix_one(guild.pool, issue.id, actor="officer alice")).outcome is FixOutcome.FIXED
    assert await account.counted() == []
    assert not await _counts(guild)


async def test_a_role_with_power_still_needs_a_click(account: Account) -> None:
    await account.guild.execute(
        "update guild_identity.discord_roles set is_administrative = true where role_id = %(role)s",
        {"role": RAIDER_ROLE},
    )
    assert await account.counted() == [("Velquin", "Mito")]
    assert ("add", RAIDER_ROLE) not in (await _automatic(account.guild)).changes
