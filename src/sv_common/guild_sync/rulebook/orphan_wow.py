"""A character in the guild that belongs to no player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, Named, create_player, link
from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.identity.facts import KnownCharacter, read_facts
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.identity.strangers import ruled_out
from sv_common.guild_sync.identity.verdicts import Candidate, Person, Verdict
from sv_common.guild_sync.issues.explanation import Saying, Source, Story
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.candidates import owners_of, remedy_of_owner
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome
from sv_common.guild_sync.rulebook.explain import (
    HAS_LEFT,
    Known,
    record_of,
    waits_for_spelling,
    what_the_note_says,
    why_weight_waits,
)
from sv_common.guild_sync.rulebook.rule import RuleDefinition

ISSUE_TYPE = "orphan_wow"
SQL = load_sql(__package__, "orphan_wow.sql")


async def detect(conn: Connection, *, guild_id: int | None = None, now: datetime | None = None) -> list[Finding]:  # noqa: ARG001 -- every detector takes the time
    """Find characters in the guild without a player."""
    rows = await (await conn.execute(SQL["find"], {"guild_id": guild_id})).fetchall()
    return [
        Finding(
            ISSUE_TYPE,
            guild,
            SubjectKind.CHARACTER,
            character_id,
            f"'{name}' has no player link",
            {"character_id": character_id, "character": f"{name}-{realm}", "note": note},
        )
        for character_id, guild, name, realm, note in rows
    ]


async def plan(conn: Connection, findings: Sequence[Finding]) -> list[Changeset]:
    """Link each character to the one person whom its note means, or whose Discord name it bears."""
    if not findings:
        return []
    directory = Directory(await read_facts(conn, findings[0].guild_id))
    planner = _Planner(directory, [directory.facts.characters[finding.subject_id] for finding in findings])
    return planner.plans()


class _Planner:
    """Plans for several characters of one guild; those that mean the same new player share its creation."""

    def __init__(self, directory: Directory, characters: Sequence[KnownCharacter]) -> None:
        self._directory = directory
        self._targets = [(character, self._target(character)) for character in characters]
        self._newcomers: dict[int, list[KnownCharacter]] = defaultdict(list)
        for character, target in self._targets:
            if target is not None and target.person.member_id is not None:
                self._newcomers[target.person.member_id].append(character)

    def plans(self) -> list[Changeset]:
        """One plan for each character, in their order."""
        return [
            self._towards(character, target) if target else Changeset.none(self._why_not(character))
            for character, target in self._targets
        ]

    def _target(self, character: KnownCharacter) -> Candidate | None:
        decision = self._directory.decide(character)
        if decision.target is None and decision.verdict is Verdict.NOBODY:
            return self._by_own_name(character)
        return decision.target

    def _towards(self, character: KnownCharacter, target: Candidate) -> Changeset:
        person = target.person
        if person.player_id is not None:
            player = Named(person.player_id, target.label)
            row = link(character.named, player, target.evidence, self._basis(character))
            waits = why_weight_waits(self._directory.facts, [character])
            decision = self._directory.decide(character)
            if target.is_other_spelling:
                waits = waits_for_spelling(decision.named, target.label)
            reason = f"{character.label} belongs to {target.label}: {target.evidence}"
            return Changeset((row,), reason, waits, is_safe=decision.target is not None)
        if person.member_id is not None:
            return self._with_new_player(character, person.member_id, target)
        return Changeset.none(
            f"The note means the character {target.label}, which has no player yet. Fix that one first, or run a full match."
        )

    def _with_new_player(self, character: KnownCharacter, member_id: int, target: Candidate) -> Changeset:
        player = Named(-member_id, target.label)
        main = self._main_of(member_id)
        basis = self._basis(character)
        member = Named(member_id, target.label)
        create = create_player(*player, member, main.named if main else None, basis)
        row = link(character.named, player, target.evidence, basis)
        is_founder = character == (main or self._newcomers[member_id][0])
        rows = (create, row) if is_founder else (row,)
        return Changeset(rows, target.evidence, waits_for_officer="Only an officer may have a new player created.")

    def _basis(self, character: KnownCharacter) -> LinkEvidence:
        """What speaks for whom a character is linked to: its note, or its own name where the note says nobody."""
        return "note" if self._directory.decide(character).target is not None else "name"

    def _main_of(self, member_id: int) -> KnownCharacter | None:
        """The one character among the member's that bears the member's name."""
        own = [
            character
            for character in self._newcomers[member_id]
            if (member := self._directory.member_named_like(character)) is not None and member.id == member_id
        ]
        return own[0] if len(own) == 1 else None

    def _by_own_name(self, character: KnownCharacter) -> Candidate | None:
        member = self._directory.member_named_like(character)
        if member is None:
            return None
        player_id = self._directory.player_of_member(member.id)
        person = Person(player_id) if player_id is not None else Person(member_id=member.id)
        if (character.id, player_id) in self._directory.facts.rejections:
            return None
        evidence = f"the character has the Discord name of {member.display_name}."
        return Candidate(person, self._directory.label(person), evidence)

    def _why_not(self, character: KnownCharacter) -> str:
        decision = self._directory.decide(character)
        labels = " or ".join(candidate.label for candidate in decision.candidates)
        match decision.verdict:
            case Verdict.AMBIGUOUS:
                return f"The note says “{decision.named}”, which could mean {labels}. Link it by hand."
            case Verdict.SUGGESTED:
                return f"The note may mean {labels}, but nothing proves it. Link it by hand if it is right."
            case Verdict.UNKNOWN:
                if decision.mention and (player := ruled_out(self._directory, decision.mention, character)):
                    return (
                        f"The note means {player}, and an officer has said that {character.label} does not belong to {player}. "
                        "If it does after all, take that back or link it by hand."
                    )
                near = ", ".join(self._directory.suggestions(decision.named or ""))
                hint = f" Similar names: {near}." if near else ""
                return f"The note says “{decision.named}”, whom nobody here is called.{hint}"
            case _:
                return "Neither the note nor the name says whose character this is."


def explain(known: Known, finding: Finding) -> Story:
    """In the guild, and nobody's."""
    character = known.character(finding.subject_id)
    if character is None:
        return Story((Saying(Source.ROSTER, HAS_LEFT),), HAS_LEFT)
    rank = f" as {known.rank}" if known.rank else ""
    sayings = [Saying(Source.ROSTER, f"{character.label} is in the guild{rank}.")]
    sayings += what_the_note_says(known, character)
    if (namesake := known.directory.member_named_like(character)) is not None:
        sayings.append(Saying(Source.DISCORD, f"{namesake.display_name} on Discord is called exactly like it."))
    sayings.append(record_of(known, character))
    if known.unlinked is not None and character.player_id is None:
        gone = known.unlinked
        sentence = f"{gone.actor} took it from {gone.player} on {gone.at:%Y-%m-%d}."
        sayings.append(Saying(Source.OFFICER, sentence))
    return Story(tuple(sayings), "It is in the guild, and it is nobody’s.")


_MITO = Character("Mito", owner="Mito", is_main=True)

RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name="Unlinked WoW Character",
    description="Character in guild with no player record",
    severity=Severity.WARNING,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=False,
    detect=detect,
    plan=plan,
    explain=explain,
    candidates=owners_of,
    remedy=remedy_of_owner,
    affects=("orphan_discord", "role_mismatch", "note_mismatch", "stale_character"),
    why="A character without a player counts for nobody: its rank gives no Discord role, and nobody knows whose it is.",
    safe="Linking a character to a player who exists, where its note means that player and nobody else.",
    left_to_officer=(
        "A new player, a link by the character's name alone, and a character whose rank gives a right or a Discord role above "
        "the lowest need an officer's click, and so does a note that spells a name otherwise. "
        "The fix links only where the note means exactly one person, or where the note "
        "says nothing and exactly one Discord member bears the character's whole name. Everything else stays open with the "
        "reason. From whom an officer has unlinked a character, to them the fix does not link it again; an officer still can."
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
            "No note; one Discord member is called exactly like the character",
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
            "a part of a word proves nothing",
            Outcome.NO_FIX,
            (Character("Ton"),),
            (Member("washington"),),
        ),
        Example(
            "The note says “alt of Mìto”; no one has exactly that name, and Mito is a player",
            "another spelling proves nothing, so an officer looks first",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "alt of Mìto"), _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "The note says “alt of Mito”, and the character is an Officer",
            "its rank gives a role, so an officer looks first",
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
