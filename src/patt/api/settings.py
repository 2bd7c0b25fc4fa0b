"""The settings API: what a guild has set, what a change would do, making it, and taking it back."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from patt.api import settings_commands, settings_reading
from patt.api.officers import officer_router
from patt.api.settings_models import (
    GuildFactsAnswer,
    MadeChangesAnswer,
    RanksAnswer,
    RuleSettingAnswer,
    SettingReportAnswer,
    TriedNoteAnswer,
    WordsAnswer,
)
from patt.api.settings_requests import SettingChangeRequest, TryNoteRequest, UndoSettingRequest
from patt.deps import LARGEST_BIGINT, AdministratorDep, GuildDep, OfficerDep, PageQuery, ServicesDep, officer_of
from sv_common.guild_sync.store import guilds, setting_changes

ChangeId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Number of the change.", examples=[12])]

FOR_OFFICERS = [Depends(officer_of)]

router = officer_router("settings", "settings")


@router.get("/rules", summary="How every rule is set", dependencies=FOR_OFFICERS)
async def rules(services: ServicesDep, guild: GuildDep) -> list[RuleSettingAnswer]:
    """On or off, fixing by itself or not, severity, and each threshold with its bounds."""
    async with services.pool.snapshot() as conn:
        return await settings_reading.rules(conn, (await guilds.the_only(conn, guild)).id)


@router.get("/ranks", summary="The rank table with its Discord roles", dependencies=FOR_OFFICERS)
async def ranks(services: ServicesDep, guild: GuildDep) -> RanksAnswer:
    """With the roles to choose from, and what is wrong with the table."""
    async with services.pool.snapshot() as conn:
        return await settings_reading.rank_table(conn, await guilds.the_only(conn, guild))


@router.get("/words", summary="The guild's own words of notes", dependencies=FOR_OFFICERS)
async def words(services: ServicesDep, guild: GuildDep) -> WordsAnswer:
    """What this guild reads differently from every other."""
    async with services.pool.snapshot() as conn:
        return await settings_reading.word_list(conn, (await guilds.the_only(conn, guild)).id)


@router.post("/words/try", summary="How a note is read, and why", dependencies=FOR_OFFICERS)
async def try_note(
    services: ServicesDep,
    guild: GuildDep,
    body: TryNoteRequest,
) -> TriedNoteAnswer:
    """As if it were on a new character of the guild; it is kept nowhere."""
    async with services.pool.snapshot() as conn:
        return await settings_reading.try_note(conn, (await guilds.the_only(conn, guild)).id, body.note)


@router.get("/guild", summary="The guild itself", dependencies=FOR_OFFICERS)
async def guild_facts(services: ServicesDep, guild: GuildDep) -> GuildFactsAnswer:
    """Where it is at Battle.net and on Discord."""
    async with services.pool.snapshot() as conn:
        return await settings_reading.guild_facts(conn, await guilds.the_only(conn, guild))


@router.get("/changes", summary="Who changed which setting, 50 a page")
async def changes(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep, page: PageQuery = 1
) -> MadeChangesAnswer:
    """Newest first, each with what was before and what then."""
    async with services.pool.snapshot() as conn:
        return await settings_reading.history(conn, officer, (await guilds.the_only(conn, guild)).id, page)


@router.post("/preview", summary="What a change would do", dependencies=FOR_OFFICERS)
async def preview(
    services: ServicesDep,
    guild: GuildDep,
    body: SettingChangeRequest,
) -> SettingReportAnswer:
    """The rules are really run with it, in a transaction that is rolled back; nothing is changed."""
    return await settings_commands.preview(services, body, guild_id=guild)


@router.post("/changes", summary="Change a setting")
async def save(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: SettingChangeRequest
) -> SettingReportAnswer:
    """Saved, the guild is looked at again at once, and what fixes itself is fixed. Recorded, and can be undone."""
    return await settings_commands.save(services, administrator, body, guild_id=guild, key=body.key)


@router.post(
    "/changes/{change_id}/undo/preview", summary="What taking a change back would do", dependencies=FOR_OFFICERS
)
async def preview_undo(
    services: ServicesDep,
    guild: GuildDep,
    change_id: ChangeId,
) -> SettingReportAnswer:
    """Nothing is changed."""
    return await settings_commands.preview(services, change_id, guild_id=await _guild_of(services, change_id, guild))


@router.post("/changes/{change_id}/undo", summary="Take a change back")
async def undo(
    services: ServicesDep,
    administrator: AdministratorDep,
    guild: GuildDep,
    change_id: ChangeId,
    body: UndoSettingRequest | None = None,
) -> SettingReportAnswer:
    """A new change back to what was before; refused where somebody has changed it again since."""
    number = await _guild_of(services, change_id, guild)
    key = body.key if body is not None else None
    return await settings_commands.save(services, administrator, change_id, guild_id=number, key=key)


async def _guild_of(services: ServicesDep, change_id: int, guild: int | None) -> int | None:
    """The guild of a change. Raises `NotFound` for one that is out of reach."""
    async with services.pool.snapshot() as conn:
        return (await setting_changes.get(conn, change_id, guild)).guild_id
