"""The entries of the list: each open issue in exactly one, in the order in which an officer goes through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.identity.decisions import NewPlayer
from sv_common.guild_sync.identity.unknown_names import nickname_of
from sv_common.guild_sync.insights.inbox import wording
from sv_common.guild_sync.insights.inbox.along import along_characters, along_member
from sv_common.guild_sync.insights.inbox.board import Board
from sv_common.guild_sync.insights.inbox.model import Best, Entry, Group, Subject, SubjectIs
from sv_common.guild_sync.insights.inbox.weighing import Weights, best, is_person, weights_of
from sv_common.guild_sync.issues.explanation import Strength, WeighedCandidate
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.issues.model import Issue, Severity, SubjectKind
from sv_common.guild_sync.rulebook.rule import Asked
from sv_common.guild_sync.rules import RULES

FEWEST_OF_ONE_NAME = 2
MOST_ALONG = 500
"""Other issues that one answer may settle."""
_KINDS: Mapping[SubjectKind, SubjectIs] = {
    SubjectKind.CHARACTER: "character",
    SubjectKind.DISCORD_MEMBER: "member",
    SubjectKind.PLAYER: "player",
    SubjectKind.RANK: "rank",
}
_NUMBERS = {
    2: mark("Two notes say “{named}”: new player?"),
    3: mark("Three notes say “{named}”: new player?"),
    4: mark("Four notes say “{named}”: new player?"),
    5: mark("Five notes say “{named}”: new player?"),
}
_GROUPS, _STRENGTHS, _RULES = list(Group), list(Strength), list(RULES)


def entries_of(board: Board) -> list[Entry]:
    """Return the list: by group, then by how many characters an answer settles, by strength, by rule, and by age."""
    return sorted(_Entries(board).all(), key=_place)


def _place(entry: Entry) -> tuple[int, bool, int, int, int, int]:
    strength = _STRENGTHS.index(entry.best.strength) if entry.best is not None else len(_STRENGTHS)
    rule = _RULES.index(entry.issue_type) if entry.issue_type in RULES else len(_RULES)
    settles = max(entry.settles, 1)  # a member or a role counts like one character
    return _GROUPS.index(entry.group), entry.is_quiet, -settles, strength, rule, entry.key


@dataclass(frozen=True)
class _Entries:
    board: Board

    def all(self) -> Iterator[Entry]:
        weights = weights_of(self.board.resolver)
        bunches = self._bunches(weights)
        together = {issue.id for issues in bunches.values() for issue in issues}
        for issues in bunches.values():
            yield self._of_one_name(issues)
        for issue in self.board.issues:
            if issue.id not in together:
                yield self._of(issue, weights)

    def _bunches(self, weights: Weights) -> dict[str, list[Issue]]:
        """Return the characters without a player whose whole notes give one name that no one has, by that name.

        Not where more than a little says that one of them is a known person's, nor where the name cannot be a player's.
        """
        found: dict[str, list[Issue]] = defaultdict(list)
        for issue in self.board.issues:
            if (name := self._unknown_name(issue)) is not None:
                found[name].append(issue)
        return {
            name: issues
            for name, issues in found.items()
            if len(issues) >= FEWEST_OF_ONE_NAME
            if not any(is_person(each) for issue in issues for each in _candidates(weights, issue))
            if self._may_be_a_player(issues)
        }

    def _unknown_name(self, issue: Issue) -> str | None:
        rule = RULES.get(issue.issue_type)
        character = self.board.resolver.facts.characters.get(issue.wow_character_id or 0)
        is_asked = rule is not None and rule.candidates is not None and issue.issue_type in self.board.plannings
        if character is None or character.player_id is not None or not is_asked:
            return None
        if issue.id in self.board.ready or issue.id in self.board.gone:
            return None
        return nickname_of(self.board.resolver, character)

    def _may_be_a_player(self, issues: Sequence[Issue]) -> bool:
        try:
            NewPlayer([f"#{issue.wow_character_id}" for issue in issues]).plan(self.board.resolver)
        except PattError:
            return False
        return True

    def _of_one_name(self, issues: Sequence[Issue]) -> Entry:
        first = issues[0]
        character = self.board.resolver.facts.characters[first.wow_character_id or 0]
        named = self.board.resolver.resolve_alone(character).named or character.name
        n = len(issues)
        hint = tr_n("{n} character with the note “{named}”", "{n} characters with the note “{named}”", n, named=named)
        return self._entry(
            issues,
            Group.SUGGESTED,
            _new_player(n, named),
            hint,
            Best(tr("New player “{named}”", named=named), Strength.LIKELY),
        )

    def _of(self, issue: Issue, weights: Weights) -> Entry:
        fix = self.board.ready.get(issue.id)
        found = best(_candidates(weights, issue)) if fix is None else None
        return self._entry(
            [issue], self._group(issue, fix, found), self._question(issue, fix), self._hint(issue), found
        )

    def _group(self, issue: Issue, fix: PlannedFix | None, found: Best | None) -> Group:
        rule = RULES.get(issue.issue_type)
        if rule is None or not (rule.is_fixable or rule.candidates):
            return Group.INFORMATION
        if issue.id in self.board.gone or issue.issue_type in self.board.doubts:
            return Group.INFORMATION
        if fix is not None:
            return Group.READY
        if found is not None:
            return Group.SUGGESTED
        is_told_only = issue.severity == Severity.INFO and not rule.is_fixable
        return Group.INFORMATION if is_told_only else Group.NEEDS_YOU

    def _question(self, issue: Issue, fix: PlannedFix | None) -> str:
        rule = RULES.get(issue.issue_type)
        if rule is None or rule.question is None:
            return issue.summary
        name = self.board.subjects[issue.id].name or issue.summary
        return rule.question(Asked(name, self.board.details(issue), fix.plan if fix is not None else None))

    def _hint(self, issue: Issue) -> str | None:
        row, rule = self.board.subjects[issue.id], RULES.get(issue.issue_type)
        if issue.id in self.board.gone:
            return tr("no longer found")
        if row.character is not None:
            is_asked = rule is not None and (rule.is_fixable or rule.candidates is not None)
            if not is_asked and row.last_login is not None:
                seen, active_on = wording.seen_ago(row.last_login), self.board.details(issue).get("player_active_on")
                if not active_on:
                    return seen
                return tr("{seen} · its player is active on {character}", seen=seen, character=active_on)
            return wording.note_hint(row.note)
        if row.username is not None:
            role = row.role or tr("no guild role")
            return f"@{row.username} · {role}"
        return None

    def _entry(
        self, issues: Sequence[Issue], group: Group, question: str, hint: str | None, found: Best | None
    ) -> Entry:
        board, first = self.board, issues[0]
        fix = board.ready.get(first.id) if group is Group.READY else None
        subject, *others = (self._subject(issue) for issue in issues)
        settles, along = self._settles(issues, fix)
        newest = max(board.subjects[issue.id].newest_event or 0 for issue in issues)
        plan_key = fix.plan.key if fix is not None else None
        return Entry(
            key=first.id,
            issue_ids=[issue.id for issue in issues],
            group=group,
            issue_type=first.issue_type,
            severity=first.severity,
            subject=subject,
            others=others,
            question=question,
            hint=_with_count(hint, settles) if settles > len(issues) else hint,
            opened_at=min(issue.opened_at for issue in issues),
            best=found,
            does=wording.does(fix.plan) if fix is not None else None,
            plan_key=plan_key,
            is_safe=fix is not None and board.is_safe(fix),
            seen=str(Seen(newest, plan_key)),
            is_quiet=bool(board.details(first).get("quiet")),
            settles=settles,
            along=along,
        )

    def _settles(self, issues: Sequence[Issue], fix: PlannedFix | None) -> tuple[int, Sequence[int]]:
        """Return how many characters an answer settles, and which other issues that settles with them."""
        rule, (kind, number) = RULES.get(issues[0].issue_type), issues[0].subject
        if (
            rule is None
            or not (rule.is_fixable or rule.candidates)
            or kind not in (SubjectKind.CHARACTER, SubjectKind.DISCORD_MEMBER)
        ):
            return 0, ()
        known = self.board.resolver.facts.characters
        own = [each for issue in issues if (each := issue.wow_character_id) is not None and each in known]
        if fix is not None:
            return len({*own, *fix.plan.linked}), ()
        resolver = self.board.resolver
        others = along_characters(resolver, own) if kind is SubjectKind.CHARACTER else along_member(resolver, number)
        along = [self._orphans[each] for each in others if each in self._orphans]
        return len(own) + len(along), [*(issue.id for issue in issues[1:]), *along][:MOST_ALONG]

    @cached_property
    def _orphans(self) -> Mapping[int, int]:
        """The open issues about characters without a player, by character."""
        return {
            issue.wow_character_id: issue.id
            for issue in self.board.issues
            if issue.issue_type == "orphan_wow" and issue.wow_character_id is not None
        }

    def _subject(self, issue: Issue) -> Subject:
        kind, number = issue.subject
        row = self.board.subjects[issue.id]
        if not number:
            return Subject("rank", None, row.name or issue.summary)
        return Subject(_KINDS[kind], number, row.name or issue.summary, row.realm, row.character_class, row.level)


def _with_count(hint: str | None, settles: int) -> str:
    told = tr_n("settles {n} character", "settles {n} characters", settles)
    return f"{hint} · {told}" if hint else told


def _new_player(notes: int, named: str) -> str:
    if notes in _NUMBERS:
        return tr(_NUMBERS[notes], named=named)
    return tr_n("{n} note says “{named}”: new player?", "{n} notes say “{named}”: new player?", notes, named=named)


def _candidates(weights: Weights, issue: Issue) -> Sequence[WeighedCandidate]:
    rule = RULES.get(issue.issue_type)
    return weights.of(rule, issue.subject[1]) if rule is not None else ()
