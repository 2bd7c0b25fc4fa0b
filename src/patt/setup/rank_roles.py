"""Which Discord role a rank of the game most likely maps to, by their names alone. An officer confirms each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from sv_common.guild_sync.domain.guild import GUILD_MASTER_RANK, DiscordRole
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.notes import fold_accents
from sv_common.guild_sync.store.ranks import Rank

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


def suggest(ranks: Mapping[int, str], roles: Iterable[DiscordRole]) -> dict[int, DiscordRole]:
    """Suggest a role for ranks, given by index and name, out of roles that may be given by hand.

    Equal names come first, then names that differ in accents, signs and blanks alone, then those of one meaning. Where
    two roles fit a rank equally well, or two ranks a role, nothing is suggested; so no role is suggested twice.
    """
    open_ranks, open_roles = dict(ranks), {role.role_id: role for role in roles}
    found: dict[int, DiscordRole] = {}
    for key in (name_key, _letters, _meaning):
        for index, role in _pairs(open_ranks, open_roles.values(), key):
            found[index] = role
            del open_ranks[index], open_roles[role.role_id]
    return dict(sorted(found.items()))


def roles_for_ranks(roles: Iterable[DiscordRole], server_id: str) -> list[DiscordRole]:
    """List the roles to which a rank can be mapped, the most powerful first.

    Those are all but @everyone, whose id is the server's, and the roles of integrations, which nobody can give.
    """
    usable = [role for role in roles if not role.managed and role.role_id != server_id]
    return sorted(usable, key=lambda role: (-role.position, int(role.role_id)))


def names_of(ranks: Iterable[Rank]) -> dict[int, str]:
    """Return the names of ranks that nobody has decided about, where they are known.

    Only the addon knows what a guild calls its ranks; but the highest is the guild master's in every guild.
    """
    return {
        rank.wow_rank_index: rank.name_in_game or rank.name
        for rank in ranks
        if not rank.is_decided and (rank.name_in_game is not None or rank.wow_rank_index == GUILD_MASTER_RANK)
    }


def _pairs(
    ranks: Mapping[int, str], roles: Iterable[DiscordRole], key: Callable[[str], str]
) -> list[tuple[int, DiscordRole]]:
    """The ranks and roles of which just one each has a key."""
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
    """The letters and digits of a name, without accents and case."""
    return "".join(letter for letter in fold_accents(name_key(name)) if letter.isalnum())


def _meaning(name: str) -> str:
    """What a name means: the first word of its line above, else the name in the singular."""
    letters = _letters(name)
    singular = letters[:-1] if letters.endswith("s") and len(letters) >= _SHORTEST_WORD_WITH_A_PLURAL else letters
    return _MEANINGS.get(letters) or _MEANINGS.get(singular) or singular


_MEANINGS: Final = {_letters(word): line.split()[0] for line in _SAME_MEANING for word in line.split()}
