"""What account evidence says against the links: two players on one account, or two accounts of one player with notes that disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.accounts.kinds import Kind
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.basis import is_confirmed
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import enumerated, listed
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.merging import merge
from sv_common.guild_sync.identity.plans.overruling import check_reason, overruled
from sv_common.guild_sync.identity.resolver import Resolver, once
from sv_common.guild_sync.issues.explanation import Evidence, Explanation, Source
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import FACTS
from sv_common.guild_sync.rulebook.examples.account_conflict import EXAMPLES
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.rule import Asked, Remedy, RuleDefinition

ISSUE_TYPE = "account_conflict"
_Details = dict[str, Any]


async def detect(
    guild: GuildConnection,
    *,
    now: datetime | None = None,  # noqa: ARG001 -- every detector takes the time
    among: Collection[int] | None = None,
) -> list[Finding]:
    found = find(await resolver_of(guild))
    return [each for each in found if among is None or each.subject_id in among]


@once
def find(resolver: Resolver) -> Sequence[Finding]:
    """Return one finding for each player about whom accounts and links disagree. Pure."""
    found: dict[int, _Details] = {}
    for details in (*_two_players(resolver), *_two_accounts(resolver)):
        found.setdefault(details["player_id"], details)
    return [
        Finding(ISSUE_TYPE, resolver.facts.guild_id, SubjectKind.PLAYER, number, _summary(details), details)
        for number, details in sorted(found.items())
    ]


def _two_players(resolver: Resolver) -> Iterator[_Details]:
    """Accounts of which several players have characters, unless an officer said that several people play on them.

    One of the players has the best claim to the account; the finding is about each of the others.
    """
    for account, members in resolver.accounts.members.items():
        by_player = _by_player(members)
        if len(by_player) < 2 or account in resolver.accounts.shared:
            continue
        first, *others = sorted(by_player, key=lambda number: _claim(number, by_player[number]))
        for other in others:
            yield {
                "kind": "two_players",
                "known_by": resolver.accounts.known_by(account),
                "player_id": other,
                "player": resolver.facts.players[other].display_name,
                "other_id": first,
                "other": resolver.facts.players[first].display_name,
                "character_id": by_player[other][0].id,
                "characters": _labels(by_player[other]),
                "other_characters": _labels(by_player[first]),
            }


def _by_player(members: Sequence[KnownCharacter]) -> Mapping[int, Sequence[KnownCharacter]]:
    found: dict[int, list[KnownCharacter]] = defaultdict(list)
    for each in members:
        if each.player_id is not None:
            found[each.player_id].append(each)
    return found


def _claim(number: int, characters: Sequence[KnownCharacter]) -> tuple[bool, int, int]:
    """Sort the best claim to an account first: a link that a person stands for, more characters, the older player."""
    is_vouched_for = any(is_confirmed(each.basis, each.confirmed_by) for each in characters)
    return not is_vouched_for, -len(characters), number


def _two_accounts(resolver: Resolver) -> Iterator[_Details]:
    """Players with two accounts, where the notes of one name the player and those of the other name somebody else."""
    accounts: dict[int, dict[int, Sequence[KnownCharacter]]] = defaultdict(dict)
    for account, members in resolver.accounts.members.items():
        for player_id, own in _by_player(members).items():
            accounts[player_id][account] = own
    for player_id, owned in sorted(accounts.items()):
        if len(owned) < 2:
            continue
        named = {account: _named(resolver, player_id, members) for account, members in owned.items()}
        proper = [account for account, (is_own, others) in named.items() if is_own and not others]
        strange = [account for account, (is_own, others) in named.items() if others and not is_own]
        if proper and strange:
            yield {
                "kind": "two_accounts",
                "player_id": player_id,
                "player": resolver.facts.players[player_id].display_name,
                "character_id": owned[strange[0]][0].id,
                "characters": _labels(owned[strange[0]]),
                "other_characters": _labels(owned[proper[0]]),
                "named": sorted(named[strange[0]][1]),
            }


def _named(resolver: Resolver, player_id: int, members: Sequence[KnownCharacter]) -> tuple[bool, set[str]]:
    """Whether any note names the player, and whom else the notes name for certain."""
    is_own, others = False, set[str]()
    for each in members:
        names = resolver.certain_mentions(each) if each.note else ()
        if names and resolver.fits_player(each.note or "", each, player_id):
            is_own = True
        elif names:
            others.add(resolver.resolve(each).named or names[0].text)
    return is_own, others


def _labels(characters: Sequence[KnownCharacter]) -> list[str]:
    return sorted(each.label for each in characters)


def _summary(details: _Details) -> str:
    if details["kind"] == "two_players":
        return tr(
            "{player} and {other} have characters on one Battle.net account",
            player=details["player"],
            other=details["other"],
        )
    return tr(
        "{player} has two Battle.net accounts, and the notes of one name {named}",
        player=details["player"],
        named=listed(details["named"]),
    )


async def plan(guild: GuildConnection, findings: Sequence[Finding]) -> list[Changeset]:
    """Offer to merge two players of one account; whether they are one person, only an officer says."""
    facts = (await resolver_of(guild)).facts
    plans = []
    for finding in findings:
        details = finding.details
        if details["kind"] != "two_players":
            plans.append(Changeset.none(tr(_TWO_ACCOUNTS)))
            continue
        try:
            merged = merge(facts, facts.players[details["other_id"]], facts.players[details["player_id"]])
            check_reason(overruled(facts, merged.rows), "")
            plans.append(replace(merged, waits_for_officer=tr(_ONE_PERSON), not_in_bulk=tr(_ONE_PERSON)))
        except Refused as refusal:
            plans.append(Changeset.none(str(refusal)))
    return plans


_ONE_PERSON = mark("People share accounts, so an officer says whether these two players are one person.")
_TWO_ACCOUNTS = mark("Only an officer knows whose the second account is.")
_ONE_ACCOUNT: Mapping[Kind, str] = {
    "pets": mark("All these characters own the same battle pets: it is one account."),
    "achievements": mark("All these characters earned the same achievements in the same minutes: it is one account."),
}
_ADVICE = {
    "two_players": mark(
        "If they are one person, merge the players. If several people play on the account, say so: then it is never asked again."
    ),
    "two_accounts": mark(
        "If the second account is another person’s, link its characters to them. If both are one person’s, dismiss the question."
    ),
}


def explain(known: Known, finding: Finding) -> Explanation:  # noqa: ARG001 -- the finding holds all
    details = finding.details
    own, others = enumerated(details["characters"]), enumerated(details["other_characters"])
    if details["kind"] == "two_players":
        evidence = (
            Evidence(Source.RECORD, tr("{player} plays {characters}.", player=details["player"], characters=own)),
            Evidence(Source.RECORD, tr("{player} plays {characters}.", player=details["other"], characters=others)),
            Evidence(Source.ACCOUNT, tr(_ONE_ACCOUNT[details["known_by"]])),
        )
        return Explanation(evidence, tr("They may be one person, or two people who share an account."))
    evidence = (
        Evidence(Source.ACCOUNT, tr("One account has {characters}.", characters=others)),
        Evidence(Source.ACCOUNT, tr("Another account has {characters}.", characters=own)),
        Evidence(Source.NOTE, tr("Notes on that one name {named}.", named=listed(details["named"]))),
    )
    return Explanation(evidence, tr("One person may have two accounts, or the second is another person’s."))


def question(asked: Asked) -> str:
    if asked.details.get("kind") == "two_players":
        return tr("Are {name} and {other} one person?", name=asked.name, other=asked.details["other"])
    return tr("Are both accounts {name}’s?", name=asked.name)


def remedy(known: Known, player_id: int) -> Remedy | None:
    found = next((each for each in find(known.resolver) if each.subject_id == player_id), None)
    return None if found is None else Remedy(tr(_ADVICE[found.details["kind"]]))


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name=mark("Account Contradicts Links"),
    description=mark(
        "Two players have characters on one Battle.net account, or one player has two with different notes"
    ),
    severity=Severity.INFO,
    subject=SubjectKind.PLAYER,
    auto_mitigate=False,
    is_for_officers=True,
    detect=detect,
    detect_among=detect,
    depends_on=FACTS,
    plan=plan,
    explain=explain,
    question=question,
    remedy=remedy,
    affects=(
        "note_mismatch",
        "orphan_wow",
        "orphan_discord",
        "role_mismatch",
        "stale_character",
        "departed_with_roles",
        "stale_discord_link",
        "link_contradicts_proof",
        "unverified_member",
    ),
    why=mark(
        "An account mostly is one person. Two players on it are often one person who was added twice. A second account of a player "
        "may be another person’s."
    ),
    left_to_officer=mark(
        "Everything: couples and families share accounts, and some people have two. A merge is offered for two players on one "
        "account. Say “several people play on this account” once, and it stays said. Nothing is found where account evidence is off, "
        "old or not readable: that an account is unknown speaks against no link."
    ),
    material=(
        Material(
            "people",
            mark("who is on the account"),
            mark("the other side was “{}”"),
            mark("it is “{}”"),
            lambda details: [details.get("kind"), details.get("other_id"), details.get("named")],
            lambda details: details.get("other") or listed(details.get("named") or []),
        ),
    ),
    examples=EXAMPLES,
)
