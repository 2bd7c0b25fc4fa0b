"""What keeps the bot from giving and taking the roles that ranks map to, in as few sentences as it takes."""

from __future__ import annotations

from collections.abc import Mapping

from sv_common.guild_sync.domain.role_authority import Obstacle, RoleAuthority


def find_obstacles(authority: RoleAuthority, role_names: Mapping[str, str]) -> list[Obstacle]:
    """Find what is wrong with roles, given by id with the names under which they were known.

    Roles that stand too high are told together, for moving the bot's role above the highest of them is enough.
    """
    known = [authority.roles[role_id] for role_id in role_names if role_id in authority.roles]
    usual = [role for role in known if not role.managed and role.role_id != authority.guild_id]
    too_high = [role for role in usual if authority.may_manage_roles and authority.stands_too_high(role)]
    others = [role_id for role_id in role_names if role_id not in {role.role_id for role in too_high}]
    found = [authority.find_obstacle(role_id, role_names[role_id]) for role_id in others]
    if len(too_high) == 1:
        found.append(authority.find_obstacle(too_high[0].role_id))
    elif too_high and authority.top_role is not None:
        ordered = [f"'{role.name}'" for role in sorted(too_high, key=authority.height, reverse=True)]
        cause = (
            f"These roles do not stand below the bot's highest role, '{authority.top_role.name}', so the bot may not give or "
            f"take them: {', '.join(ordered)}."
        )
        found.append(Obstacle(cause, f"Move the bot's role above {ordered[0]} in Server Settings → Roles."))
    return [obstacle for obstacle in found if obstacle is not None]
