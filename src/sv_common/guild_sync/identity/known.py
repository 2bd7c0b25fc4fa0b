"""The resolver of a guild's facts, made once for what is the same."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from sv_common.db.guild import reads_for_officers
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.language import language
from sv_common.guild_sync.identity.facts import read_facts
from sv_common.guild_sync.identity.names.name_index import NameIndex
from sv_common.guild_sync.identity.resolver import Resolver

MOST_GUILDS: Final = 8
"""Guilds whose last resolver, and what was worked out from it, is kept; one that compares accounts counts as two."""

_recent: OrderedDict[tuple[int, bool], tuple[str, Resolver]] = OrderedDict()
"""By guild, and whether it has what officers alone see; each with the language of the sentences that it keeps."""


async def resolver_of(guild: GuildConnection) -> Resolver:
    """Return the resolver of a guild's facts as they are now.

    It is made of nothing but the facts, so the last one of the guild is used again while these and the language are the same. What it has
    worked out already then is there for the next page.
    """
    facts = await read_facts(guild)
    which = guild.id, facts.account_mode == "off" or reads_for_officers()
    spoken, known = _recent.get(which, ("", None))
    if known is None or spoken != language():
        known = Resolver(facts)
    elif known.facts != facts:
        known = Resolver(facts, NameIndex.following(facts, known.names))
    _recent[which] = language(), known
    _recent.move_to_end(which)
    while len(_recent) > MOST_GUILDS:
        _recent.popitem(last=False)
    return known
