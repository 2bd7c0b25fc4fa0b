"""What a member does on the page for claiming: sign-ins are read, shown, confirmed in one changeset, and ended."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes.attempts import CLAIM
from sv_common.guild_sync.changes.changeset import CLAIMED, Author, Changeset
from sv_common.guild_sync.claims import store
from sv_common.guild_sync.claims.plan import ClaimPlan, Outcome, plan_claim, plan_withdrawal
from sv_common.guild_sync.claims.store import CharacterFacts, ClaimedCharacter, ClaimingMember, Reading
from sv_common.guild_sync.core.errors import BadInput, NotFound, PlanStale, Refused
from sv_common.guild_sync.core.keyed_hash import InstallationSecret, keyed_hash
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.identity.facts import GuildFacts, KnownMember, read_facts
from sv_common.guild_sync.identity_engine import write_and_record
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.sources.battlenet.account import AccountCharacter
from sv_common.guild_sync.sources.battlenet.sign_in import BattleNetAccount

_NOT_HERE = mark("You are not on this guild’s Discord server anymore. Join it, then start again.")
_NOTHING_READ = mark("This list is more than an hour old, or was confirmed already. Sign in with Battle.net again.")
_CHANGED = mark("Something changed since this list was shown. Nothing was done. Look at the new list, then confirm it.")
_TAKEN = mark(
    "Another member of this guild has already verified this Battle.net account. If that was you with another Discord account, "
    "sign in here with it and unlink your characters first. If not, an officer decides: they see the question now."
)


class AccountTaken(Refused):
    """Another member of the guild has claimed the account; an officer decides."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member sees: who they are here, what they have claimed, and what waits for their word.

    `read_characters` are the characters of the account beside those of the guild, which are forgotten unless the member
    wants otherwise.
    """

    member: ClaimingMember
    claimed: Sequence[ClaimedCharacter]
    plan: ClaimPlan | None = None
    facts: Mapping[int, CharacterFacts] | None = None
    elsewhere: Sequence[AccountCharacter] = ()


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What came of a confirmation: how many characters are proven now, and how many an officer decides about."""

    proven: int
    questions: int
    attempt_id: int | None


async def standing(guild: GuildConnection, discord_id: str) -> Standing:
    """Return what a member sees now. Raises `NotFound` for somebody who is not on the server."""
    member = await _member(guild, discord_id)
    claimed = await store.claimed(guild, member.id)
    reading = await store.reading(guild, member.id)
    if reading is None:
        return Standing(member, claimed)
    here = await store.here(guild, reading.characters)
    facts = await read_facts(guild)
    plan = plan_claim(facts, _known(facts, member), here)
    elsewhere = [each for each in reading.characters if each not in here.values()]
    return Standing(member, claimed, plan, await store.facts(guild, list(here)), elsewhere)


async def keep_account(
    pool: Pool, guild_id: int, discord_id: str, account: BattleNetAccount, secret: InstallationSecret
) -> None:
    """Keep what a sign-in has read until the member confirms it.

    Raises `Refused` for an account without characters in the guild's region, and `AccountTaken` for one that another member has
    claimed: nothing is kept of it then, and an officer is asked.
    """
    account_hash = keyed_hash(secret, "battle.net account", guild_id, account.issuer, account.number)
    async with pool.writing(guild_id, alone=False) as guild:
        member = await _member(guild, discord_id)
        _check_has_characters(account, member)
        holder = await store.holder(guild, account_hash)
        if holder is None or holder[1] == member.id:
            await store.keep_reading(guild, member.id, Reading(account_hash, account.characters))
            return
    async with pool.writing(guild_id) as guild:
        await store.contest(guild, account_hash, member.id)
        await rescan(guild, RULES)
    raise AccountTaken(tr(_TAKEN))


def _check_has_characters(account: BattleNetAccount, member: ClaimingMember) -> None:
    if not account.characters:
        raise Refused(
            tr(
                "This Battle.net account has no World of Warcraft characters in the guild’s region ({region}). "
                "Sign in with the account that has them.",
                region=member.region.upper(),
            )
        )


async def confirm(
    pool: Pool,
    guild_id: int,
    discord_id: str,
    *,
    seen: str,
    chosen: Collection[int],
    main_id: int | None = None,
    remembers_others: bool = False,
) -> ClaimResult:
    """Link the chosen characters of a member's reading as proven, in one changeset, and look again at every rule.

    `seen` is the key of the list that was shown. Raises `Refused` where there is no reading any more, or where another member
    has claimed the account meanwhile, `PlanStale` where another list would be shown now, and `BadInput` where nothing of it
    is chosen.
    """
    started = time.monotonic()
    async with pool.writing(guild_id) as guild:
        member = await _member(guild, discord_id)
        reading = await store.reading(guild, member.id)
        if reading is None:
            raise Refused(tr(_NOTHING_READ))
        holder = await store.holder(guild, reading.account_hash)
        if holder is not None and holder[1] != member.id:
            raise AccountTaken(tr(_TAKEN))
        here = await store.here(guild, reading.characters)
        facts = await read_facts(guild)
        known = _known(facts, member)
        if plan_claim(facts, known, here).key != seen:
            raise PlanStale(tr(_CHANGED))
        wanted = {number: each for number, each in here.items() if number in chosen}
        if not wanted:
            raise BadInput(tr("Choose at least one character."))
        plan = plan_claim(facts, known, wanted, main_id, read=here)
        kept: list[tuple[AccountCharacter, int | None]] = [(each, number) for number, each in wanted.items()]
        if remembers_others:
            kept += [(each, None) for each in reading.characters if each not in here.values()]
        await store.claim(guild, member, reading, kept)
        await store.forget_reading(guild, member.id)
        attempt = await _write(guild, member, plan.changeset, started)
        questions = [each for each in plan.entries if each.outcome is Outcome.QUESTION]
        return ClaimResult(len(plan.theirs), len(questions), attempt)


async def withdraw(pool: Pool, guild_id: int, discord_id: str) -> int | None:
    """End all that a member has proven; return the attempt, None where no link changed. Raises `Refused` where there is nothing."""
    started = time.monotonic()
    async with pool.writing(guild_id) as guild:
        member = await _member(guild, discord_id)
        if not await store.has_claimed(guild, member.id):
            raise Refused(tr("You have no verified characters here."))
        facts = await read_facts(guild)
        plan = plan_withdrawal(facts, _known(facts, member), await store.proven_by(guild, member.id))
        await store.forget(guild, member.id)
        return await _write(guild, member, plan, started)


async def forget_reading(guild: GuildConnection, discord_id: str) -> None:
    """Forget what a sign-in has read, unconfirmed."""
    member = await store.member(guild, discord_id)
    if member is not None:
        await store.forget_reading(guild, member.id)


async def _write(guild: GuildConnection, member: ClaimingMember, plan: Changeset, started: float) -> int | None:
    actor = f"member {member.display_name}"
    attempt = None
    if plan.rows:
        author = Author(actor, CLAIMED, "confirmed")
        attempt = await write_and_record(guild, CLAIM, plan, plan.reason, author, started)
    await rescan(guild, RULES)
    return attempt


async def _member(guild: GuildConnection, discord_id: str) -> ClaimingMember:
    member = await store.member(guild, discord_id)
    if member is None:
        raise NotFound(tr(_NOT_HERE))
    return member


def _known(facts: GuildFacts, member: ClaimingMember) -> KnownMember:
    known = facts.members.get(member.id)
    if known is None:
        raise NotFound(tr(_NOT_HERE))
    return known
