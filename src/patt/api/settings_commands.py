"""Changing settings, once for the API and the pages: preview, save, undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from patt.api.settings_models import (
    DifferenceAnswer,
    RanksAnswer,
    ReadingChangeAnswer,
    SettingEffectAnswer,
    SettingReportAnswer,
)
from patt.api.settings_requests import RanksChangeRequest, RuleChangeRequest, SettingChangeRequest, WordChangeRequest
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.guild_sync.domain.errors import SourceError
from sv_common.guild_sync.domain.paging import PAGE_SIZE
from sv_common.guild_sync.domain.role_authority import find_obstacles
from sv_common.guild_sync.domain.setting import RanksSetting
from sv_common.guild_sync.guild_settings import SettingReport, preview_setting, save_setting
from sv_common.guild_sync.setting_effects import Move
from sv_common.guild_sync.setting_requests import (
    RanksRequest,
    RoleWish,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)
from sv_common.guild_sync.store import guilds
from sv_common.guild_sync.store.guilds import Guild

Asked: TypeAlias = SettingChangeRequest | int
"""A change, or the number of the change that is to be taken back."""


async def preview(services: Services, asked: Asked, *, guild_id: int | None) -> SettingReportAnswer:
    """Say what a change would do. Raises `NotFound`, `BadInput` and `Refused` like the change itself."""
    has_bot = services.outside.discord is not None
    report = await preview_setting(services.pool, _request(asked), guild_id=guild_id, with_discord=has_bot)
    answer = _answer(report)
    answer.notices += [*report.unrelated, *await obstacles_of(services, report)]
    return answer


async def obstacles_of(services: Services, report: SettingReport) -> list[str]:
    """Ask Discord what keeps the bot from giving and taking the roles of a previewed change, each with its remedy."""
    setting = report.wanted.after
    if not isinstance(setting, RanksSetting):
        return []
    managed = {
        role.role_id: role.role_name or "" for role in setting.roles.values() if role.role_id and role.is_managed
    }
    async with services.pool.snapshot() as conn:
        guild = await guilds.get(conn, report.guild_id)
    return await _obstacles(services, guild, managed)


async def obstacles(services: Services, guild: Guild, table: RanksAnswer) -> list[str]:
    """Ask Discord what keeps the bot from giving and taking the roles that ranks map to, each with its remedy."""
    managed = {rank.role_id: rank.role_name or "" for rank in table.ranks if rank.role_id and rank.is_managed}
    return await _obstacles(services, guild, managed)


async def save(
    services: Services, administrator: Caller, asked: Asked, *, guild_id: int | None, key: str | None
) -> SettingReportAnswer:
    """Make a change. Raises like `preview`, and `PlanStale` where something else would come of it than was seen."""
    report = await save_setting(
        services.pool,
        _request(asked),
        actor=administrator.actor,
        guild_id=guild_id,
        seen=key,
        discord_bot=services.outside.discord,
    )
    return _answer(report)


async def _obstacles(services: Services, guild: Guild, role_names: Mapping[str, str]) -> list[str]:
    if services.outside.discord is None or guild.discord_guild_id is None or not role_names:
        return []
    try:
        authority = await services.outside.discord.fetch_authority(guild.discord_guild_id)
    except SourceError as error:
        return [f"Discord could not be asked whether the bot can give and take these roles: {error}"]
    return [f"{each.cause} {each.remedy}" for each in find_obstacles(authority, role_names)]


def _request(asked: Asked) -> SettingRequest:
    match asked:
        case RuleChangeRequest():
            return RuleRequest(
                asked.issue_type,
                asked.is_enabled,
                asked.fixes_itself,
                asked.severity,
                asked.parameters,
                asked.to_default,
            )
        case RanksChangeRequest():
            return RanksRequest({index: RoleWish(wish.role, wish.is_managed) for index, wish in asked.roles.items()})
        case WordChangeRequest():
            return WordRequest(asked.word, asked.reading)
        case int():
            return UndoRequest(asked)


def _answer(report: SettingReport) -> SettingReportAnswer:
    counts = report.counts
    sentence = report.sentence
    if report.change_id is not None:
        sentence = " ".join([sentence, *report.notices])
    return SettingReportAnswer(
        guild_id=report.guild_id,
        sentence=sentence,
        differences=[DifferenceAnswer.model_validate(each) for each in report.differences],
        opens=counts[Move.OPENS],
        resolves=counts[Move.RESOLVES],
        fixed=counts[Move.FIXED],
        effects=[SettingEffectAnswer.model_validate(each) for each in report.effects[:PAGE_SIZE]],
        readings=[ReadingChangeAnswer.model_validate(each) for each in report.readings[:PAGE_SIZE]],
        readings_total=len(report.readings),
        notices=list(report.notices),
        key=report.key,
        change_id=report.change_id,
    )
