"""The note of a linked character names another person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.changeset import Changeset, Named, RowChange, link, unlink
from sv_common.guild_sync.core.basis import has_changed
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver, once
from sv_common.guild_sync.identity.unknown_names import rejected_player, review_reason
from sv_common.guild_sync.identity.verdicts import Decision, Verdict
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.notes import Mention
from sv_common.guild_sync.rulebook.candidates.owners import candidates_for_character, remedy_for_character
from sv_common.guild_sync.rulebook.dependence import FACTS
from sv_common.guild_sync.rulebook.example import Character, Example, Outcome
from sv_common.guild_sync.rulebook.explain import (
    HAS_LEFT,
    Known,
    basis_evidence,
    link_evidence,
    note_evidence,
    review_of_rank,
    review_of_spelling,
)
from sv_common.guild_sync.rulebook.former_names import FormerNames
from sv_common.guild_sync.rulebook.rule import Asked, RuleDefinition

ISSUE_TYPE = "note_mismatch"


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
    among: Collection[int] | None = None,
) -> list[Finding]:
    resolver = await resolver_of(guild)
    return list(_all(resolver)) if among is None else find(resolver, among)


def find(resolver: Resolver, among: Collection[int] | None = None) -> list[Finding]:
    """Return the findings among some characters of the resolver, or among all. Pure."""
    former, known = FormerNames(resolver.facts), resolver.facts.characters
    looked_at = known.values() if among is None else [known[each] for each in sorted(among) if each in known]
    return [
        finding
        for character in looked_at
        if character.player_id is not None and character.is_present and character.note
        if (finding := _examine(resolver, former, character, character.player_id))
    ]


@once
def _all(resolver: Resolver) -> Sequence[Finding]:
    return find(resolver)


def notes_naming_their_player(resolver: Resolver, among: Collection[int]) -> set[int]:
    """Return those of some characters whose note certainly means the player that they are linked to."""
    known = (resolver.facts.characters[number] for number in among if number in resolver.facts.characters)
    return {
        character.id
        for character in known
        if resolver.certain_mentions(character)
        and (target := resolver.resolve(character).target) is not None
        and target.person.player_id == character.player_id
    }


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:  # noqa: ARG001 -- a fresh finding holds all
    """Unlink, and link to the one player that the note names, if it names one."""
    return [_plan(finding.details) for finding in findings]


def _examine(resolver: Resolver, former: FormerNames, character: KnownCharacter, player_id: int) -> Finding | None:
    if resolver.fits_player(character.note or "", character, player_id):
        return None
    names = resolver.certain_mentions(character)
    decision = resolver.resolve(character)
    if decision.verdict in (Verdict.NOBODY, Verdict.SUGGESTED):
        return None
    if any(candidate.person.player_id == player_id for candidate in decision.candidates):
        return None
    formerly = former.own(player_id, names)
    if formerly and not decision.candidates:
        return None  # no one has that name now, so the note still means its player by the former name
    return _finding(resolver, character, player_id, decision, names, formerly)


def _finding(
    resolver: Resolver,
    character: KnownCharacter,
    player_id: int,
    decision: Decision,
    names: Sequence[Mention],
    formerly: str | None,
) -> Finding:
    player = resolver.facts.players[player_id].display_name
    details: dict[str, Any] = {
        "character_id": character.id,
        "character": character.label,
        "note": character.note,
        "linked_under": character.basis_note,
        "named": decision.named,
        "player_id": player_id,
        "player": player,
        "link_source": character.link_source,
        "is_decided": character.is_decided,
        "verdict": decision.verdict.value,
        "candidates": [
            {
                "person": candidate.person.key,
                "label": candidate.label,
                "player_id": candidate.person.player_id,
                "evidence": candidate.evidence,
                "is_other_spelling": candidate.is_other_spelling,
            }
            for candidate in decision.candidates
        ],
    }
    if formerly:
        details["formerly"] = formerly
    if weight := resolver.facts.grant_of(character):
        details["weight"] = weight
    if decision.verdict is Verdict.UNKNOWN:
        details["rejected_player"] = next(
            (other for mention in names if (other := rejected_player(resolver, mention, character))), None
        )
        details["resembles"] = next(
            (own for mention in names if (own := resolver.resembles_player(mention, player_id))), None
        )
        details["doubt"] = review_reason(resolver, decision, character)
        member = resolver.member_named_like(character)
        details["own_name_is_player"] = member is not None and resolver.player_of_member(member.id) == player_id
    summary = f"'{character.name}' is linked to {player}, but its note says {decision.named}"
    return Finding(ISSUE_TYPE, resolver.facts.guild_id, SubjectKind.CHARACTER, character.id, summary, details)


def _plan(details: dict[str, Any] | Any) -> Changeset:
    named, player = details["named"], details["player"]
    labels = " or ".join(candidate["label"] for candidate in details["candidates"])
    if details.get("formerly"):
        return Changeset.none(
            f"The note says “{named}”, a former name of {player} ({details['formerly']}), and now a name of {labels}. "
            "Correct the note in the game, or choose the player."
        )
    if details["verdict"] == Verdict.AMBIGUOUS:
        return Changeset.none(f"The note says “{named}”, which could mean {labels}. Choose one.")
    if details.get("rejected_player"):
        return Changeset.none(
            f"The note says “{named}”, which means {details['rejected_player']}, but an officer ruled out "
            f"{details['rejected_player']} for {details['character']}. Correct the note in the game, or choose the "
            "player."
        )
    if details.get("resembles"):
        return Changeset.none(
            f"The note says “{named}”, which looks like “{details['resembles']}”, a name of {player}, spelled "
            "differently. Correct the note in the game, or dismiss the issue."
        )
    row, reason = _change(details)
    unchanged = _not_changed(details)
    reason = f"{reason} {unchanged}" if unchanged else reason
    return Changeset(
        (row,), reason, waits_for_officer=_review_reason(details), not_in_bulk=_why_not_in_bulk(details), is_safe=True
    )


def _change(details: Any) -> tuple[RowChange, str]:
    character = Named(details["character_id"], details["character"])
    former = Named(details["player_id"], details["player"])
    target = details["candidates"][0] if details["candidates"] else None
    if target is None:
        return unlink(character, former), f"The note says “{details['named']}”, but no one here has that name."
    if target["player_id"] is None:
        reason = f"The note means {target['label']}, who has no player yet. {target['evidence']}"
        return unlink(character, former), reason
    row = link(character, Named(target["player_id"], target["label"]), target["evidence"], former=former)
    return row, f"The note means {target['label']}: {target['evidence']}"


def _review_reason(details: Any) -> str | None:
    if refusal := _why_not_in_bulk(details) or _not_changed(details):
        return refusal
    if details.get("weight"):
        return review_of_rank(details["character"], details["weight"])
    for candidate in details["candidates"]:
        if candidate["is_other_spelling"]:
            return review_of_spelling(details["named"], candidate["label"])
    if details.get("own_name_is_player"):
        return (
            f"The note says “{details['named']}”, but no one here has that name. The character has the Discord name "
            f"of {details['player']}."
        )
    doubt: str | None = details.get("doubt")
    return doubt


def _meant(details: Any) -> list[Any]:
    """Who the note means, for a dismissal: people by number, so that renaming one changes nothing."""
    return [details["verdict"], *sorted(each["person"] for each in details["candidates"])]


def _why_not_in_bulk(details: Any) -> str | None:
    if not details["is_decided"]:
        return None
    return (
        f"An officer linked {details['character']} to {details['player']}, but the note says “{details['named']}”. "
        "Automatic and bulk fixes never change an officer's decision, so check this one on its own."
    )


def _not_changed(details: Any) -> str | None:
    """Return that the note is the same as when the link was made, so that only names have changed; else None."""
    character, labels = details["character"], [candidate["label"] for candidate in details["candidates"]]
    match has_changed(details["note"], details["linked_under"]):
        case None:
            return f"The note that {character} was linked by is unknown, so an officer should check it."
        case False:
            means = f"means {labels[0]}" if labels else "matches no one"
            return f"The note has not changed since {character} was linked, but its name now {means}."
        case _:
            return None


def explain(known: Known, finding: Finding) -> Explanation:
    character = known.character(finding.subject_id)
    if character is None:
        return Explanation((Evidence(Source.ROSTER, HAS_LEFT),), HAS_LEFT)
    decision = known.resolver.resolve(character)
    evidence = (*note_evidence(known, character), link_evidence(known, character), *basis_evidence(known, character))
    player = known.player(character.player_id) if character.player_id is not None else None
    return Explanation(evidence, _two_words(decision, player))


def _two_words(decision: Decision, player: str | None) -> str:
    if player is None:
        return "The character has no player, so there is no mismatch."
    match decision.verdict:
        case Verdict.CONFIDENT:
            label = decision.candidates[0].label
            if label == player:
                return f"Note and link both mean {player}."
            return f"The note means {label}, but the character is linked to {player}. One of the two is out of date."
        case Verdict.AMBIGUOUS:
            return f"The character is linked to {player}, but the note means someone else."
        case Verdict.UNKNOWN:
            return f"The character is linked to {player}, but “{decision.named}” in the note is not one of their names."
        case _:
            return f"The note does not contradict {player}."


def question(asked: Asked) -> str:
    named = asked.details.get("named")
    if not named:
        return f"Whose is {asked.name}?"
    verb = "Whose is it" if asked.plan is None else "Move it" if asked.plan.linked else "Unlink it"
    return f"{asked.name}’s note says {named}. {verb}?"


_ELREK = Character("Elrek", owner="Elrek", is_main=True)
_MITO = Character("Mito", owner="Mito", is_main=True)
_RENAMED = Character("Torvan", owner="Torvan", is_main=True, formerly="Elrek")

RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name="Guild Note Mismatch",
    description="Character's guild note names a different player than the one it is linked to",
    severity=Severity.WARNING,
    subject=SubjectKind.CHARACTER,
    auto_mitigate=True,
    detect=detect,
    detect_among=detect,
    depends_on=FACTS,
    plan=plan,
    explain=explain,
    question=question,
    candidates=candidates_for_character,
    remedy=remedy_for_character,
    affects=("orphan_wow", "role_mismatch", "stale_character"),
    why=(
        "Officers write the owner of a character into its guild note. When the note changes, the link is out of date, "
        "and so may be the player's Discord role."
    ),
    safe=(
        "A note that changed since the link was made and clearly names someone else. The character moves to that "
        "player, or is unlinked if no one has the name."
    ),
    left_to_officer=(
        "Notes: one that did not change since the link was made; one with a former name of its player that someone "
        "else has now. Names: another spelling; a name that could mean two people; a likely misspelling of the linked "
        "player's name; an unknown word that is not written like a name or is similar to a known one. Decisions: a "
        "player ruled out for the character; a link that an officer made or confirmed (Fix All skips it too); a fix "
        "that was undone. Power: a character whose rank gives access or more than the lowest Discord role. Also: a "
        "character with its player's Discord name and an unknown name in its note; more fixes at once than the limit "
        "allows."
    ),
    material=(
        Material("note", "its note", "at “{}”", "the note says “{}”", lambda d: d["note"], lambda d: str(d["note"])),
        Material(
            "player",
            "the linked player",
            "when it was linked to {}",
            "it is linked to {}",
            lambda d: d["player_id"],
            lambda d: str(d["player"]),
        ),
        Material(
            "meant",
            "the person the note means",
            "when it meant {}",
            "it means {}",
            _meant,
            lambda d: " or ".join(each["label"] for each in d["candidates"]) or "no one here",
        ),
    ),
    examples=(
        Example(
            "A character linked to Elrek; its note changes from “Elrek” to “Mito”, a player",
            "linked to Mito instead",
            Outcome.AUTOMATIC,
            (Character("Altrek", "Mito", owner="Elrek", linked_under="Elrek"), _ELREK, _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "A character linked to Elrek; its note changes to “Zork”, and no one here has that name",
            "unlinked, then an orphan_wow",
            Outcome.AUTOMATIC,
            (Character("Altrek", "Zork", owner="Elrek", linked_under="Elrek"), _ELREK),
            after={"Altrek": None},
        ),
        *(
            Example(
                f"A character linked to Elrek; its note says “{note}”",
                "the note names its player",
                Outcome.NO_FINDING,
                (Character("Altrek", note, owner="Elrek"), _ELREK, _MITO),
            )
            for note in ("Elrek's bank", "alt of Elrek")
        ),
        *(
            Example(
                f"A character linked to Elrek; its note becomes {shown}",
                "the note names no one",
                Outcome.NO_FINDING,
                (Character("Altrek", note, owner="Elrek"), _ELREK, _MITO),
            )
            for note, shown in (("Alch 300", "“Alch 300”"), ("Bank", "“Bank”"), ("2026-01-31", "a date"), ("", "empty"))
        ),
        Example(
            "A character linked to Elrek under the note “Elrek”; Elrek's main is renamed to Torvan",
            "“Elrek” is a former name of the same player",
            Outcome.NO_FINDING,
            (Character("Altrek", "Elrek", owner="Torvan", linked_under="Elrek"), _RENAMED),
        ),
        Example(
            "The same, and a new player's main takes the name Elrek",
            "the names changed, not the note",
            Outcome.NO_FIX,
            (Character("Altrek", "Elrek", owner="Torvan", linked_under="Elrek"), _RENAMED, _ELREK),
        ),
        Example(
            "A character linked to Elrek; its note still says “Mito”, as when it was linked",
            "the note has not changed since the link",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "Mito", owner="Elrek", linked_under="Mito"), _ELREK, _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "The note says “Elreck”",
            "it looks like Elrek, spelled differently",
            Outcome.NO_FIX,
            (Character("Altrek", "Elreck", owner="Elrek"), _ELREK),
        ),
        *(
            Example(
                f"A character linked to Elrek; its note says “{note}”",
                "the note is about another person",
                Outcome.NO_FINDING,
                (Character("Altrek", note, owner="Elrek"), _ELREK, _MITO),
            )
            for note in ("Mito's recruit", "guest of Mito", "formerly Mito")
        ),
        Example(
            "The note says “Holy”, and a character of another player is called Holy",
            "also a common word",
            Outcome.NO_FIX,
            (Character("Altrek", "Holy", owner="Elrek"), _ELREK, Character("Holy", owner="Mito", is_main=True)),
        ),
        Example(
            "The note says “Mito”; the mains of two players on different realms have that name",
            "the name fits both",
            Outcome.NO_FIX,
            (
                Character("Altrek", "Mito", owner="Elrek"),
                _ELREK,
                Character("Mito", owner="Mito", is_main=True, realm="dalaran"),
                Character("Mito", owner="Mito the Other", is_main=True, realm="stormrage"),
            ),
        ),
        Example(
            "The note says “Mìto”; no one has exactly that name, and Mito is a player",
            "similar, not identical, so an officer checks first",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "Mìto", owner="Elrek", linked_under="Elrek"), _ELREK, _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "An officer linked the character to Elrek; its note changes to “Mito”",
            "an officer's decision stays",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "Mito", owner="Elrek", linked_under="Elrek", is_confirmed=True), _ELREK, _MITO),
            after={"Altrek": "Mito"},
        ),
        Example(
            "The character is an Officer; its note changes from “Elrek” to “Mito”",
            "its rank gives a role, so an officer checks first",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "Mito", owner="Elrek", linked_under="Elrek", rank="Officer"), _ELREK, _MITO),
            after={"Altrek": "Mito"},
        ),
    ),
)
