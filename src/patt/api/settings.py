"""The settings API: what a guild has set, previewing, making and undoing a change; and the guild's own address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StrictInt

from patt.api import current_settings
from patt.api.current_settings import GuildFacts, KeptNow, RankTable, RuleNow, WordsNow
from patt.api.routing import FOR_OFFICERS, PreviewKey, ReadingDep, officer_router
from patt.bootstrap import Services
from patt.setup.guild_moves import GuildMove, NewName, move, preview_move
from patt.web.context import AdministratorDep, GuildDep, OfficerDep, PageQuery, ServicesDep, number_of
from sv_common.guild_sync.core.errors import SourceError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_setting
from sv_common.guild_sync.insights.accounts.listing import AccountsNow
from sv_common.guild_sync.insights.accounts.listing import accounts as read_accounts
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.settings import changes as setting_changes
from sv_common.guild_sync.settings import readings as setting_readings
from sv_common.guild_sync.settings.changes import SettingChange
from sv_common.guild_sync.settings.model import Difference, RanksSetting
from sv_common.guild_sync.settings.readings import ReadingChange, TriedNote
from sv_common.guild_sync.settings.requests import (
    AccountsRequest,
    LanguageRequest,
    RanksRequest,
    RetentionRequest,
    RuleRequest,
    SettingRequest,
    UndoRequest,
    WordRequest,
)
from sv_common.guild_sync.settings.service import SettingReport, preview_setting, save_setting
from sv_common.guild_sync.settings.trial import IssueEffect, Move
from sv_common.guild_sync.sources.discord.permissions import find_obstacles

ChangeId = Annotated[int, number_of("change", 12)]
SeenKey: TypeAlias = Annotated[
    str | None,
    Field(
        max_length=64,
        description="The preview's key. Refused (409) if the outcome is another one by now. None: saved without comparing.",
        examples=["5f0c7a3d9b1e4c2f8a6d5f0c7a3d9b1e4c2f8a6d5f0c7a3d9b1e4c2f8a6d9b1e"],
    ),
]

router = officer_router("settings", "settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange(RuleRequest):
    """Set a rule. What is left out stays as it is; "default" is what the rulebook says."""

    kind: Literal["rule"]
    parameters: Annotated[
        Mapping[Annotated[str, Field(max_length=60)], StrictInt | str | None],
        Field(
            max_length=20,
            description="Thresholds by name; null is the default.",
            examples=[{"stale_after_days": 45}],
        ),
    ] = field(default_factory=dict)
    key: SeenKey = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RanksChange(RanksRequest):
    """Map ranks, by index, to Discord roles; ranks that are left out stay as they are."""

    kind: Literal["ranks"]
    key: SeenKey = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordChange(WordRequest):
    """Say what a word of notes is in this guild."""

    kind: Literal["word"]
    key: SeenKey = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageChange(LanguageRequest):
    """Say everything about the guild in another language; the summaries of open issues are written anew."""

    kind: Literal["language"]
    key: SeenKey = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionChange(RetentionRequest):
    """Set for how many days things are kept. What is left out stays as it is; null is the default."""

    kind: Literal["retention"]
    days: Annotated[
        Mapping[Annotated[str, Field(max_length=60)], StrictInt | str | None],
        Field(
            max_length=20,
            description="Days by what it is; null is the default.",
            examples=[{"uploads": 30, "undo": 60}],
        ),
    ] = field(default_factory=dict)
    key: SeenKey = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsChange(AccountsRequest):
    """Set what is done with account evidence. Turning it off erases everything that was read."""

    kind: Literal["accounts"]
    key: SeenKey = None


ChangeRequest: TypeAlias = Annotated[
    RuleChange | RanksChange | WordChange | LanguageChange | RetentionChange | AccountsChange,
    Field(discriminator="kind"),
]


@dataclass(frozen=True, slots=True)
class UndoChange:
    """Put back what a change has changed."""

    key: SeenKey = None


@dataclass(frozen=True, slots=True)
class NoteToTry:
    """A note to be read as if it were on a new character of the guild. It is kept nowhere."""

    note: Annotated[str, Field(max_length=1000, examples=["alt of Mito"])]


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """What a change would do, or did. Lists hold at most 50 entries; the counts count all."""

    guild_id: int
    sentence: Annotated[str, Field(examples=["This would resolve 1 issue."])]
    differences: Sequence[Difference]
    opens: Annotated[int, Field(description="Issues that open.")]
    resolves: Annotated[int, Field(description="Issues that are resolved.")]
    fixed: Annotated[int, Field(description="Issues that are fixed automatically.")]
    effects: Sequence[IssueEffect]
    readings: Annotated[Sequence[ReadingChange], Field(description="Notes that are read differently.")]
    readings_total: int
    notices: Annotated[Sequence[str], Field(description="Sentences that an administrator should read.")]
    key: Annotated[str, Field(description="Send it back to save exactly this.")]
    change_id: Annotated[int | None, Field(description="The change that was made; null for a preview.")]
    undo: Annotated[UndoOffer | None, Field(description="How to undo it; null for a preview.")]


@router.get("/rules", summary="Settings of every rule", dependencies=FOR_OFFICERS)
async def rules(here: ReadingDep) -> list[RuleNow]:
    """On or off, automatic fix or not, severity, and each threshold with its bounds."""
    return await current_settings.rules(here)


@router.get("/ranks", summary="The rank table with its Discord roles", dependencies=FOR_OFFICERS)
async def ranks(here: ReadingDep) -> RankTable:
    """With the roles to choose from, and what is wrong with the table."""
    return await current_settings.rank_table(here, await guilds.get(here))


@router.get("/words", summary="The guild's own words of notes", dependencies=FOR_OFFICERS)
async def words(here: ReadingDep) -> WordsNow:
    """What this guild reads differently from every other."""
    return await current_settings.word_list(here)


@router.post("/words/try", summary="How a note is read, and why", dependencies=FOR_OFFICERS)
async def try_note(here: ReadingDep, body: NoteToTry) -> TriedNote:
    """As if it were on a new character of the guild; it is kept nowhere."""
    return await setting_readings.try_note(here, body.note)


@router.get("/guild", summary="The guild itself", dependencies=FOR_OFFICERS)
async def guild_facts(here: ReadingDep) -> GuildFacts:
    """Where it is at Battle.net and on Discord."""
    return await current_settings.guild_facts(here, await guilds.get(here))


@router.get("/retention", summary="For how long data is kept", dependencies=FOR_OFFICERS)
async def retention(here: ReadingDep) -> KeptNow:
    """Each with its bounds and its default."""
    return await current_settings.kept(here)


@router.get("/accounts", summary="Account evidence, and the accounts it has found", dependencies=FOR_OFFICERS)
async def accounts(here: ReadingDep) -> AccountsNow:
    """Which characters of the guild belong to one Battle.net account, and for how many that is known."""
    return await read_accounts(here)


@router.get("/changes", summary="History of settings, 50 a page")
async def changes(
    services: ServicesDep, officer: OfficerDep, guild: GuildDep, page: PageQuery = 1
) -> Page[SettingChange]:
    """Newest first, each with what was before and what then.

    Keys and tokens are shown to administrators only, those of the whole installation to callers bound to no guild.
    """
    async with services.pool.snapshot() as conn:
        return await setting_changes.newest(
            conn,
            (await guilds.the_only(conn, guild)).id,
            number=page,
            with_installation=officer.guild_id is None,
            with_secrets=officer.may_act_as("administrator"),
        )


@router.post("/preview", summary="Preview a change", dependencies=FOR_OFFICERS)
async def preview(services: ServicesDep, guild: GuildDep, body: ChangeRequest) -> ChangeOutcome:
    """The rules are really run with it, in a transaction that is rolled back; nothing is changed."""
    return await preview_change(services, body, guild)


@router.post("/changes", summary="Change a setting")
async def save(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: ChangeRequest
) -> ChangeOutcome:
    """The guild is rescanned at once, and automatic fixes run. Recorded, and can be undone."""
    return await save_change(services, body, guild, actor=administrator.actor, key=body.key)


@router.post("/changes/{change_id}/undo/preview", summary="Preview undoing a change", dependencies=FOR_OFFICERS)
async def preview_undo(services: ServicesDep, guild: GuildDep, change_id: ChangeId) -> ChangeOutcome:
    """Nothing is changed."""
    return await preview_change(services, UndoRequest(change_id), await _guild_of(services, change_id, guild))


@router.post("/changes/{change_id}/undo", summary="Undo a change")
async def undo(
    services: ServicesDep,
    administrator: AdministratorDep,
    guild: GuildDep,
    change_id: ChangeId,
    body: UndoChange | None = None,
) -> ChangeOutcome:
    """A new change back to the earlier setting; refused if someone changed it again since."""
    number, key = await _guild_of(services, change_id, guild), body.key if body else None
    return await save_change(services, UndoRequest(change_id), number, actor=administrator.actor, key=key)


async def preview_change(services: Services, request: SettingRequest, guild: int | None) -> ChangeOutcome:
    """Say what a change would do. Raises `NotFound`, `BadInput` and `Refused` like the change itself."""
    has_bot = services.sources.discord is not None
    report = await preview_setting(services.pool, request, guild_id=guild, with_discord=has_bot, secret=services.secret)
    notices = [*report.notices, *report.unrelated, *await obstacles_of(services, report)]
    return _outcome(report, report.sentence, notices)


async def save_change(
    services: Services, request: SettingRequest, guild: int | None, *, actor: str, key: str | None
) -> ChangeOutcome:
    """Make a change. Raises like `preview_change`, and `PlanStale` where something else would come of it than was seen."""
    bot = services.sources.discord
    report = await save_setting(
        services.pool, request, actor=actor, guild_id=guild, seen=key, discord_bot=bot, secret=services.secret
    )
    return _outcome(report, " ".join([report.sentence, *report.notices]), report.notices)


async def obstacles_of(services: Services, report: SettingReport) -> list[str]:
    """Ask Discord what keeps the bot from giving and taking the roles of a previewed change, each with its remedy."""
    setting = report.wanted.after
    if not isinstance(setting, RanksSetting):
        return []
    managed = {
        role.role_id: role.role_name or "" for role in setting.roles.values() if role.role_id and role.is_managed
    }
    async with services.pool.reading(report.guild_id) as here:
        found = await guilds.get(here)
    return await obstacles(services, found, managed)


async def obstacles(services: Services, guild: Guild, role_names: Mapping[str, str]) -> list[str]:
    """Ask Discord what keeps the bot from giving and taking these roles, each with its remedy."""
    if services.sources.discord is None or guild.discord_guild_id is None or not role_names:
        return []
    try:
        authority = await services.sources.discord.fetch_authority(guild.discord_guild_id)
    except SourceError as error:
        return [tr("PATT could not check the bot's permissions on Discord: {error}", error=error)]
    return [f"{each.cause} {each.remedy}" for each in find_obstacles(authority, role_names)]


def _outcome(report: SettingReport, sentence: str, notices: Sequence[str]) -> ChangeOutcome:
    counts = report.counts
    return ChangeOutcome(
        guild_id=report.guild_id,
        sentence=sentence,
        differences=report.differences,
        opens=counts[Move.OPENS],
        resolves=counts[Move.RESOLVES],
        fixed=counts[Move.FIXED],
        effects=report.effects[:PAGE_SIZE],
        readings=report.readings[:PAGE_SIZE],
        readings_total=len(report.readings),
        notices=notices,
        key=report.key,
        change_id=report.change_id,
        undo=undo_of_setting(report.change_id, is_undo=report.wanted.undoes is not None),
    )


async def _guild_of(services: Services, change_id: int, guild: int | None) -> int | None:
    """The guild of a change. Raises `NotFound` for one that is out of reach."""
    async with services.pool.snapshot() as conn:
        return (await setting_changes.get(conn, change_id, guild)).guild_id


@dataclass(frozen=True, slots=True)
class NameToKeep(NewName):
    """The guild's new name, as it was previewed."""

    key: PreviewKey = None


@router.post("/guild/move/preview", summary="Preview a new name of the guild", dependencies=FOR_OFFICERS)
async def preview_guild_move(services: ServicesDep, guild: GuildDep, body: NewName) -> GuildMove:
    """The roster there is fetched and compared with the characters that are known; nothing is changed."""
    return await preview_move(services, body, guild_id=guild)


@router.post("/guild/move", summary="Save the guild's new name")
async def move_guild(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: NameToKeep
) -> GuildMove:
    """Characters, players and settings stay. The old address is kept as the guild's past, and a sync is queued."""
    return await move(services, body, guild_id=guild, actor=administrator.actor, key=body.key)
