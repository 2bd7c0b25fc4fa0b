"""A preview of a settings change comes true to the letter, and what was saved can be taken back."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from laws import snapshot
from laws.direct_rows import OFFICER
from laws.guilds import BY_OFFICERS, IN_THE_GAME, ON_DISCORD, ROLES, Event, GuildSpec, events, guild_specs
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import LANGUAGES, PSEUDO
from sv_common.guild_sync.roster import ranks
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.settings.requests import (
    LanguageRequest,
    RanksRequest,
    RoleWish,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)
from sv_common.guild_sync.settings.service import SettingReport, preview_setting, save_setting
from sv_common.guild_sync.settings.trial import Move

SETTINGS = {"common.guild_ranks", "guild_identity.guild_words", "guild_identity.guilds"}
WORDS = ("Mito", "tailor", "bank", "alt", "Brightmane", "holy")
READINGS = ("role", "alt", "bank", "name", "default")


def _request(rng: random.Random, ranks_of_guild: list[int], roles_of_server: list[str]) -> SettingRequest:
    kind = rng.choice(("rule", "rule", "ranks", "word", "language"))
    if kind == "ranks" and ranks_of_guild:
        roles = {index: rng.choice(("", "none", *roles_of_server)) for index in rng.sample(ranks_of_guild, 1)}
        return RanksRequest({index: RoleWish(role, rng.random() < 0.7) for index, role in roles.items()})
    if kind == "word":
        return WordRequest(rng.choice(WORDS), rng.choice(READINGS))
    if kind == "language":
        return LanguageRequest(rng.choice((*LANGUAGES, PSEUDO)))
    rule = RULES[rng.choice(list(RULES))]
    return RuleRequest(
        rule.issue_type,
        is_enabled=rng.choice((None, True, False)),
        fixes_itself=rng.choice(("yes", "no", "default")) if rule.safe is not None else None,
        severity=rng.choice((None, "info", "error", "default")),
        parameters={each.name: rng.choice((each.least, 35, 400, None)) for each in rule.parameters},
        to_default=rng.random() < 0.2,
    )


async def _open(life: Life) -> set[str]:
    return {issue.issue_hash for issue in await life.open_issues()}


async def _preview(life: Life, request: SettingRequest) -> SettingReport | None:
    try:
        return await preview_setting(life.pool, request, guild_id=life.guild_id, with_discord=True)
    except Refused:
        return None


async def _save(life: Life, request: SettingRequest, seen: str) -> SettingReport:
    return await save_setting(
        life.pool, request, actor=OFFICER, guild_id=life.guild_id, seen=seen, discord_bot=life.discord
    )


async def _settle(life: Life) -> None:
    """Scan and fix until nothing moves any more: one fix may show the next rule something."""
    for _ in range(6):
        before = await _open(life)
        await life.scan()
        await life.automate()
        if await _open(life) == before:
            return


async def _known_roles(life: Life) -> list[str]:
    """Roles that a rank can be mapped to; none where the server could never be read."""
    known = {row["role_id"] for row in await life.rows("discord_roles")}
    return [role for role in ROLES if role in known]


async def _used_ranks(life: Life) -> list[int]:
    return [rank.wow_rank_index for rank in await life.call(ranks.all_ranks)]


@tried_on()
@given(guild_specs(), events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, most=4), st.randoms(use_true_random=True))
async def test_what_a_preview_says_is_what_comes_of_saving(
    pool: Pool, spec: GuildSpec, life_of: list[Event], rng: random.Random
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await live(life, life_of)
    await life.sync_discord()
    for _ in range(3):
        await _settle(life)
        before, known = await snapshot.take(pool), await _open(life)
        request = _request(rng, await _used_ranks(life), await _known_roles(life))
        seen = await _preview(life, request)
        assert snapshot.differences(before, await snapshot.take(pool)) == {}
        if seen is None:
            continue
        saved = await _save(life, request, seen.key)
        assert seen.unrelated == ()
        assert (saved.effects, saved.readings) == (seen.effects, seen.readings)
        now = await _open(life)
        on_discord = {effect.issue_hash for effect in seen.effects if effect.on_discord}
        opens = {effect.issue_hash for effect in seen.effects if effect.move is Move.OPENS}
        gone = {effect.issue_hash for effect in seen.effects if effect.move is not Move.OPENS} & known
        assert now - known - on_discord == opens - on_discord
        assert known - now - on_discord == gone - on_discord


@tried_on()
@given(guild_specs(), st.randoms(use_true_random=True))
async def test_taking_a_change_back_puts_the_settings_back_exactly(
    pool: Pool, spec: GuildSpec, rng: random.Random
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await life.sync_discord()
    await life.scan()
    request = _request(rng, await _used_ranks(life), await _known_roles(life))
    before = await snapshot.take(pool, tables=SETTINGS, without_columns=["updated_at", "updated_by"])
    seen = await _preview(life, request)
    if seen is None:
        return
    change = (await _save(life, request, seen.key)).change_id
    assert change is not None
    back = await _preview(life, UndoRequest(change))
    assert back is not None
    await _save(life, UndoRequest(change), back.key)
    after = await snapshot.take(pool, tables=SETTINGS, without_columns=["updated_at", "updated_by"])
    assert snapshot.differences(before, after) == {}
    assert await _preview(life, request) is not None
