"""Battle.net's answers about achievements as typed values. An answer has thousands of them; those without a time are left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.sources.battlenet.wire import profile_path
from sv_common.guild_sync.sources.http import Node
from sv_common.guild_sync.sources.models import Achievement

MOST_ACHIEVEMENTS: Final = 20_000
"""Achievements of one answer; an account has about 3,500."""


def achievements_path(realm_slug: str, name: str) -> str:
    return f"{profile_path(realm_slug, name)}/achievements"


def parse_achievements(answer: Node) -> frozenset[Achievement]:
    """Read which achievements a character has, and when each was completed; none where the answer has no list of them.

    One without a time, or with one that is no whole number, is in progress or means nothing. Raises SourceMalformed for what is
    no such answer, and for an entry that is no achievement: of a part nothing is made.
    """
    achievements = answer.child("achievements")
    if achievements.value is None:
        links = answer.child("_links")
        if not isinstance(links.value, dict):
            raise links.malformed(tr("an object"))
        return frozenset()
    if isinstance(achievements.value, list) and len(achievements.value) > MOST_ACHIEVEMENTS:
        raise achievements.malformed(tr("a list of at most {most} entries", most=number(MOST_ACHIEVEMENTS)))
    return frozenset(_completed(achievements))


def _completed(achievements: Node) -> Iterator[Achievement]:
    if not isinstance(achievements.value, list):
        raise achievements.malformed(tr("a list"))
    for place, entry in enumerate(achievements.value):
        # By Python's own means, as with pets: a node for each part takes ten times as long.
        achievement_id = entry.get("id") if isinstance(entry, dict) else None
        if type(achievement_id) is not int:
            achievement_id = list(achievements.items())[place].child("id").integer()
        completed_ms = entry.get("completed_timestamp")
        if type(completed_ms) is int:
            yield Achievement(achievement_id, completed_ms)
