"""What a Battle.net sign-in has proven: no weaker basis changes a stronger one, whatever happens in a generated guild."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from laws.game import REALMS, Toon
from laws.guilds import BY_OFFICERS, BY_THEMSELVES, IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.claims import claiming
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.identity.decisions import (
    LinkCharacter,
    ManualDecision,
    MarkShared,
    RejectLink,
    UnlinkCharacter,
    UnlinkMember,
)
from sv_common.guild_sync.sources.battlenet.account import AccountCharacter
from sv_common.guild_sync.sources.battlenet.sign_in import BattleNetAccount

SECRET = InstallationSecret("a secret of the laws, which is long enough for one")
_BY_NO_DOOR = {"undo", "link_manually", "mark_shared"}
"""What these laws leave out: an undo, which is an officer's word about a member's change, rows
that are written past the engine, and a mark, for which officers here give a reason."""

_guilds = guild_specs(fewest_characters=3, fewest_members=2)
_claims = st.lists(st.sets(st.integers(0, 13), min_size=1, max_size=5), min_size=1, max_size=2)
_news = events(*IN_THE_GAME, *ON_DISCORD, *BY_THEMSELVES, most=4)
_decisions = events(*(each for each in BY_OFFICERS if each not in _BY_NO_DOOR), most=6)


@dataclass(frozen=True)
class _Proof:
    """Whom a proven link is of: the Discord member; and what an officer has said of it."""

    member: int | None
    link_source: str
    confirmed_by: str | None


async def _begin(pool: Pool, spec: GuildSpec, claims: list[set[int]]) -> Life:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.make_everything_automatic()
    await life.scan()
    taken: set[int] = set()
    for member, places in zip(life.people_on_discord, claims, strict=False):
        toons = {
            toon.number: toon for place in places if (toon := life.toons[place % len(life.toons)]).number not in taken
        }
        taken |= toons.keys()
        await _claim(life, member.user_id, list(toons.values()))
    life.through_pipelines = True
    return life


async def _claim(life: Life, discord_id: str, toons: list[Toon]) -> None:
    """Let a member sign in with Battle.net, and confirm all that the page shows."""
    if not toons:
        return
    characters = tuple(
        AccountCharacter(REALMS[toon.realm][2], toon.number, toon.name, REALMS[toon.realm][0], 1, 80) for toon in toons
    )
    account = BattleNetAccount("https://oauth.battle.net", discord_id, "us", 1, characters)
    await claiming.keep_account(life.pool, life.guild_id, discord_id, account, SECRET)
    async with life.pool.reading(life.guild_id) as guild:
        plan = (await claiming.standing(guild, discord_id)).plan
    assert plan is not None
    chosen = [entry.id for entry in plan.entries]
    if chosen:
        await claiming.confirm(
            life.pool, life.guild_id, discord_id, seen=plan.key, chosen=chosen, remembers_others=True
        )


async def _proven(life: Life) -> dict[int, _Proof]:
    members = {row["id"]: row["discord_user_id"] for row in await life.rows("players")}
    return {
        row["character_id"]: _Proof(members[row["player_id"]], row["link_source"], row["confirmed_by"])
        for row in await life.rows("player_characters")
        if row["basis"] == "proven"
    }


@tried_on()
@given(_guilds, _claims, _news)
async def test_no_automation_no_note_no_bulk_and_no_match_changes_what_is_proven(
    pool: Pool, spec: GuildSpec, claims: list[set[int]], news: list[Event]
) -> None:
    life = await _begin(pool, spec, claims)
    for event in news:
        before = await _proven(life)
        await live(life, [event])
        await life.automate()
        after = await _proven(life)
        assert before.items() <= after.items()
    before = await _proven(life)
    await life.do_everything_at_once()
    assert before.items() <= (await _proven(life)).items()


@tried_on()
@given(_guilds, _claims, _decisions)
async def test_without_a_reason_no_officer_changes_what_is_proven(
    pool: Pool, spec: GuildSpec, claims: list[set[int]], decisions: list[Event]
) -> None:
    life = await _begin(pool, spec, claims)
    for event in decisions:
        before = await _proven(life)
        with contextlib.suppress(Refused):
            await live(life, [event])
        after = await _proven(life)
        for character, proof in before.items():
            assert after[character].member == proof.member
    await life.do_everything_at_once()
    for character in await _proven(life):
        for decision in await _overruling(life, character):
            with contextlib.suppress(Refused):
                await life.decide(decision)
                raise AssertionError(f"{decision} needs a reason")


async def _overruling(life: Life, character: int) -> list[ManualDecision]:
    """All that an officer can say against a proven link."""
    (link,) = [row for row in await life.rows("player_characters") if row["character_id"] == character]
    (player,) = [row for row in await life.rows("players") if row["id"] == link["player_id"]]
    others = [row["id"] for row in await life.rows("players") if row["id"] != player["id"]]
    it, owner = f"#{character}", f"#{player['id']}"
    decisions: list[ManualDecision] = [UnlinkCharacter(it), RejectLink(it, owner), MarkShared(it)]
    decisions += [LinkCharacter(it, f"#{other}") for other in others[:1]]
    if player["discord_basis"] == "proven":
        decisions.append(UnlinkMember(owner))
    return decisions


@tried_on()
@given(_guilds, _claims, st.integers(0, 3))
async def test_an_overruled_proof_keeps_the_reason_and_all_of_it_can_be_undone(
    pool: Pool, spec: GuildSpec, claims: list[set[int]], which: int
) -> None:
    life = await _begin(pool, spec, claims)
    before = await _proven(life)
    for character in before:
        it, owner = f"#{character}", ""
        (link,) = [row for row in await life.rows("player_characters") if row["character_id"] == character]
        owner = f"#{link['player_id']}"
        reason = "The account was sold"
        decision = (
            UnlinkCharacter(it, reason),
            RejectLink(it, owner, reason),
            MarkShared(it, reason),
            UnlinkMember(owner, reason),
        )[which]
        report = await life.decide(decision)
        table = "shared_characters" if which == 2 else "link_rejections"
        assert reason in {row["reason"] for row in await life.rows(table)}
        assert report.attempt_id is not None
        await life.undo(report.attempt_id)
        assert await _proven(life) == before
