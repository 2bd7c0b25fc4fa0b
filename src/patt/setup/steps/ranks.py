"""The step that maps each rank to a Discord role: suggested by names, confirmed by the user."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from patt.setup.session import Choice, RankOffer, SetupSession, StepSkipped
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes import fold_accents
from sv_common.guild_sync.roster import ranks
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.settings.model import RanksSetting
from sv_common.guild_sync.settings.service import recorded
from sv_common.guild_sync.sources.discord.permissions import find_obstacles
from sv_common.guild_sync.sources.models import GUILD_MASTER_RANK, DiscordRole

_MAP, _MANAGED, _SUGGESTIONS, _NAMES = "map", "managed", "suggestions", "names"
NO_ROLE = "none"
_LATER = "later"
Decisions = Mapping[int, DiscordRole | None]
"""The role of each rank that is decided now; None for no role on purpose."""

_SHORTEST_WORD_WITH_A_PLURAL: Final = 4

_SAME_MEANING: Final = (
    "guildmaster guildleader gm gl gildenmeister gildenleiter maitredeguilde maestrodehermandad capogilda главагильдии гм",
    "officer offizier offiziere officier oficial oficiales oficiais ufficiale ufficiali офицер офицеры",
    "raidleader raidlead rl raidleiter raidleitung",
    "veteran vet veteranen veterano ветеран ветераны",
    "raider raidteam raidmember рейдер рейдеры",
    "member guildmember guildie mitglied mitglieder gildenmitglied membre miembro membro membri участник участники",
    "trial trialraider triallist probe probezeit essai prueba",
    "recruit rekrut rekruten recrue recluta reclute новобранец новобранцы",
    "initiate initiat neuling iniciado новичок новички",
    "friend friendsandfamily friendsfamily freund freunde ami amigo друг друзья",
    "alt twink reroll твинк твинки",
)
"""Words that guilds use for the same rank, each without blanks, accents and plural; one line for each meaning."""


async def rank_table(session: SetupSession) -> None:
    """Map ranks to roles. Raises `BadInput`, SourceError and `StepSkipped`."""
    guild, server_id = await session.guild_on_discord()
    async with session.pool.reading(guild.id) as here:
        table, examples = await ranks.all_ranks(here), await ranks.examples(here)
    if not table:
        raise StepSkipped(tr("it needs the roster"))
    authority = await session.require_discord().fetch_authority(server_id)
    roles = roles_for_ranks(authority.roles.values(), server_id)
    taken = {rank.discord_role_id for rank in table}
    suggested = suggest(names_of(table), [role for role in roles if role.role_id not in taken])
    _show(session, table, suggested, examples)
    session.dialogue.offer([_offer(rank, suggested, examples) for rank in table], roles)
    await _confirm_names(session, guild.id, table)
    decided = _decide(session, table, suggested, roles)
    if decided:
        is_managed = session.dialogue.confirm(_MANAGED, tr("May PATT assign these roles when an officer starts a fix"))
        await _store(session, guild.id, decided, is_managed=is_managed)
        given = {role.role_id: role.name for role in decided.values() if role is not None and is_managed}
        for obstacle in find_obstacles(authority, given):
            session.dialogue.warn(f"{obstacle.cause} {obstacle.remedy}")
    left = [str(each.wow_rank_index) for each in table if not each.is_decided and each.wow_rank_index not in decided]
    if left:
        session.dialogue.say(
            tr(
                "Ranks without a role yet: {ranks}. Map them with “patt ranks map”, or run “patt init” again.",
                ranks=", ".join(left),
            )
        )


def _show(
    session: SetupSession, table: Sequence[Rank], suggested: Decisions, examples: Mapping[int, Sequence[str]]
) -> None:
    rows = [
        (
            rank.wow_rank_index,
            _name(rank),
            ", ".join(examples.get(rank.wow_rank_index, ())),
            _mapped(rank, suggested.get(rank.wow_rank_index)),
        )
        for rank in table
    ]
    session.dialogue.show((tr("rank"), tr("name"), tr("for example"), tr("Discord role")), rows)
    if all(rank.name_in_game is None for rank in table):
        session.dialogue.say(
            tr(
                "Rank names come with the addon's export. Map ranks by number now, or run “patt init” again after the "
                "first export."
            )
        )


def _offer(rank: Rank, suggested: Decisions, examples: Mapping[int, Sequence[str]]) -> RankOffer:
    role = suggested.get(rank.wow_rank_index)
    return RankOffer(
        rank.wow_rank_index,
        _name(rank),
        examples.get(rank.wow_rank_index, ()),
        NO_ROLE if rank.is_without_role else rank.discord_role_id,
        role.role_id if role else None,
    )


async def _confirm_names(session: SetupSession, guild_id: int, table: Sequence[Rank]) -> None:
    doubtful = [rank for rank in table if rank.is_in_doubt]
    if not doubtful:
        return
    for rank in doubtful:
        session.dialogue.warn(
            tr(
                "Rank {n} is “{now}” in the game now. It was “{before}” when you mapped it.",
                n=rank.wow_rank_index,
                now=rank.name_in_game,
                before=rank.name,
            )
        )
    if session.dialogue.confirm(_NAMES, tr("Are these ranks still mapped to the right roles"), default=False):
        session.before_a_change()
        about = RanksSetting.of(rank.wow_rank_index for rank in table)
        async with session.pool.writing(guild_id) as guild, recorded(guild, about, actor=session.actor):
            await ranks.confirm_names(guild)
    else:
        session.dialogue.say(
            tr("Until you confirm them, no roles are compared. See: patt ranks map, patt ranks confirm")
        )


def _decide(
    session: SetupSession, table: Sequence[Rank], suggested: Mapping[int, DiscordRole], roles: Sequence[DiscordRole]
) -> Decisions:
    """Take what was given beforehand, then suggestions, then what a person says of each rank that is left."""
    decided: dict[int, DiscordRole | None] = dict(_given(session, table, roles))
    left = {index: role for index, role in suggested.items() if index not in decided and role not in decided.values()}
    answer = "each"
    if left:
        how = [
            Choice("all", tr("all of them")),
            Choice("each", tr("decide for each rank")),
            Choice("none", tr("none of them, now")),
        ]
        answer = session.dialogue.choose(_SUGGESTIONS, tr("Use the suggestions"), how, default="all")
    if answer == "all":
        decided |= left
    if answer == "none" or not session.dialogue.is_interactive:
        return decided
    for rank in table:
        if not rank.is_decided and rank.wow_rank_index not in decided:
            decided |= _ask(session, rank, roles, left.get(rank.wow_rank_index))
    return decided


def _given(session: SetupSession, table: Sequence[Rank], roles: Sequence[DiscordRole]) -> Decisions:
    """Read lines of RANK=ROLE, where the role is an id, a name or “none”."""
    known = {str(rank.wow_rank_index): rank for rank in table}
    decided: dict[int, DiscordRole | None] = {}
    for each in filter(None, (session.dialogue.take(_MAP) or "").split("\n")):
        index, _, wanted = (part.strip() for part in each.partition("="))
        if index not in known or not wanted:
            raise BadInput(
                tr(
                    "“{text}” does not map a rank. Write --map RANK=ROLE, with one of the ranks {ranks}.",
                    text=each,
                    ranks=", ".join(known),
                )
            )
        decided[int(index)] = None if name_key(wanted) == NO_ROLE else _role_called(wanted, roles)
    return decided


def _role_called(wanted: str, roles: Sequence[DiscordRole]) -> DiscordRole:
    called = [role for role in roles if wanted == role.role_id or name_key(wanted) == name_key(role.name)]
    if len(called) == 1:
        return called[0]
    if called:
        raise BadInput(tr("Several roles are named “{name}”. Give the role's id instead.", name=wanted))
    raise BadInput(
        tr(
            "No role that the bot can give is named “{name}”. Use one of: {roles}.",
            name=wanted,
            roles=", ".join(role.name for role in roles),
        )
    )


def _ask(session: SetupSession, rank: Rank, roles: Sequence[DiscordRole], suggested: DiscordRole | None) -> Decisions:
    choices = [Choice(role.role_id, role.name) for role in roles]
    choices += [Choice(NO_ROLE, tr("no role")), Choice(_LATER, tr("decide later"))]
    question = tr("Role of rank {n}, {name}", n=rank.wow_rank_index, name=_name(rank))
    answer = session.dialogue.choose(_MAP, question, choices, default=suggested.role_id if suggested else _LATER)
    if answer == _LATER:
        return {}
    return {rank.wow_rank_index: next((role for role in roles if role.role_id == answer), None)}


async def _store(session: SetupSession, guild_id: int, decided: Decisions, *, is_managed: bool) -> None:
    session.before_a_change()
    about = RanksSetting.of(decided)
    async with session.pool.writing(guild_id) as guild, recorded(guild, about, actor=session.actor):
        for index, role in decided.items():
            if role is None:
                await ranks.leave_without_role(guild, index)
            else:
                await ranks.map_to_role(guild, index, role.role_id, role.name, is_managed=is_managed)
    session.dialogue.say(tr_n("{n} rank saved.", "{n} ranks saved.", len(decided)))


def _name(rank: Rank) -> str:
    return tr("{rank} (name not known yet)", rank=rank.name) if rank.name_in_game is None else rank.name_in_game


def _mapped(rank: Rank, suggested: DiscordRole | None) -> str:
    if rank.is_without_role:
        return tr("none, on purpose")
    return (
        rank.discord_role_name
        or rank.discord_role_id
        or (tr("suggested: {role}", role=suggested.name) if suggested else "")
    )


def suggest(ranks: Mapping[int, str], roles: Iterable[DiscordRole]) -> dict[int, DiscordRole]:
    """Suggest a role for ranks, given by index and name, out of roles that may be given.

    Equal names come first, then names that differ in accents, signs and blanks alone, then those of one meaning. Where
    two roles fit a rank equally well, or two ranks a role, nothing is suggested. So no role is suggested twice.
    """
    open_ranks, open_roles = dict(ranks), {role.role_id: role for role in roles}
    found: dict[int, DiscordRole] = {}
    for key in (name_key, _letters, _meaning):
        for index, role in _pairs(open_ranks, open_roles.values(), key):
            found[index] = role
            del open_ranks[index], open_roles[role.role_id]
    return dict(sorted(found.items()))


def roles_for_ranks(roles: Iterable[DiscordRole], server_id: str) -> list[DiscordRole]:
    """List the roles that a rank can have, the most powerful first: not @everyone (its id is the server's), none of integrations."""
    usable = [role for role in roles if not role.managed and role.role_id != server_id]
    return sorted(usable, key=lambda role: (-role.position, int(role.role_id)))


def names_of(ranks: Iterable[Rank]) -> dict[int, str]:
    """Return the names of undecided ranks, if they are known.

    Only the addon knows the names of ranks, but the highest is the guild master's in every guild.
    """
    return {
        rank.wow_rank_index: rank.name_in_game or rank.name
        for rank in ranks
        if not rank.is_decided and (rank.name_in_game is not None or rank.wow_rank_index == GUILD_MASTER_RANK)
    }


def _pairs(
    ranks: Mapping[int, str], roles: Iterable[DiscordRole], key: Callable[[str], str]
) -> list[tuple[int, DiscordRole]]:
    """Return each rank and role that alone share a key."""
    indexes: dict[str, list[int]] = defaultdict(list)
    for index, name in ranks.items():
        indexes[key(name)].append(index)
    fitting: dict[str, list[DiscordRole]] = defaultdict(list)
    for role in roles:
        fitting[key(role.name)].append(role)
    return [
        (indexes[each][0], fitting[each][0])
        for each in indexes
        if each and len(indexes[each]) == len(fitting.get(each, ())) == 1
    ]


def _letters(name: str) -> str:
    """Return the letters and digits of a name, without accents and case."""
    return "".join(letter for letter in fold_accents(name_key(name)) if letter.isalnum())


def _meaning(name: str) -> str:
    """Return the first word of the name's line above, else the name in the singular."""
    letters = _letters(name)
    singular = letters[:-1] if letters.endswith("s") and len(letters) >= _SHORTEST_WORD_WITH_A_PLURAL else letters
    return _MEANINGS.get(letters) or _MEANINGS.get(singular) or singular


_MEANINGS: Final = {_letters(word): line.split()[0] for line in _SAME_MEANING for word in line.split()}
