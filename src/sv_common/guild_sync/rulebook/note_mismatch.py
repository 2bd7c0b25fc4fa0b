"""The note of a linked character names another person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.changeset import Changeset, Named, RowChange
from sv_common.guild_sync.changes.row_changes import link, unlink
from sv_common.guild_sync.core.basis import has_changed
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.accounts.owners import WITHHELD, account_evidence, owner_by_account
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
from sv_common.guild_sync.rulebook.examples.note_mismatch import EXAMPLES
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
    is_own = resolver.names.own_notes  # of most notes it is known that they fit
    return [
        finding
        for character in looked_at
        if character.player_id is not None and character.is_present and character.note
        if not is_own.get((character.note, character.player_id))
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
    if character.basis == "proven":  # a note says less than a sign-in; what the note should say is proposed elsewhere
        return None
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
    by_account = owner_by_account(resolver, character)
    if by_account is not None and by_account.person.player_id == player_id:
        details["is_withheld"] = True
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
    summary = tr(
        "'{character}' is linked to {player}, but its note says {named}",
        character=character.name,
        player=player,
        named=decision.named,
    )
    return Finding(ISSUE_TYPE, resolver.facts.guild_id, SubjectKind.CHARACTER, character.id, summary, details)


def _plan(details: dict[str, Any] | Any) -> Changeset:
    named, player = details["named"], details["player"]
    labels = with_or([candidate["label"] for candidate in details["candidates"]])
    if details.get("formerly"):
        return Changeset.none(
            tr(
                "The note says “{named}”, a former name of {player} ({who_now}), and now a name of {names}. "
                "Correct the note in the game, or choose the player.",
                named=named,
                player=player,
                who_now=details["formerly"],
                names=labels,
            )
        )
    if details["verdict"] == Verdict.AMBIGUOUS:
        return Changeset.none(
            tr("The note says “{named}”, which could mean {names}. Choose one.", named=named, names=labels)
        )
    if details.get("rejected_player"):
        return Changeset.none(
            tr(
                "The note says “{named}”, which means {player}, but an officer ruled out {player} for {character}. "
                "Correct the note in the game, or choose the player.",
                named=named,
                player=details["rejected_player"],
                character=details["character"],
            )
        )
    if details.get("resembles"):
        return Changeset.none(
            tr(
                "The note says “{named}”, which looks like “{name}”, a name of {player}, spelled "
                "differently. Correct the note in the game, or dismiss the issue.",
                named=named,
                name=details["resembles"],
                player=player,
            )
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
        return unlink(character, former), tr(
            "The note says “{word}”, but no one here has that name.", word=details["named"]
        )
    if target["player_id"] is None:
        reason = tr(
            "The note means {name}, who has no player yet. {evidence}",
            name=target["label"],
            evidence=target["evidence"],
        )
        return unlink(character, former), reason
    row = link(character, Named(target["player_id"], target["label"]), target["evidence"], former=former)
    return row, tr("The note means {player}: {evidence}", player=target["label"], evidence=target["evidence"])


def _review_reason(details: Any) -> str | None:
    if refusal := _why_not_in_bulk(details) or _not_changed(details):
        return refusal
    if details.get("is_withheld"):
        return f"{tr('Something stronger than the note speaks for {player}.', player=details['player'])} {tr(WITHHELD)}"
    if details.get("weight"):
        return review_of_rank(details["character"], details["weight"])
    for candidate in details["candidates"]:
        if candidate["is_other_spelling"]:
            return review_of_spelling(details["named"], candidate["label"])
    if details.get("own_name_is_player"):
        return tr(
            "The note says “{named}”, but no one here has that name. The character has the Discord name of {player}.",
            named=details["named"],
            player=details["player"],
        )
    doubt: str | None = details.get("doubt")
    return doubt


def _meant(details: Any) -> list[Any]:
    """Who the note means, for a dismissal: people by number, so that renaming one changes nothing."""
    return [details["verdict"], *sorted(each["person"] for each in details["candidates"])]


def _why_not_in_bulk(details: Any) -> str | None:
    if not details["is_decided"]:
        return None
    return tr(
        "An officer linked {character} to {player}, but the note says “{named}”. "
        "Automatic and bulk fixes never change an officer's decision, so check this one on its own.",
        character=details["character"],
        player=details["player"],
        named=details["named"],
    )


def _not_changed(details: Any) -> str | None:
    """Return that the note is the same as when the link was made, so that only names have changed; else None."""
    character, labels = details["character"], [candidate["label"] for candidate in details["candidates"]]
    match has_changed(details["note"], details["linked_under"]):
        case None:
            return tr(
                "The note that {character} was linked by is unknown, so an officer should check it.",
                character=character,
            )
        case False:
            if not labels:
                return tr(
                    "The note has not changed since {character} was linked, but its name now matches no one.",
                    character=character,
                )
            return tr(
                "The note has not changed since {character} was linked, but its name now means {name}.",
                character=character,
                name=labels[0],
            )
        case _:
            return None


def explain(known: Known, finding: Finding) -> Explanation:
    character = known.character(finding.subject_id)
    if character is None:
        return Explanation((Evidence(Source.ROSTER, tr(HAS_LEFT)),), tr(HAS_LEFT))
    decision = known.resolver.resolve(character)
    evidence = [*note_evidence(known, character), link_evidence(known, character), *basis_evidence(known, character)]
    if (told := account_evidence(known.resolver, character)) is not None:
        evidence.append(Evidence(Source.ACCOUNT, told))
    player = known.player(character.player_id) if character.player_id is not None else None
    return Explanation(tuple(evidence), _two_words(decision, player))


def _two_words(decision: Decision, player: str | None) -> str:
    if player is None:
        return tr("The character has no player, so there is no mismatch.")
    match decision.verdict:
        case Verdict.CONFIDENT:
            label = decision.candidates[0].label
            if label == player:
                return tr("Note and link both mean {player}.", player=player)
            return tr(
                "The note means {name}, but the character is linked to {player}. One of the two is out of date.",
                name=label,
                player=player,
            )
        case Verdict.AMBIGUOUS:
            return tr("The character is linked to {player}, but the note means someone else.", player=player)
        case Verdict.UNKNOWN:
            return tr(
                "The character is linked to {player}, but “{named}” in the note is not one of their names.",
                player=player,
                named=decision.named,
            )
        case _:
            return tr("The note does not contradict {player}.", player=player)


def question(asked: Asked) -> str:
    named = asked.details.get("named")
    if not named:
        return tr("Whose is {name}?", name=asked.name)
    if asked.plan is None:
        return tr("{name}’s note says {named}. Whose is it?", name=asked.name, named=named)
    if asked.plan.linked:
        return tr("{name}’s note says {named}. Move it?", name=asked.name, named=named)
    return tr("{name}’s note says {named}. Unlink it?", name=asked.name, named=named)


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Guild Note Mismatch"),
    description=mark("Character's guild note names a different player than the one it is linked to"),
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
    affects=(
        "orphan_wow",
        "role_mismatch",
        "stale_character",
        "departed_with_roles",
        "stale_discord_link",
        "account_conflict",
        "link_contradicts_proof",
        "unverified_member",
    ),
    why=mark(
        "Officers write the owner of a character into its guild note. When the note changes, the link is out of date, "
        "and so may be the player's Discord role."
    ),
    safe=mark(
        "A note that changed since the link was made and clearly names someone else. The character moves to that "
        "player, or is unlinked if no one has the name."
    ),
    left_to_officer=mark(
        "Notes: one that did not change since the link was made; one with a former name of its player that someone "
        "else has now. Names: another spelling; a name that could mean two people; a likely misspelling of the linked "
        "player's name; an unknown word that is not written like a name or is similar to a known one. Decisions: a "
        "player ruled out for the character; a link that an officer made or confirmed (Fix All skips it too); a fix "
        "that was undone. Power: a character whose rank gives access or more than the lowest Discord role. Also: a "
        "character with its player's Discord name and an unknown name in its note; one on the same Battle.net account as "
        "confirmed characters of its player; more fixes at once than the limit "
        "allows."
    ),
    material=(
        Material(
            "note",
            mark("its note"),
            mark("at “{}”"),
            mark("the note says “{}”"),
            lambda d: d["note"],
            lambda d: str(d["note"]),
        ),
        Material(
            "player",
            mark("the linked player"),
            mark("when it was linked to {}"),
            mark("it is linked to {}"),
            lambda d: d["player_id"],
            lambda d: str(d["player"]),
        ),
        Material(
            "meant",
            mark("the person the note means"),
            mark("when it meant {}"),
            mark("it means {}"),
            _meant,
            lambda d: with_or([each["label"] for each in d["candidates"]]) or tr("no one here"),
        ),
    ),
    examples=EXAMPLES,
)
