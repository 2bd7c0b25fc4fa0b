"""What is photographed: each page once as an officer sees it, the most used ones also in the dark and on a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patt.bootstrap import Services
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.insights import findings, people
from sv_common.guild_sync.insights.everyone.summary import PersonKind
from sv_common.guild_sync.insights.findings import FindingFilter
from sv_common.guild_sync.insights.inbox.listing import inbox
from sv_common.guild_sync.insights.inbox.model import Group
from sv_common.guild_sync.issues.model import IssueState
from sv_common.guild_sync.roster import guilds


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: its name in docs/images, and what it shows. `{…}` in the path is filled from `places_of`."""

    name: str
    path: str
    is_dark: bool = False
    is_phone: bool = False
    is_before_signing_in: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the demo is served, and the numbers of what it has."""

    base_url: str
    places: Mapping[str, int]

    def address_of(self, scene: Scene) -> str:
        """Return the address that a scene shows."""
        return self.base_url + scene.path.format_map(self.places)


SCENES = (
    Scene("sign-in", "/login", is_before_signing_in=True),
    Scene("inbox", "/admin/inbox/{question}"),
    Scene("inbox-dark", "/admin/inbox/{question}", is_dark=True),
    Scene("inbox-phone", "/admin/inbox", is_phone=True),
    Scene("question-phone", "/admin/inbox/{question}", is_phone=True),
    Scene("find", "/admin/search?q=mi"),
    Scene("data-quality", "/admin/data-quality"),
    Scene("data-quality-dark", "/admin/data-quality", is_dark=True),
    Scene("data-quality-phone", "/admin/data-quality", is_phone=True),
    Scene("issue", "/admin/data-quality/issues/{fixable}"),
    Scene("issue-phone", "/admin/data-quality/issues/{undecided}", is_phone=True, is_dark=True),
    Scene("preview", "/admin/data-quality/rules/role_mismatch/preview"),
    Scene("players", "/admin/players"),
    Scene("player", "/admin/players/{player}"),
    Scene("player-phone", "/admin/players/{player}", is_phone=True),
    Scene("players-phone", "/admin/players", is_phone=True, is_dark=True),
    Scene("map", "/admin/map"),
    Scene("full-match", "/admin/full-match"),
    Scene("setup", "/admin/setup?step=ranks"),
    Scene("undo", "/admin/data-quality/attempts/{attempt}/undo"),
    Scene("activity", "/admin/activity"),
    Scene("settings-rules", "/admin/settings/rules"),
    Scene("settings-rule", "/admin/settings/rules/stale_character"),
    Scene("settings-ranks", "/admin/settings/ranks", is_dark=True),
    Scene("settings-words", "/admin/settings/words"),
    Scene("settings-officers", "/admin/settings/officers"),
    Scene("settings-phone", "/admin/settings/rules", is_phone=True),
)


async def places_of(services: Services) -> dict[str, int]:
    """Return the numbers of what the pictures show: questions, issues, a player and a fix."""
    async with services.pool.connection() as conn:
        guild = await guilds.the_only(conn, None)
        wrong_roles = await findings.findings_page(
            GuildConnection(conn, guild.id), FindingFilter(IssueState.OPEN, "role_mismatch")
        )
        unlinked = await findings.findings_page(
            GuildConnection(conn, guild.id), FindingFilter(IssueState.OPEN, "orphan_wow")
        )
        players = await people.people_page(GuildConnection(conn, guild.id), kind=PersonKind.PLAYER)
        fixes = await findings.recent_attempts(GuildConnection(conn, guild.id))
    async with services.pool.reading(guild.id) as here:
        asked = await inbox(here)
    busiest = max(players.items, key=lambda person: person.characters)
    mended = next(attempt for attempt in fixes if attempt.is_automatic and attempt.is_undoable)
    suggested = next(each.entries for each in asked.groups if each.group is Group.SUGGESTED)
    return {
        "question": next(each.key for each in suggested if each.hint and "Joined" in each.hint),
        "fixable": wrong_roles.items[0].id,
        "undecided": unlinked.items[0].id,
        "player": busiest.id,
        "attempt": mended.id,
    }
