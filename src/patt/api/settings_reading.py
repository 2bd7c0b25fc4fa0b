"""A guild's settings as the API and the pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from patt.api.settings_models import (
    FormerAddressAnswer,
    GuildFactsAnswer,
    KnownWordAnswer,
    MadeChangeAnswer,
    MadeChangesAnswer,
    ParameterAnswer,
    RanksAnswer,
    RankSettingAnswer,
    RoleAnswer,
    RuleSettingAnswer,
    TriedMentionAnswer,
    TriedNoteAnswer,
    WordAnswer,
    WordsAnswer,
)
from patt.deps import Caller
from patt.setup.ranks import roles_for_ranks
from sv_common.db.pool import Connection
from sv_common.guild_sync import setting_readings
from sv_common.guild_sync.domain.guild import DiscordRole
from sv_common.guild_sync.domain.notes import Category
from sv_common.guild_sync.domain.rule import RuleWishes
from sv_common.guild_sync.domain.setting_words import threshold_in_words
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.store import discord, guilds, ranks, setting_changes, words
from sv_common.guild_sync.store.guilds import Guild
from sv_common.guild_sync.store.ranks import Rank
from sv_common.guild_sync.store.rules import read_wishes


async def rules(conn: Connection, guild_id: int) -> list[RuleSettingAnswer]:
    """Return how every rule is set, in the registry's order."""
    wishes = await read_wishes(conn, guild_id)
    size = await guilds.roster_size(conn, guild_id)
    return [_rule(rule, wishes.get(rule.issue_type, RuleWishes()), size) for rule in RULES.values()]


async def rank_table(conn: Connection, guild: Guild) -> RanksAnswer:
    """Return the rank table with the roles to choose from, and what the database knows to be wrong with it."""
    table = await ranks.all_ranks(conn, guild.id)
    members = await ranks.members_by_rank(conn, guild.id)
    known = await discord.known_roles(conn, guild.id)
    moved = await ranks.moved(conn, guild.id)
    return RanksAnswer(
        ranks=[_rank(each, members.get(each.wow_rank_index, 0)) for each in table],
        roles=[
            RoleAnswer(role_id=role.role_id, name=role.name)
            for role in roles_for_ranks(known, guild.discord_guild_id or "")
        ],
        warnings=list(_warnings(table, {role.role_id: role for role in known}, members, moved)),
    )


async def word_list(conn: Connection, guild_id: int) -> WordsAnswer:
    """Return the guild's own words."""
    said = [WordAnswer.model_validate(each) for each in await words.all_words(conn, guild_id)]
    return WordsAnswer(words=said, categories=list(Category))


async def try_note(conn: Connection, guild_id: int, note: str) -> TriedNoteAnswer:
    """Read a note as if it were on a new character. Raises `BadInput`."""
    tried = await setting_readings.try_note(conn, guild_id, note)
    return TriedNoteAnswer(
        kind=tried.kind,
        verdict=tried.verdict,
        sentence=tried.sentence,
        candidates=list(tried.candidates),
        mentions=[TriedMentionAnswer.model_validate(each) for each in tried.mentions],
        known_words=[KnownWordAnswer(word=word, is_here=is_here) for word, is_here in tried.known_words],
    )


async def guild_facts(conn: Connection, guild: Guild) -> GuildFactsAnswer:
    """Return what is known of the guild itself."""
    fields = {name: getattr(guild, name) for name in GuildFactsAnswer.model_fields if hasattr(guild, name)}
    former = [FormerAddressAnswer.model_validate(each) for each in await guilds.former_addresses(conn, guild.id)]
    return GuildFactsAnswer(**fields, characters=await guilds.roster_size(conn, guild.id), former=former)


async def history(conn: Connection, caller: Caller, guild_id: int, number: int) -> MadeChangesAnswer:
    """Return one page of changes.

    Keys and tokens are told to administrators only, those of the whole installation to whoever is bound to no guild.
    """
    found = await setting_changes.newest(
        conn,
        guild_id,
        number=number,
        with_installation=caller.guild_id is None,
        with_secrets=caller.may_act_as("administrator"),
    )
    listed = [MadeChangeAnswer.model_validate(each) for each in found.items]
    return MadeChangesAnswer(page=found.number, pages=found.pages, total=found.total, changes=listed)


def _rule(rule: RuleDefinition, wishes: RuleWishes, roster_size: int) -> RuleSettingAnswer:
    settings = rule.settings(wishes)
    parameters = [
        ParameterAnswer(
            **{name: getattr(each, name) for name in ParameterAnswer.model_fields if hasattr(each, name)},
            value=wishes.parameters.get(each.name),
            now=threshold_in_words(each, settings, roster_size),
        )
        for each in rule.parameters
    ]
    return RuleSettingAnswer(
        issue_type=rule.issue_type,
        name=rule.name,
        description=rule.description,
        is_enabled=settings.is_enabled,
        is_fixable=rule.is_fixable,
        fixes_itself=settings.auto_mitigate,
        chosen_fixes_itself=wishes.auto_mitigate,
        default_fixes_itself=rule.auto_mitigate,
        severity=settings.severity,
        chosen_severity=wishes.severity,
        default_severity=rule.severity,
        parameters=parameters,
        is_default=wishes == RuleWishes(),
    )


def _rank(rank: Rank, members: int) -> RankSettingAnswer:
    return RankSettingAnswer(
        index=rank.wow_rank_index,
        name=rank.name,
        name_in_game=rank.name_in_game if rank.is_in_doubt else None,
        members=members,
        role_id=rank.discord_role_id,
        role_name=rank.discord_role_name,
        is_managed=rank.is_role_managed,
        is_without_role=rank.is_without_role,
    )


def _warnings(
    table: Sequence[Rank], known: Mapping[str, DiscordRole], members: Mapping[int, int], moved: int
) -> Iterator[str]:
    """What is wrong with the table, as far as the last sync can tell."""
    if not known:
        yield "No role of the Discord server is known yet. Sync Discord: patt sync discord"
    for rank in table:
        if rank.is_in_doubt:
            yield (
                f"Rank {rank.wow_rank_index} was {rank.name} and is {rank.name_in_game} in the game, so no role is concluded "
                "from any rank. Look at each rank below, then: patt ranks confirm"
            )
        if known and rank.discord_role_id is not None:
            yield from _warnings_of_role(rank, known.get(rank.discord_role_id))
        if not rank.is_decided and members.get(rank.wow_rank_index):
            yield f"Nobody has said to which role rank {rank.wow_rank_index}, {rank.name}, maps."
    if moved:
        yield (
            f"{moved} characters changed rank as whole ranks, as when a rank is inserted in the game. No role is compared "
            "until the sources agree, or an officer has looked and says so: patt ranks confirm"
        )
    yield from _shared_roles(table)


def _warnings_of_role(rank: Rank, role: DiscordRole | None) -> Iterator[str]:
    called = rank.discord_role_name or rank.discord_role_id
    if role is None:
        yield f"Rank {rank.wow_rank_index}, {rank.name}: the role {called} is gone from the Discord server. Choose another."
    elif role.managed:
        yield f"Rank {rank.wow_rank_index}, {rank.name}: {called} belongs to an integration; nobody can give or take it."


def _shared_roles(table: Sequence[Rank]) -> Iterator[str]:
    sharing: dict[str, list[Rank]] = defaultdict(list)
    for rank in table:
        if rank.discord_role_id is not None:
            sharing[rank.discord_role_id].append(rank)
    for ranks_of_role in sharing.values():
        if len(ranks_of_role) > 1:
            named = " and ".join(f"{rank.wow_rank_index} ({rank.name})" for rank in ranks_of_role)
            yield f"Ranks {named} map to one role, {ranks_of_role[0].discord_role_name}. That is fine if it is meant so."
