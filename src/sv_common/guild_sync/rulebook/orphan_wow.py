"""A character in the guild that belongs to no player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, Named
from sv_common.guild_sync.changes.row_changes import create_player, link
from sv_common.guild_sync.core.language import day, mark, tr
from sv_common.guild_sync.core.text import name_of, with_or
from sv_common.guild_sync.identity.accounts.owners import (
    WITHHELD,
    account_evidence,
    owner_by_account,
    why_not_by_account,
)
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
from sv_common.guild_sync.rulebook.examples.orphan_wow import EXAMPLES
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
            tr("'{character}' has no player link", character=name),
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
        owner = owner_by_account(self._resolver, character)
        if owner is not None:
            return owner if decision.target is None or decision.target.person == owner.person else None
        if decision.target is None and decision.verdict is Verdict.NOBODY:
            return self._resolver.owner_by_name(character)
        return decision.target

    def _towards(self, character: KnownCharacter, target: Candidate) -> Changeset:
        person = target.person
        if person.player_id is not None:
            meant = self._resolver.resolve(character).target
            if owner_by_account(self._resolver, character) is not None:
                if meant is None or self._resolver.facts.links_by_account:
                    return self._by_account(character, target)
                target = meant  # as the guild would have it without account evidence
            return self._to_player(character, target, person.player_id, is_safe=meant is not None)
        if person.member_id is not None:
            return self._with_new_player(character, person.member_id, target)
        return Changeset.none(
            tr(
                "The note means {name}, which has no player yet. Fix that one first, or run a full match.",
                name=target.label,
            )
        )

    def _to_player(self, character: KnownCharacter, target: Candidate, player_id: int, *, is_safe: bool) -> Changeset:
        row = link(character.named, Named(player_id, target.label), target.evidence, self._resolver.basis_of(character))
        waits = rank_review_reason(self._resolver.facts, [character])
        if target.is_other_spelling:
            waits = review_of_spelling(self._resolver.resolve(character).named, target.label)
        return Changeset((row,), _belongs(character, target), waits, is_safe=is_safe)

    def _by_account(self, character: KnownCharacter, owner: Candidate) -> Changeset:
        """Automation links by account where the guild says so and nothing says otherwise; a click always may."""
        player_id = owner.person.player_id or 0
        row = link(character.named, Named(player_id, owner.label), owner.evidence, "account")
        against = why_not_by_account(self._resolver, character, player_id)
        waits = rank_review_reason(self._resolver.facts, [character]) or against
        return Changeset(
            (row,), _belongs(character, owner), waits, against, is_safe=self._resolver.facts.links_by_account
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
        return Changeset(rows, target.evidence, waits_for_officer=tr("Creating a player needs your click."))

    def _main_of(self, member_id: int) -> KnownCharacter | None:
        own = [
            character
            for character in self._newcomers[member_id]
            if (member := self._resolver.member_named_like(character)) is not None and member.id == member_id
        ]
        return own[0] if len(own) == 1 else None

    def _why_not(self, character: KnownCharacter) -> str:
        decision = self._resolver.resolve(character)
        owner = owner_by_account(self._resolver, character)
        if owner is not None and decision.target is not None:
            against = tr("The note means {name}, but something speaks against that.", name=decision.target.label)
            return f"{against} {tr(WITHHELD)}"
        labels = with_or([candidate.label for candidate in decision.candidates])
        match decision.verdict:
            case Verdict.AMBIGUOUS:
                return tr(
                    "The note says “{named}”, which could mean {names}. Choose one.",
                    named=decision.named,
                    names=labels,
                )
            case Verdict.SUGGESTED if any(
                c.person.character_id in self._resolver.facts.shared for c in decision.candidates
            ):
                return tr("The note names {names}, a bank or shared character, which has no player.", names=labels)
            case Verdict.SUGGESTED:
                return tr(
                    "The note may mean {names}, but that is not certain. Link it manually if it is right.",
                    names=labels,
                )
            case Verdict.UNKNOWN:
                if decision.mention and (player := rejected_player(self._resolver, decision.mention, character)):
                    return tr(
                        "The note means {player}, but an officer ruled out {player} for {character}. To link "
                        "it anyway, undo that first.",
                        player=player,
                        character=character.label,
                    )
                near = ", ".join(self._resolver.suggestions(decision.named or ""))
                said = tr("The note says “{word}”, but no one here has that name.", word=decision.named)
                return f"{said} {tr('Similar names: {names}.', names=near)}" if near else said
            case _:
                return tr("The note and the name match no one.")


def _belongs(character: KnownCharacter, target: Candidate) -> str:
    return tr(
        "{character} belongs to {player}: {evidence}",
        character=character.label,
        player=target.label,
        evidence=target.evidence,
    )


def explain(known: Known, finding: Finding) -> Explanation:
    character = known.character(finding.subject_id)
    if character is None:
        return Explanation((Evidence(Source.ROSTER, tr(HAS_LEFT)),), tr(HAS_LEFT))
    here = (
        tr("{character} is in the guild as {rank}.", character=character.label, rank=known.rank)
        if known.rank
        else tr("{character} is in the guild.", character=character.label)
    )
    evidence = [Evidence(Source.ROSTER, here)]
    evidence += note_evidence(known, character)
    if (namesake := known.resolver.member_named_like(character)) is not None:
        evidence.append(
            Evidence(Source.DISCORD, tr("{member} on Discord has exactly this name.", member=namesake.display_name))
        )
    if (told := account_evidence(known.resolver, character)) is not None:
        evidence.append(Evidence(Source.ACCOUNT, told))
    evidence.append(link_evidence(known, character))
    if known.unlinked is not None and character.player_id is None:
        gone = known.unlinked
        sentence = tr(
            "{officer} unlinked it from {player} on {day}.",
            officer=name_of(gone.actor),
            player=gone.player,
            day=day(gone.at),
        )
        evidence.append(Evidence(Source.OFFICER, sentence))
    if character.id in known.resolver.facts.shared:
        return Explanation(tuple(evidence), tr("Marked as a bank or shared character, so it needs no player."))
    return Explanation(tuple(evidence), tr("In the guild, not linked to any player."))


def question(asked: Asked) -> str:
    if asked.plan is None:
        return tr("Whose is {name}?", name=asked.name)
    player = next(iter(asked.plan.linked.values()))
    return tr("Link {name} to {player}?", name=asked.name, player=asked.plan.names["player", player])


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Unlinked WoW Character"),
    description=mark("Character in guild with no player record"),
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
    affects=(
        "orphan_discord",
        "role_mismatch",
        "note_mismatch",
        "stale_character",
        "departed_with_roles",
        "stale_discord_link",
        "account_conflict",
        "link_contradicts_proof",
        "unverified_member",
    ),
    why=mark("Until the character has a player, its rank cannot set a Discord role."),
    safe=mark(
        "Linking a character to an existing player, if its note means that player and no one else. Where the guild has set account "
        "evidence to automatic, also to the one known owner of its account, if nothing says otherwise."
    ),
    left_to_officer=mark(
        "These need your click: a new player, a link by the character's name alone, a name in another spelling, and a "
        "rank that gives access or more than the lowest Discord role. The fix links only if the note means exactly "
        "one person, or if the note is silent and exactly one Discord member has the character's whole name. "
        "A fix by account evidence needs an owner that an officer or a sign-in stands for; a note that says otherwise keeps it open. "
        "Everything else stays open with the reason. Bank and shared characters are not found, and a note that names "
        "one links no one. The fix never repeats a link that an officer removed; you still can."
    ),
    material=(
        Material(
            "note",
            mark("its note"),
            mark("at “{}”"),
            mark("the note says “{}”"),
            lambda d: d["note"] or "",
            lambda d: d["note"] or "",
        ),
    ),
    examples=EXAMPLES,
)
