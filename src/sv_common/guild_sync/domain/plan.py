"""Plans: what a fix would do, as data that can be shown, applied, and taken back.

A plan is made from the database as it is now, never from an issue's stored details. The preview an officer sees is the
plan that is applied. Each step says in words what it does; what it overwrote is recorded when it is applied.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from sv_common.guild_sync.domain.basis import LinkEvidence


@dataclass(frozen=True, slots=True)
class Unlink:
    """Take a character from its player."""

    character_id: int
    character: str
    player_id: int
    player: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Unlink {self.character} from {self.player}."


@dataclass(frozen=True, slots=True)
class Link:
    """Give a character to a player. A negative `player_id` means the `CreatePlayer` step of the same plan.

    `basis` is what the link rests on where it is not an officer's own decision.
    """

    character_id: int
    character: str
    player_id: int
    player: str
    evidence: str
    basis: LinkEvidence = "note"

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Link {self.character} to {self.player}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class CreatePlayer:
    """Make a new player. `placeholder` is a negative number by which other steps of the plan mean this player.

    For a Discord member who becomes a player it is minus the member's number, whatever else is planned. `basis` is what it
    rests on that the player is the Discord member, where that is not an officer's own decision.
    """

    placeholder: int
    display_name: str
    discord_user_id: int | None
    discord_name: str | None
    main_character_id: int | None = None
    main_character: str | None = None
    basis: LinkEvidence = "name"

    def describe(self) -> str:
        """Say it in a sentence."""
        discord = f", Discord member {self.discord_name}" if self.discord_name else ""
        main = f", main character {self.main_character}" if self.main_character else ""
        return f"Create the player {self.display_name}{discord}{main}."


@dataclass(frozen=True, slots=True)
class AttachDiscord:
    """Say which Discord member a player without one is. `basis`: on what that rests, where no officer has said it."""

    player_id: int
    player: str
    discord_user_id: int
    discord_name: str
    basis: LinkEvidence = "name"

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Record that the player {self.player} is the Discord member {self.discord_name}."


@dataclass(frozen=True, slots=True)
class DetachDiscord:
    """Say that a player is not the Discord member that it was taken for."""

    player_id: int
    player: str
    discord_user_id: int
    discord_name: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Forget that the player {self.player} is the Discord member {self.discord_name}."


@dataclass(frozen=True, slots=True)
class ConfirmMember:
    """Vouch for it that a player is the Discord member that it was taken for by evidence."""

    player_id: int
    player: str
    discord_user_id: int
    discord_name: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Confirm that the player {self.player} is the Discord member {self.discord_name}."


@dataclass(frozen=True, slots=True)
class RejectMember:
    """Remember that a player is not a Discord member, whatever notes and names say."""

    player_id: int
    player: str
    discord_user_id: int
    discord_name: str
    why: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Remember that {self.player} is not the Discord member {self.discord_name}: {self.why}"


@dataclass(frozen=True, slots=True)
class ForgetMemberRejection:
    """Forget that a player is not a Discord member."""

    player_id: int
    player: str
    discord_user_id: int
    discord_name: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Forget that {self.player} is not the Discord member {self.discord_name}."


@dataclass(frozen=True, slots=True)
class MoveMemberRejection:
    """Let an officer's "not this member" be about another player than it was."""

    player_id: int
    player: str
    former_player_id: int
    former_player: str
    discord_user_id: int
    discord_name: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Remember of {self.player} what was said of {self.former_player}: not the Discord member {self.discord_name}."


@dataclass(frozen=True, slots=True)
class RememberAlias:
    """Let a word of notes mean a player from now on. A negative `player_id` means the `CreatePlayer` of the same plan."""

    player_id: int
    player: str
    alias: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Remember that “{self.alias}” in a note means {self.player}."


@dataclass(frozen=True, slots=True)
class ForgetAlias:
    """Let a word of notes mean a player no longer."""

    player_id: int
    player: str
    alias: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Forget that “{self.alias}” in a note means {self.player}."


@dataclass(frozen=True, slots=True)
class SetMain:
    """Make one of a player's characters its main, instead of the one that is now."""

    player_id: int
    player: str
    character_id: int
    character: str
    former_main_id: int | None
    former_main: str | None

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Make {self.character} the main of {self.player}" + (
            f" instead of {self.former_main}." if self.former_main else "."
        )


@dataclass(frozen=True, slots=True)
class SetOffspec:
    """Make one of a player's characters its off-spec, where it has none."""

    player_id: int
    player: str
    character_id: int
    character: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Make {self.character} the off-spec of {self.player}."


@dataclass(frozen=True, slots=True)
class MoveAlias:
    """Let a word of notes mean another player than it did."""

    player_id: int
    player: str
    former_player_id: int
    former_player: str
    alias: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Let “{self.alias}” in a note mean {self.player} instead of {self.former_player}."


@dataclass(frozen=True, slots=True)
class RejectLink:
    """Remember that a character is not a player's, whatever notes and names say.

    `is_unlinking`: it is said by taking the one from the other, and an officer who links them again takes it back by that.
    """

    character_id: int
    character: str
    player_id: int
    player: str
    why: str
    is_unlinking: bool = False

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Remember that {self.character} does not belong to {self.player}: {self.why}"


@dataclass(frozen=True, slots=True)
class MoveRejection:
    """Let an officer's "not this player" be about another player than it was."""

    character_id: int
    character: str
    player_id: int
    player: str
    former_player_id: int
    former_player: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Remember of {self.player} what was said of {self.former_player}: {self.character} is not theirs."


@dataclass(frozen=True, slots=True)
class ForgetRejection:
    """Forget that a character is not a player's."""

    character_id: int
    character: str
    player_id: int
    player: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Forget that {self.character} does not belong to {self.player}."


@dataclass(frozen=True, slots=True)
class DeletePlayer:
    """Delete a player who is the same person as another, when nothing is left to it but its Discord member."""

    player_id: int
    player: str
    discord_user_id: int | None
    merged_into_id: int
    merged_into: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Delete the player {self.player}, who is {self.merged_into}."


@dataclass(frozen=True, slots=True)
class AddDiscordRole:
    """Give a Discord member one role."""

    discord_user_id: int
    member: str
    role_id: str
    role: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Give {self.member} the Discord role {self.role}."


@dataclass(frozen=True, slots=True)
class RemoveDiscordRole:
    """Take one role from a Discord member."""

    discord_user_id: int
    member: str
    role_id: str
    role: str

    def describe(self) -> str:
        """Say it in a sentence."""
        return f"Take the Discord role {self.role} from {self.member}."


Step: TypeAlias = (
    Unlink
    | Link
    | CreatePlayer
    | AttachDiscord
    | DetachDiscord
    | ConfirmMember
    | RejectMember
    | ForgetMemberRejection
    | MoveMemberRejection
    | RememberAlias
    | ForgetAlias
    | SetMain
    | SetOffspec
    | MoveAlias
    | RejectLink
    | MoveRejection
    | ForgetRejection
    | DeletePlayer
    | AddDiscordRole
    | RemoveDiscordRole
)


class PlanClass(StrEnum):
    """Who may have a plan applied. Automation applies only what is safe, whatever a guild has switched on."""

    SAFE = "safe"
    NEEDS_CLICK = "needs_click"
    SHOWN_ONLY = "shown_only"


CLICK_ONLY = "This kind of fix is applied on an officer's click only."


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fix would do, and why.

    No steps means that nothing can be done, and `reason` says why. A rule says of each plan whether it `is_safe` to be
    applied without a person; `waits_for_officer` names what keeps automation from one that would be, and `not_in_bulk`
    what keeps Fix All from it too, so that only a click on this one issue applies it.
    """

    steps: tuple[Step, ...]
    reason: str
    waits_for_officer: str | None = None
    not_in_bulk: str | None = None
    is_safe: bool = False

    @property
    def plan_class(self) -> PlanClass:
        """Who may have it applied."""
        if not self.steps:
            return PlanClass.SHOWN_ONLY
        is_held = self.waits_for_officer or self.not_in_bulk
        return PlanClass.SAFE if self.is_safe and not is_held else PlanClass.NEEDS_CLICK

    @property
    def why_not_automatic(self) -> str | None:
        """Why automation leaves it to an officer; None for a safe one."""
        return None if self.plan_class is PlanClass.SAFE else self.waits_for_officer or self.not_in_bulk or CLICK_ONLY

    @classmethod
    def none(cls, reason: str) -> Plan:
        """Return the plan that does nothing, because of `reason`."""
        return cls((), reason, waits_for_officer=reason)

    @property
    def key(self) -> str:
        """SHA-256 of what the plan would do: equal for two plans with the same effect on the same rows.

        Which plan of a batch makes the player that several of them give characters to depends on what else is planned, so
        that step does not count where the others tell which player they mean.
        """
        effects = [_effect(step) for step in self.steps if not _is_told_by_others(step)]
        return hashlib.sha256(json.dumps(effects, sort_keys=True).encode()).hexdigest()

    def as_json(self) -> list[dict[str, Any]]:
        """Return the steps as JSON data, each with its sentence."""
        return [{"step": type(step).__name__, **asdict(step), "sentence": step.describe()} for step in self.steps]


def _is_told_by_others(step: Step) -> bool:
    """Whether the number that stands for a new player says who it will be: minus the number of its Discord member."""
    return isinstance(step, CreatePlayer) and step.placeholder == -(step.discord_user_id or 0)


def _effect(step: Step) -> Mapping[str, Any]:
    """The ids a step touches, without the names and sentences that may be reworded."""
    effect = {
        name: value
        for name, value in asdict(step).items()
        if name.endswith("_id") or name in ("placeholder", "alias", "is_unlinking")
    }
    return {"step": type(step).__name__, **effect}
