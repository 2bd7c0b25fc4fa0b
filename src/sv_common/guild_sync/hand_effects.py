"""What a plan of an officer's decision would change, as it is now and as it would be: the table of its preview."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    ConfirmMember,
    CreatePlayer,
    DeletePlayer,
    DetachDiscord,
    ForgetAlias,
    ForgetMemberRejection,
    ForgetRejection,
    Link,
    MoveAlias,
    MoveMemberRejection,
    MoveRejection,
    Plan,
    RejectLink,
    RejectMember,
    RememberAlias,
    SetMain,
    SetOffspec,
    Step,
    Unlink,
)
from sv_common.guild_sync.store.directory import GuildFacts

NOBODY = "nobody"
NO_ALIAS = "is a word like any other"
BY_AN_OFFICER = "as an officer decided"
BY_EVIDENCE = "by evidence"
ON_AN_OFFICERS_WORD = "only if an officer says so"


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that changes: what it is, and what stands there before and after."""

    what: str
    before: str
    after: str


def effects_of(facts: GuildFacts, plan: Plan) -> tuple[Effect, ...]:
    """Say what a plan changes; what several steps change is said once, from the first to the last."""
    table: dict[str, tuple[str, str]] = {}
    deleted = {step.player_id for step in plan.steps if isinstance(step, DeletePlayer)}
    for step in plan.steps:
        for effect in _effects(facts, step, deleted):
            first = table.get(effect.what, (effect.before, ""))[0]
            table[effect.what] = (first, effect.after)
    return tuple(Effect(what, before, after) for what, (before, after) in table.items() if before != after)


def _effects(facts: GuildFacts, step: Step, deleted: Collection[int]) -> list[Effect]:
    match step:
        case Unlink():
            effect = Effect(_player_of(step.character), _owner(facts, step), NOBODY)
            return [effect] if step.player_id in deleted else [effect, *_lost_pointers(facts, step)]
        case Link():
            return [Effect(_player_of(step.character), NOBODY, f"{step.player}, {BY_AN_OFFICER}")]
        case RememberAlias() | ForgetAlias() | MoveAlias():
            return [_effect_on_word(step)]
        case RejectLink() | MoveRejection() | ForgetRejection():
            return [_effect_on_rejection(facts, step)]
        case AttachDiscord() | DetachDiscord() | ConfirmMember():
            return [_effect_on_member(facts, step)]
        case RejectMember() | ForgetMemberRejection() | MoveMemberRejection():
            return [_effect_on_member_rejection(step)]
        case _:
            return [_effect_on_player(step)]


def _effect_on_word(step: RememberAlias | ForgetAlias | MoveAlias) -> Effect:
    match step:
        case RememberAlias():
            before, after = NO_ALIAS, f"means {step.player}"
        case ForgetAlias():
            before, after = f"means {step.player}", NO_ALIAS
        case MoveAlias():
            before, after = f"means {step.former_player}", f"means {step.player}"
    return Effect(f"“{step.alias}” in a note", before, after)


def _effect_on_rejection(facts: GuildFacts, step: RejectLink | MoveRejection | ForgetRejection) -> Effect:
    match step:
        case RejectLink():
            before, after = BY_EVIDENCE, ON_AN_OFFICERS_WORD if step.is_unlinking else f"never: {step.why}"
        case MoveRejection():
            before, after = BY_EVIDENCE, f"never: an officer said so of {step.former_player}"
        case ForgetRejection():
            was_unlinked = (step.character_id, step.player_id) in facts.unlinked
            before, after = ON_AN_OFFICERS_WORD if was_unlinked else "never", BY_EVIDENCE
    return Effect(f"Whether {step.character} may be {step.player}’s", before, after)


def _effect_on_member(facts: GuildFacts, step: AttachDiscord | DetachDiscord | ConfirmMember) -> Effect:
    player = facts.players.get(step.player_id)
    is_decided = player is not None and player.is_member_decided
    before = f"{step.discord_name}, {BY_AN_OFFICER if is_decided else BY_EVIDENCE}"
    match step:
        case AttachDiscord():
            before, after = "none", f"{step.discord_name}, {BY_AN_OFFICER}"
        case DetachDiscord():
            after = "none"
        case ConfirmMember():
            after = f"{step.discord_name}, {BY_AN_OFFICER}"
    return Effect(f"Discord member of {step.player}", before, after)


def _effect_on_member_rejection(step: RejectMember | ForgetMemberRejection | MoveMemberRejection) -> Effect:
    what = f"Whether {step.player} may be {step.discord_name} on Discord"
    if isinstance(step, ForgetMemberRejection):
        return Effect(what, ON_AN_OFFICERS_WORD, BY_EVIDENCE)
    return Effect(what, BY_EVIDENCE, ON_AN_OFFICERS_WORD)


def _effect_on_player(step: Step) -> Effect:
    match step:
        case SetMain():
            return Effect(f"Main of {step.player}", step.former_main or "none", step.character)
        case SetOffspec():
            return Effect(f"Off-spec of {step.player}", "none", step.character)
        case CreatePlayer():
            discord = f", {step.discord_name} on Discord" if step.discord_name else ""
            main = f", with the main {step.main_character}" if step.main_character else ""
            return Effect(f"The player {step.display_name}", "does not exist", f"a player{discord}{main}")
        case DeletePlayer():
            return Effect(f"The player {step.player}", "a player by itself", "deleted")
        case _:
            return Effect("Besides", "", step.describe())


def _player_of(character: str) -> str:
    return f"Player of {character}"


def _owner(facts: GuildFacts, step: Unlink) -> str:
    is_decided = facts.characters[step.character_id].is_decided
    return f"{step.player}, {BY_AN_OFFICER if is_decided else BY_EVIDENCE}"


def _lost_pointers(facts: GuildFacts, step: Unlink) -> list[Effect]:
    player = facts.players[step.player_id]
    pointers = (("Main", player.main_character_id), ("Off-spec", player.offspec_character_id))
    return [
        Effect(f"{name} of {step.player}", step.character, "none")
        for name, character_id in pointers
        if character_id == step.character_id
    ]
