"""A character in the guild that belongs to no player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, Named, create_player, link
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.unknown_names import rejected_player
from sv_common.guild_sync.identity.verdicts import Candidate, Verdict
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.candidates.owners import candidates_for_character, remedy_for_character
from sv_common.guild_sync.rulebook.dependence import depends_on
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome
from sv_common.guild_sync.rulebook.explain import (
    HAS_LEFT,
    Known,
    link_evidence,
    note_evidence,
    rank_review_reason,
    review_of_spelling,
)
from sv_common.guild_sync.rulebook.rule import Asked, RuleDefinition

ISSUE_TYPE = "orphan_wow"
SQL = load_sql(__package__, "orphan_wow.sql")


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
    among: Collection[int] | None = None,
) -> list[Finding]:
    rows = await guild.rows(SQL["find"], among=None if among is None else list(among))
    return [
        Finding(
            ISSUE_TYPE,
            guild.id,
            SubjectKind.CHARACTER,
            character_id,
            f"'{name}' has no player link",
            {"character_id": character_id, "character": f"{name}-{realm}", "note": note},
        )
        for character_id, name, realm, note in rows
    ]


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:
    """Link each character to the one person that its note means, or whose Discord name it has."""
    if not findings:
        return []
    resolver = await resolver_of(guild)
    planner = _Planner(resolver, [resolver.facts.characters[finding.subject_id] for finding in findings])
    return planner.plans()


class _Planner:
    """Plans for several characters of one guild; those that mean the same new player share its creation."""

    def __init__(self, resolver: Resolver, characters: Sequence[KnownCharacter]) -> None:
        self._resolver = resolver
        self._targets = [(character, self._target(character)) for character in characters]
        self._newcomers: dict[int, list[KnownCharacter]] = defaultdict(list)
        for character, target in self._targets:
            if target is not None and target.person.member_id is not None:
                self._newcomers[target.person.member_id].append(character)

    def plans(self) -> list[Changeset]:
        return [
            self._towards(character, target) if target else Changeset.none(self._why_not(character))
            for character, target in self._targets
        ]

    def _target(self, character: KnownCharacter) -> Candidate | None:
        decision = self._resolver.resolve(character)
        if decision.target is None and decision.verdict is Verdict.NOBODY:
            return self._resolver.owner_by_name(character)
        return decision.target

    def _towards(self, character: KnownCharacter, target: Candidate) -> Changeset:
        person = target.person
        if person.player_id is not None:
            player = Named(person.player_id, target.label)
            row = link(character.named, player, target.evidence, self._resolver.basis_of(character))
            waits = rank_review_reason(self._resolver.facts, [character])
            decision = self._resolver.resolve(character)
            if target.is_other_spelling:
                waits = review_of_spelling(decision.named, target.label)
            reason = f"{character.label} belongs to {target.label}: {target.evidence}"
            return Changeset((row,), reason, waits, is_safe=decision.target is not None)
        if person.member_id is not None:
            return self._with_new_player(character, person.member_id, target)
        return Changeset.none(
            f"The note means {target.label}, which has no player yet. Fix that one first, or run a full match."
        )

    def _with_new_player(self, character: KnownCharacter, member_id: int, target: Candidate) -> Changeset:
        player = Named(-member_id, target.label)
        main = self._main_of(member_id)
        basis = self._resolver.basis_of(character)
        member = Named(member_id, target.label)
        create = create_player(*player, member, main.named if main else None, basis)
        row = link(character.named, player, target.evidence, basis)
        creates = character == (main or self._newcomers[member_id][0])
        rows = (create, row) if creates else (row,)
        return Changeset(rows, target.evidence, waits_for_officer="Creating a player needs your click.")

    def _main_of(self, member_id: int) -> KnownCharacter | None:
        own = [
            character
            for character in self._newcomers[member_id]
            if (member := self._resolver.member_named_like(character)) is not None and member.id == member_id
        ]
        return own[0] if len(own) == 1 else None

    def _why_not(self, character: KnownCharacter) -> str:
        decision = self._resolver.resolve(character)
        labels = " or ".join(candidate.label for candidate in decision.candidates)
        match decision.verdict:
            case Verdict.AMBIGUOUS:
                return f"The note says “{decision.named}”, which could mean {labels}. Choose one."
            case Verdict.SUGGESTED if any(
                c.person.character_id in self._resolver.facts.shared for c in decision.candidates
            ):
                return f"The note names {labels}, a bank or shared character, which has no player."
            case Verdict.SUGGESTED:
                return f"The note may mean {labels}, but that is not certain. Link it manually if it is right."
            case Verdict.UNKNOWN:
                if decision.mention and (player := rejected_player(self._resolver, decision.mention, character)):
                    return (
                        f"The note means {player}, but an officer ruled out {player} for {character.label}. To link "
                        "it anyway, undo that first."
                    )
                near = ", ".join(self._resolver.suggestions(decision.named or ""))
                suggestion = f" Similar names: {near}." if near else ""
                return f"The note says “{decision.named}”, but no one here has that name.{suggestion}"
            case _:
                return "The note and the name match no one."


def explain(known: Known, finding: Finding) -> Explanation:
    character = known.character(finding.subject_id)
    if character is None:
        return Explanation((Evidence(Source.ROSTER, HAS_LEFT),), HAS_LEFT)
    rank = f" as {known.rank}" if known.rank else ""
    evidence = [Evidence(Source.ROSTER, f"{character.label} is in the guild{rank}.")]
    evidence += note_evidence(known, character)
    if (namesake := known.resolver.member_named_like(character)) is not None:
        evidence.append(Evidence(Source.DISCORD, f"{namesake.display_name} on Discord has exactly this name."))
    evidence.append(link_evidence(known, character))
    if known.unlinked is not None and character.player_id is None:
        gone = known.unlinked
        sentence = f"{gone.actor} unlinked it from {gone.player} on {gone.at:%Y-%m-%d}."
        evidence.append(Evidence(Source.OFFICER, sentence))
    if character.id in known.resolver.facts.shared:
        return Explanation(tuple(evidence), "Marked as a bank or shared character, so it needs no player.")
    return Explanation(tuple(evidence), "In the guild, not linked to any player.")


def question(asked: Asked) -> str:
    if asked.plan is None:
        return f"Whose is {asked.name}?"
    player = next(iter(asked.plan.linked.values()))
    return f"Link {asked.name} to {asked.plan.names['player', player]}?"


_MITO = Character("Mito", owner="Mito", is_main=True)

RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name="Unlinked WoW Character",
    description="Character in guild with no player record",
    severity=Severity.WARNING,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=False,
    detect=detect,
    detect_among=detect,
    depends_on=depends_on("characters", "links", "decisions"),
    is_local=True,
    plan=plan,
    explain=explain,
    question=question,
    candidates=candidates_for_character,
    remedy=remedy_for_character,
    affects=("orphan_discord", "role_mismatch", "note_mismatch", "stale_character"),
    why="Until the character has a player, its rank cannot set a Discord role.",
    safe="Linking a character to an existing player, if its note means that player and no one else.",
    left_to_officer=(
        "These need your click: a new player, a link by the character's name alone, a name in another spelling, and a "
        "rank that gives access or more than the lowest Discord role. The fix links only if the note means exactly "
        "one person, or if the note is silent and exactly one Discord member has the character's whole name. "
        "Everything else stays open with the reason. Bank and shared characters are not found, and a note that names "
        "one links no one. The fix never repeats a link that an officer removed; you still can."
    ),
    material=(
        Material(
            "note", "its note", "at “{}”", "the note says “{}”", lambda d: d["note"] or "", lambda d: d["note"] or ""
        ),
    ),
    examples=(
        Example(
            "The note says “alt of Mito”, and Mito is a player",
            "linked to Mito",
            Outcome.AUTOMATIC,
            (Character("Altrek", "alt of Mito"), _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "No note; one Discord member has exactly the character's name",
            "linked to that member's player, created if needed",
            Outcome.NEEDS_CLICK,
            (Character("Zephyr"),),
            (Member("Zephyr"),),
            after={"Zephyr": "Zephyr"},
        ),
        Example(
            "The note says “Alch 300”",
            "the note names no one",
            Outcome.NO_FIX,
            (Character("Altrek", "Alch 300"), _MITO),
        ),
        Example(
            "The note says “Grim”; there are Grimrokk and Grimaldo",
            "both are suggested",
            Outcome.NO_FIX,
            (
                Character("Altrek", "Grim"),
                Character("Grimrokk", owner="Grimrokk", is_main=True),
                Character("Grimaldo", owner="Grimaldo", is_main=True),
            ),
        ),
        Example(
            "No note; the character is Ton, and a Discord member is washington",
            "part of a word is not enough",
            Outcome.NO_FIX,
            (Character("Ton"),),
            (Member("washington"),),
        ),
        Example(
            "The note says “alt of Mìto”; no one has exactly that name, and Mito is a player",
            "similar, not identical, so an officer checks first",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "alt of Mìto"), _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "The note says “alt of Mito”, and the character is an Officer",
            "its rank gives a role, so an officer checks first",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "alt of Mito", rank="Officer"), _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "The character has a player, or has left the guild",
            "only characters in the guild count",
            Outcome.NO_FINDING,
            (_MITO, Character("Altrek", "alt of Mito", has_left=True)),
        ),
    ),
)
