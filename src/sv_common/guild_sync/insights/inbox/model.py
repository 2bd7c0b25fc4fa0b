"""What the Inbox shows: its list, and one question with all that helps to answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, computed_field

from sv_common.guild_sync.changes.describe import Effect
from sv_common.guild_sync.core.undo_offer import UndoOffer
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.insights.health import SourceAge
from sv_common.guild_sync.issues.explanation import CandidateKind, Source, Strength
from sv_common.guild_sync.roster.held_losses import LostSubject
from sv_common.guild_sync.roster.loss import LossSource


class Group(StrEnum):
    """What a question costs an officer, the cheapest first."""

    READY = "ready"
    SUGGESTED = "suggested"
    NEEDS_YOU = "needs_you"
    INFORMATION = "information"


SubjectIs: TypeAlias = Literal["character", "member", "player", "rank"]
Roles: TypeAlias = Sequence[str]
PlanKeyOf: TypeAlias = Annotated[
    str | None, Field(description="What to send with the command, so that nothing else is done than was seen.")
]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a question is about. `id` is null for a rank, and for what no longer exists."""

    kind: SubjectIs
    id: int | None
    name: str
    realm: str | None = None
    character_class: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Best:
    """The first suggestion."""

    label: Annotated[str, Field(examples=["Grimaldo"])]
    strength: Strength


@dataclass(frozen=True, slots=True)
class Does:
    """What a fix that is ready does: the verb in words, and the roles on Discord that it gives and takes."""

    verb: Annotated[str, Field(examples=["Give Officer, take Initiate", "Move to Mito", "Unlink", "Link to Grünbart"])]
    gets: Roles = ()
    loses: Roles = ()
    short: Annotated[
        str, Field(description="The first half of a long verb; else blank.", examples=["Give Officer"])
    ] = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One question in the list.

    `key` is its address: the smallest of its issues. Several characters whose notes give one unknown name are one question.
    """

    key: int
    issue_ids: Sequence[int]
    group: Group
    issue_type: str
    severity: str
    subject: Subject
    others: Annotated[Sequence[Subject], Field(description="Who it is about too, where it is about several.")]
    question: Annotated[str, Field(examples=["Whose is Velquin?"])]
    hint: Annotated[str | None, Field(examples=["note “Grim”", "@sirbrightwynd · Officer", "no note"])]
    opened_at: datetime
    best: Annotated[Best | None, Field(description="Who it most likely is; null without any evidence.")]
    does: Annotated[Does | None, Field(description="What Fix would do; null where nothing is ready.")]
    plan_key: PlanKeyOf
    is_safe: Annotated[bool, Field(description="Whether automation may do it: the evidence is certain.")]
    seen: Annotated[str, Field(description="Send it with a command: it is refused (409) if someone was faster.")]
    is_quiet: Annotated[
        bool,
        Field(description="Whether it says little: an inactive character of a player who is active on another one."),
    ] = False
    settles: Annotated[
        int, Field(description="How many characters an answer settles; in each group, the list begins with the most.")
    ] = 0
    along: Annotated[
        Sequence[int],
        Field(
            description="Other issues that an answer settles, if it is sent with them as `along`: their notes then name the same player."
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class EntryGroup:
    """The questions of one group, in the order in which an officer goes through them."""

    group: Group
    name: Annotated[str, Field(examples=["Needs you"])]
    entries: Sequence[Entry]

    @computed_field
    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source whose data is old: how old, and what to do."""

    age: SourceAge
    sentence: Annotated[str, Field(examples=["Guild notes are 9 days old."])]
    remedy: Annotated[str, Field(examples=["Log in with the addon, and send its export."])]


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """Automatic fixes of one rule that are too many at once, so that an officer looks first."""

    issue_type: str
    count: int
    limit: int
    issue_ids: Sequence[int]
    uploaded_by: Annotated[str | None, Field(description="Who uploaded last, if the rule reads notes.")]
    uploaded_at: datetime | None
    sentence: Annotated[str, Field(examples=["37 changes at once: held for you"])]


@dataclass(frozen=True, slots=True)
class RefusedLoss:
    """A list that was refused because too many are missing from it; `people` are the first of those who would go."""

    source: LossSource
    key: Annotated[str, Field(description="What to send to accept the losses.")]
    count: int
    known: int
    refused_at: datetime
    sentence: Annotated[str, Field(examples=["50 of 121 known characters are missing from Battle.net's roster."])]
    people: Sequence[LostSubject]


@dataclass(frozen=True, slots=True)
class MatchOutlook:
    """What a full match would do now."""

    characters_linked: int
    players: Annotated[int, Field(description="How many players get characters.")]
    players_created: int
    sentence: Annotated[str, Field(examples=["A full match would link 75 characters to 34 players."])]


@dataclass(frozen=True, slots=True)
class Inbox:
    """All that is open, as questions."""

    guild_id: int
    known: Annotated[int, Field(description="Characters that have a player.")]
    total: Annotated[int, Field(description="Characters that should have one.")]
    fixed_this_week: Annotated[int, Field(description="Automatic fixes of the last seven days.")]
    sources: Sequence[StaleSource]
    held: Sequence[HeldBatch]
    losses: Sequence[RefusedLoss]
    match: Annotated[MatchOutlook | None, Field(description="Null if a full match would link no one.")]
    doubts: Annotated[Sequence[str], Field(description="Why a rule cannot tell just now what it finds.")]
    groups: Sequence[EntryGroup]

    @computed_field
    @property
    def questions(self) -> int:
        """How many questions are left; what is for information only does not count."""
        return sum(each.total for each in self.groups if each.group is not Group.INFORMATION)

    @computed_field
    @property
    def safe(self) -> int:
        """How many of the ready fixes are safe, so that they can be applied together."""
        return sum(entry.is_safe for each in self.groups for entry in each.entries)


@dataclass(frozen=True, slots=True)
class CharacterFacts:
    """What is known about a character."""

    id: int
    name: str
    realm: str
    realm_slug: str
    region: str
    character_class: str | None
    level: int | None
    item_level: int | None
    rank: str | None
    last_login: datetime | None
    note: Annotated[str | None, Field(description="Null: no export has included it yet. Empty: there is none.")]
    note_seen_at: datetime | None
    player_id: int | None
    player: str | None


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What is known about a Discord member."""

    id: int
    display_name: str
    username: str
    roles: Annotated[Roles, Field(description="The names of their roles, highest first.")]
    joined_at: datetime | None
    player_id: int | None
    player: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says, and when it was last read; `is_old`: so long ago that it may no longer be so."""

    source: Source
    sentence: str
    at: datetime | None
    is_old: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A decision that an officer can send, with the key of its plan and what it would change."""

    decision: Annotated[
        Decision | None,
        Field(description="What to send to POST /api/v1/admin/inbox/{key}/answer; null where it is not possible."),
    ]
    plan_key: PlanKeyOf
    effect: Annotated[str | None, Field(examples=["Grimaldo 3 → 4 characters · Discord stays Raider"])]
    why_not: Annotated[str | None, Field(description="Why it is not possible.")] = None


@dataclass(frozen=True, slots=True)
class Answer(Offer):
    """Someone who could be meant. `number` is the key that chooses them; null for one who cannot be chosen.

    `is_rejected`: an officer ruled them out; then `allow` undoes that. Else `reject` rules them out.
    """

    number: int | None = None
    kind: CandidateKind = CandidateKind.PLAYER
    id: Annotated[int, Field(description="Number of the player, the Discord member or the character, by `kind`.")] = 0
    label: str = ""
    facts: Annotated[str, Field(examples=["Raider · 3 characters · seen 19 h ago"])] = ""
    strength: Strength = Strength.WEAK
    speaks_for: Sequence[str] = ()
    speaks_against: Sequence[str] = ()
    is_linked: Annotated[bool, Field(description="Whether they are linked to the subject now.")] = False
    is_rejected: bool = False
    can_remember: Annotated[
        bool,
        Field(description="Whether the decision takes `remember_note`, so that `remember` means them from now on."),
    ] = False
    reject: Annotated[Decision | None, Field(description="The decision that it is not them.")] = None
    allow: Annotated[Decision | None, Field(description="The decision that it may be them after all.")] = None


@dataclass(frozen=True, slots=True)
class NewPlayerOffer(Offer):
    """A new player; `name` is what it would be called."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Meant:
    """A player who could be meant, with what they play here."""

    player_id: int
    name: str
    username: Annotated[str | None, Field(description="Their user name on Discord, where they are there.")]
    characters: Sequence[CharacterFacts]


@dataclass(frozen=True, slots=True)
class ReadyFix:
    """A fix that is ready. `waits` says why automation leaves it to an officer."""

    does: Does
    reason: str
    steps: Sequence[str]
    effects: Sequence[Effect]
    plan_key: str
    waits: str | None


@dataclass(frozen=True, slots=True)
class Snooze:
    """An end of a snooze to choose."""

    days: int
    label: Annotated[str, Field(examples=["in a week"])]
    until: date


@dataclass(frozen=True, slots=True)
class Question:
    """One question with all that helps to answer it; `place` and the neighbors are those of the list's order."""

    entry: Entry
    rule: Annotated[str, Field(description="The rule's name.", examples=["Unlinked WoW Character"])]
    place: int
    total: int
    previous: int | None
    next: int | None
    characters: Annotated[Sequence[CharacterFacts], Field(description="The characters that it is about.")]
    member: MemberFacts | None
    is_found: Annotated[bool | None, Field(description="Whether the rule finds it now; null where it cannot tell.")]
    doubt: str | None
    evidence: Sequence[Said]
    conclusion: str | None
    answers: Sequence[Answer]
    meant: Annotated[Sequence[Meant], Field(description="The players among the first answers.")]
    remember: Annotated[str | None, Field(description="The word of the note that is worth an alias.")]
    new_player: NewPlayerOffer | None
    shared: Annotated[Offer | None, Field(description="That it is a bank or shared character.")]
    unlink: Annotated[Offer | None, Field(description="That the player is not the Discord member any more.")]
    share_account: Annotated[Offer | None, Field(description="That several people play on the Battle.net account.")]
    keep: Annotated[
        Offer | None,
        Field(description="That it stays as it is, though a member proved it. Its decision takes a `reason`."),
    ]
    also: Annotated[
        str | None,
        Field(
            description="What an answer also settles, in a sentence.",
            examples=["Your answer also links Altrek-Area 52, where the note then names the same player."],
        ),
    ]
    ready: ReadyFix | None
    no_fix: Annotated[str | None, Field(description="Why there is no fix.")]
    message: Annotated[str, Field(description="A text to copy, that asks the person or the guild one clear question.")]
    dismiss_presets: Sequence[str]
    snooze_presets: Sequence[Snooze]

    @property
    def key(self) -> int:
        return self.entry.key

    @property
    def seen(self) -> str:
        return self.entry.seen

    @property
    def opened_at(self) -> datetime:
        return self.entry.opened_at


@dataclass(frozen=True, slots=True)
class SetApart:
    """What became of several questions that were dismissed or snoozed together."""

    guild_id: int
    sentence: Annotated[str, Field(examples=["3 questions dismissed: Leaving soon."])]
    undo: Annotated[UndoOffer | None, Field(description="How to undo it; null where nothing can be undone.")]
    questions: Annotated[int, Field(description="How many questions are left.")]


@dataclass(frozen=True, slots=True)
class SafeFix:
    """One of the fixes that can be applied together, with each change that it makes."""

    key: int
    question: str
    does: Does
    steps: Sequence[str]
    plan_key: str


@dataclass(frozen=True, slots=True)
class SafeFixes:
    """What “Apply safe fixes” would do now. Nothing was changed."""

    guild_id: int
    fixes: Sequence[SafeFix]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command of the Inbox did.

    `next` is the question to open now: the same one where it is still open.
    """

    guild_id: int
    key: int
    sentence: Annotated[str, Field(examples=["Velquin belongs to Grimaldo."])]
    undo: Annotated[UndoOffer | None, Field(description="How to undo it; null where nothing can be undone.")]
    closed: Annotated[Sequence[int], Field(description="The issues of the question that are no longer open.")]
    also: Annotated[Sequence[int], Field(description="Other issues that the answer settled: those of `along`.")]
    next: int | None
    questions: Annotated[int, Field(description="How many questions are left.")]
