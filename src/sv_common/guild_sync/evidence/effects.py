"""What a fix would change, before and after: the table of its preview, in the lines that decisions by hand have too."""

from __future__ import annotations

from collections.abc import Iterator

from sv_common.guild_sync.domain.plan import (
    AddDiscordRole,
    AttachDiscord,
    CreatePlayer,
    Plan,
    RemoveDiscordRole,
    Step,
)
from sv_common.guild_sync.fixes.undo_effects import HELD, NONE, NOT_HELD
from sv_common.guild_sync.hand_effects import Effect, effects_of
from sv_common.guild_sync.store.directory import GuildFacts

_OF_FIXES = CreatePlayer | AttachDiscord | AddDiscordRole | RemoveDiscordRole


def effects_of_fix(facts: GuildFacts, plan: Plan) -> tuple[Effect, ...]:
    """Say what a plan changes, new players first, then links, then roles."""
    made = [effect for step in plan.steps for effect in _of_player(step)]
    others = Plan(tuple(step for step in plan.steps if not isinstance(step, _OF_FIXES)), plan.reason)
    roles = [effect for step in plan.steps for effect in _of_role(step)]
    return (*made, *effects_of(facts, others), *roles)


def _of_player(step: Step) -> Iterator[Effect]:
    match step:
        case CreatePlayer():
            yield Effect(f"The player {step.display_name}", "is not there", "is there")
            if step.discord_name:
                yield Effect(f"Discord member of {step.display_name}", NONE, step.discord_name)
            if step.main_character:
                yield Effect(f"Main of {step.display_name}", NONE, step.main_character)
        case AttachDiscord():
            yield Effect(f"Discord member of {step.player}", NONE, step.discord_name)
        case _:
            return


def _of_role(step: Step) -> Iterator[Effect]:
    match step:
        case AddDiscordRole():
            yield Effect(f"Discord role {step.role} of {step.member}", NOT_HELD, HELD)
        case RemoveDiscordRole():
            yield Effect(f"Discord role {step.role} of {step.member}", HELD, NOT_HELD)
        case _:
            return
