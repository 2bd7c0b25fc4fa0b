"""One question of the Inbox, with all that helps an officer to answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.describe import describe
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.text import enumerated
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.insights.health import SourceAge, source_ages
from sv_common.guild_sync.insights.inbox import wording
from sv_common.guild_sync.insights.inbox.answers import Answers, word_to_remember
from sv_common.guild_sync.insights.inbox.board import CLICK, SQL, Board, read_board
from sv_common.guild_sync.insights.inbox.entries import entries_of
from sv_common.guild_sync.insights.inbox.listing import entry_with
from sv_common.guild_sync.insights.inbox.model import (
    Answer,
    CharacterFacts,
    Entry,
    MemberFacts,
    NewPlayerOffer,
    Offer,
    Question,
    ReadyFix,
    Said,
)
from sv_common.guild_sync.insights.inbox.people import People, read_people
from sv_common.guild_sync.insights.issue import known_about
from sv_common.guild_sync.issues.explanation import CandidateKind, Evidence, Explanation, Source, WeighedCandidate
from sv_common.guild_sync.issues.model import Finding, Issue, SubjectKind
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.roster.freshness import Source as DataSource
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rules import RULES, RuleDefinition

MOST_MEANT = 3

_READ_BY: Mapping[Source, DataSource] = {
    Source.ROSTER: DataSource.ROSTER,
    Source.NOTE: DataSource.NOTES,
    Source.DISCORD: DataSource.MEMBERS,
}


@dataclass(frozen=True, slots=True)
class _About:
    """What a question is about. `rule` is None for one that is no longer there."""

    board: Board
    entry: Entry
    issues: Sequence[Issue]
    known: Known
    rule: RuleDefinition | None

    @property
    def first(self) -> Issue:
        return self.issues[0]

    @property
    def fix(self) -> PlannedFix | None:
        return self.board.ready.get(self.first.id) if self.entry.does is not None else None

    @property
    def characters(self) -> list[int]:
        return [issue.wow_character_id for issue in self.issues if issue.wow_character_id is not None]

    @property
    def finding(self) -> Finding:
        planning = self.board.plannings.get(self.first.issue_type)
        found = planning.found.get(self.first.id) if planning is not None else None
        kind, number = self.first.subject
        details = self.first.details
        return found or Finding(self.first.issue_type, self.board.guild_id, kind, number, self.first.summary, details)


async def question(guild: GuildConnection, issue_id: int) -> Question:
    """Return the question that an issue belongs to, in a number of statements that depends on the rules alone.

    Raises `NotFound`, and `PlanStale` where the issue is not open any more.
    """
    board = await read_board(guild)
    entries = entries_of(board)
    entry = await entry_with(guild, entries, issue_id)
    return await question_of(guild, board, entries, entry)


async def question_of(guild: GuildConnection, board: Board, entries: Sequence[Entry], entry: Entry) -> Question:
    """Return one of the questions that were read."""
    issues = [issue for issue in board.issues if issue.id in entry.issue_ids]
    about = _About(board, entry, issues, await known_about(guild, issues[0]), RULES.get(entry.issue_type))
    candidates = _candidates(about)
    people = await _people(guild, about, candidates)
    name = str(await guild.value(SQL["guild"]))
    ages = await source_ages(guild)
    keys = [each.key for each in entries]
    place = keys.index(entry.key)
    explanation = _explanation(about)
    answers, remember, new_player, shared = _answers(about, people, candidates)
    is_of_player = entry.subject.kind == "player" and about.rule is not None and about.rule.candidates is not None
    unlink = Answers(board.resolver, people, None).unlink(entry.subject.id or 0) if is_of_player else None
    return Question(
        entry=entry,
        rule=about.rule.name if about.rule is not None else entry.issue_type,
        place=place + 1,
        total=len(keys),
        previous=keys[place - 1] if place else None,
        next=keys[place + 1] if place + 1 < len(keys) else None,
        characters=_characters(about, people),
        member=_member(about, people),
        is_found=None if entry.issue_type in board.doubts else about.first.id not in board.gone,
        doubt=board.doubts.get(entry.issue_type),
        evidence=_said(explanation, people, about.characters, ages) if explanation is not None else (),
        conclusion=explanation.conclusion if explanation is not None else None,
        answers=answers,
        meant=[people.meant(each.id) for each in answers if each.kind is CandidateKind.PLAYER][:MOST_MEANT],
        remember=remember,
        new_player=new_player,
        shared=shared,
        unlink=unlink,
        share_account=_share_account(about, people),
        keep=_keep(about, people),
        also=_also(about),
        ready=_ready(about),
        no_fix=_no_fix(about),
        message=_message(about, people, name),
        dismiss_presets=wording.dismissals(about.first.subject[0], entry.issue_type),
        snooze_presets=wording.snoozes(datetime.now(UTC).date()),
    )


def _candidates(about: _About) -> Sequence[WeighedCandidate]:
    """Return who it could be; of several characters with one unknown name, no one who is known."""
    if about.rule is None or about.rule.candidates is None or len(about.issues) > 1:
        return ()
    plan = about.fix.plan if about.fix is not None else None
    return about.rule.candidates(about.known, about.first.subject[1], plan)


async def _people(guild: GuildConnection, about: _About, candidates: Sequence[WeighedCandidate]) -> People:
    facts = about.board.resolver.facts
    named = {kind: {each.id for each in candidates if each.kind is kind} for kind in CandidateKind}
    characters = {*about.characters, *named[CandidateKind.CHARACTER]}
    owners = {facts.characters[number].player_id for number in characters if number in facts.characters}
    players = {*named[CandidateKind.PLAYER], *(number for number in owners if number is not None)}
    members = set(named[CandidateKind.MEMBER])
    if about.first.player_id is not None:
        players.add(about.first.player_id)
    if about.first.discord_member_id is not None:
        members.add(about.first.discord_member_id)
    return await read_people(guild, about.board.resolver, characters=characters, players=players, members=members)


def _explanation(about: _About) -> Explanation | None:
    if about.rule is None or about.rule.explain is None:
        return None
    if len(about.issues) == 1:
        return about.rule.explain(about.known, about.finding)
    facts = about.board.resolver.facts
    labels = [facts.characters[number].label for number in about.characters]
    named = about.board.resolver.resolve_alone(facts.characters[about.characters[0]]).named
    evidence = (
        Evidence(
            Source.ROSTER,
            tr("{characters} are in the guild and belong to no player.", characters=enumerated(labels)),
        ),
        Evidence(
            Source.NOTE, tr("Each of their notes says “{named}”, and no one in this guild has that name.", named=named)
        ),
    )
    return Explanation(evidence, tr("They may be one person who is not a player yet."))


def _answers(
    about: _About, people: People, candidates: Sequence[WeighedCandidate]
) -> tuple[list[Answer], str | None, NewPlayerOffer | None, Offer | None]:
    resolver, (kind, number) = about.board.resolver, about.first.subject
    character = resolver.facts.characters.get(number) if kind is SubjectKind.CHARACTER else None
    is_asked = about.rule is not None and about.rule.candidates is not None
    if character is None or not is_asked:
        return Answers(resolver, people, None).of(kind, number, candidates), None, None, None
    word = word_to_remember(resolver, character)
    answers = Answers(resolver, people, word)
    new_player = answers.new_player(about.characters) if character.player_id is None else None
    shared = answers.shared(number) if len(about.issues) == 1 else None
    return answers.of(kind, number, candidates), word, new_player, shared


def _share_account(about: _About, people: People) -> Offer | None:
    """Offer to say once that several people play on the account, where the question is that they do."""
    if about.finding.details.get("kind") != "two_players":
        return None
    return Answers(about.board.resolver, people, None).share_account(about.finding.details["character_id"])


def _keep(about: _About, people: People) -> Offer | None:
    """Offer to leave a character where it is, where the question is that a member has proven it."""
    details = about.finding.details
    if about.entry.issue_type != "link_contradicts_proof" or not details.get("contradicts"):
        return None
    return Answers(about.board.resolver, people, None).keep(details["character_id"], details["member_id"])


def _characters(about: _About, people: People) -> list[CharacterFacts]:
    if about.first.player_id is not None:
        return people.of_player(about.first.player_id)
    return [people.characters[number] for number in about.characters if number in people.characters]


def _member(about: _About, people: People) -> MemberFacts | None:
    number = about.first.discord_member_id
    if about.first.player_id is not None:
        player = about.board.resolver.facts.players.get(about.first.player_id)
        number = player.discord_user_id if player is not None else None
    return people.members.get(number) if number is not None else None


def _said(explanation: Explanation, people: People, characters: Sequence[int], ages: Sequence[SourceAge]) -> list[Said]:
    read = {each.source: each.last for each in ages}
    seen = [people.characters[number].note_seen_at for number in characters if number in people.characters]
    if known := [moment for moment in seen if moment is not None]:
        read[DataSource.NOTES] = min(known)
    return [_with_age(each, read) for each in explanation.evidence]


def _with_age(evidence: Evidence, read: Mapping[DataSource, datetime | None]) -> Said:
    source = _READ_BY.get(evidence.source)
    at = read.get(source) if source is not None else None
    is_old = source is not None and at is not None and datetime.now(UTC) - at > FRESHNESS[source].stale_after
    return Said(evidence.source, evidence.sentence, at, is_old)


def _ready(about: _About) -> ReadyFix | None:
    fix, does = about.fix, about.entry.does
    if fix is None or does is None:
        return None
    facts = about.board.resolver.facts
    rows = facts.as_known(row.by(CLICK.author) for row in fix.plan.rows)
    effects = describe([*rows, *fix.plan.roles], fix.plan.names)
    return ReadyFix(does, fix.plan.reason, fix.sentences, effects, fix.plan.key, fix.plan.why_not_automatic)


def _no_fix(about: _About) -> str | None:
    return about.board.doubts.get(about.first.issue_type) or about.board.reasons.get(about.first.id)


def _also(about: _About) -> str | None:
    """Say what an answer settles besides the question; of characters with one name, each answer settles all of them."""
    numbers = {*about.entry.along} - {*about.entry.issue_ids}
    accounts = about.board.resolver.accounts
    own = {accounts.of(number) for number in about.characters} - {None}
    by_note: list[str] = []
    by_account: list[str] = []
    for issue in about.board.issues:
        if issue.id in numbers:
            subject = about.board.subjects[issue.id]
            is_own = accounts.of(issue.wow_character_id or 0) in own
            (by_account if is_own else by_note).append(f"{subject.character}-{subject.realm}")
    told = []
    if by_note:
        told.append(
            tr_n(
                "Your answer also links {characters}, where the note then names the same player.",
                "Your answer also links {characters}, where their notes then name the same player.",
                len(by_note),
                characters=enumerated(by_note),
            )
        )
    if by_account:
        told.append(
            tr_n(
                "Your answer also links {characters}, on the same Battle.net account.",
                "Your answer also links {characters}, on the same Battle.net account.",
                len(by_account),
                characters=enumerated(by_account),
            )
        )
    return " ".join(told) or None


def _message(about: _About, people: People, guild: str) -> str:
    member, characters = _member(about, people), _characters(about, people)
    known = about.board.resolver.facts.members.get(member.id) if member is not None else None
    if known is None or not known.is_present:
        member = None  # who has left the server gets no message there
    if about.first.player_id is not None and member is not None:
        details = about.finding.details
        character = None if details.get("has_left") else details.get("character")
        return wording.message_about_role(member.display_name, character, guild)
    if member is not None:
        return wording.message_to(member, guild)
    return wording.message_about(characters, guild)
