"""Names that a player's characters and Discord member had before: still the player's own, but no proof of anything new."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownMember
from sv_common.guild_sync.identity.names.name_index import SHORTEST_DISCORD_WORD, discord_names
from sv_common.guild_sync.notes import Mention

_WORD = re.compile(r"[^\W_]+")


class FormerNames:
    def __init__(self, facts: GuildFacts) -> None:
        self._by_player: dict[int, dict[str, str]] = defaultdict(dict)
        for number, names in facts.former_characters.items():
            character = facts.characters.get(number)
            if character is not None and character.player_id is not None:
                keys = {name_key(name): tr("now {character}", character=character.label) for name in names}
                self._by_player[character.player_id] |= keys
        players = {player.discord_user_id: player.id for player in facts.players.values()}
        for number, names in facts.former_members.items():
            if number in players and number in facts.members:
                self._by_player[players[number]] |= self._on_discord(facts, facts.members[number], names)

    def own(self, player_id: int, mentions: Sequence[Mention]) -> str | None:
        """Return who of the player had a name that is mentioned; None where none of the names was ever the player's."""
        names = self._by_player.get(player_id, {})
        keys = (reading.key for mention in mentions for reading in mention.readings)
        return next((names[key] for key in keys if key in names), None)

    def _on_discord(self, facts: GuildFacts, member: KnownMember, names: Sequence[str]) -> dict[str, str]:
        """The former names of a member and the words of them that could mean the member."""
        called = (member._replace(username=name, global_name=None, display_name=name) for name in names)
        whole = {key for each in called for key in discord_names(each)}
        words = {name_key(word) for name in names for word in _WORD.findall(name)}
        telling = {w for w in words if len(w) >= SHORTEST_DISCORD_WORD and w not in facts.vocabulary.categories}
        return dict.fromkeys(whole | telling, tr("now {member} on Discord", member=member.display_name))
