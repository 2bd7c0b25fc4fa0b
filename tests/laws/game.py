"""Characters and Discord members as the sources show them."""

from __future__ import annotations

from dataclasses import dataclass

from laws.guilds import INTEGRATION_ROLE, ROLE_NAMES, MemberSpec
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.sources.models import AddonCharacter, DiscordMember, DiscordRole, RosterCharacter

DAY_MS = 86_400_000
REALMS = (("area-52", "Area 52", 3676), ("stormrage", "Stormrage", 60))
"""Slug, name and number of each realm."""
RANK_NAMES = ("Guild Master", "Officer", "Raider", "Social", "Trial")


@dataclass(slots=True)
class Toon:
    """A character as the game knows it; `number` never changes, everything else may."""

    number: int
    name: str
    realm: int
    rank: int
    note: str | None
    login: int | None
    is_present: bool = True

    @property
    def key(self) -> tuple[int, str]:
        """What no two present characters share."""
        return self.realm, name_key(self.name)

    def on_battle_net(self) -> RosterCharacter:
        slug, realm, realm_id = REALMS[self.realm]
        return RosterCharacter(
            self.name,
            slug,
            self.rank,
            80,
            realm_name=realm,
            realm_id=realm_id,
            character_id=self.number,
            last_login_timestamp=self.login,
        )

    def in_addon(self, rank_name: str) -> AddonCharacter:
        realm = REALMS[self.realm][1].replace(" ", "")
        return AddonCharacter(self.name, realm, self.note, None, self.rank, rank_name, 80, None)


def discord_roles() -> list[DiscordRole]:
    return [
        DiscordRole(role, name, 9 - place, role == INTEGRATION_ROLE)
        for place, (role, name) in enumerate(ROLE_NAMES.items())
    ]


def discord_member(number: int, spec: MemberSpec) -> DiscordMember:
    roles = tuple(sorted(spec.roles))
    return DiscordMember(str(number), spec.username, spec.global_name, spec.nick, roles, spec.is_bot)
