"""What the API gives about a guild's settings: rules, ranks, words of notes, and who changed what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from patt.api.documented import documented
from patt.api.models import Answer
from patt.api.settings_requests import KEY_EXAMPLE
from sv_common.guild_sync.setting_effects import Move


class DifferenceAnswer(Answer):
    """One thing that a change makes different."""

    model_config = documented(what="Stale after", before="30 days", after="45 days")

    what: str
    before: str
    after: str


class SettingEffectAnswer(Answer):
    """What becomes of one issue."""

    model_config = documented(
        move="resolves",
        issue_type="stale_character",
        summary="'Napper' was last seen on 2026-09-30",
        issue_id=17,
        steps=[],
        on_discord=False,
    )

    move: Move
    issue_type: str
    summary: str
    issue_id: int | None = Field(description="Null: the issue is not open now.")
    steps: list[str] = Field(description="What the fix does, where it is fixed by itself.")
    on_discord: bool = Field(description="Whether the fix is carried out on Discord.")


class ReadingChangeAnswer(Answer):
    """A note that is read differently with another word."""

    model_config = documented(
        character_id=4,
        character="Rivermane-area-52",
        note="Nightcrew",
        before="Nobody here is called “Nightcrew”.",
        after="The note is about a profession, specialisation, class or role.",
    )

    character_id: int
    character: str
    note: str
    before: str
    after: str


class SettingReportAnswer(Answer):
    """What a change would do, or did. Lists hold at most 50 entries; the counts count all."""

    model_config = documented(
        guild_id=1,
        sentence="This would resolve 1 issue.",
        differences=[{"what": "Stale after", "before": "30 days", "after": "45 days"}],
        opens=0,
        resolves=1,
        fixed=0,
        effects=[],
        readings=[],
        readings_total=0,
        notices=[],
        key=KEY_EXAMPLE,
        change_id=None,
    )

    guild_id: int
    sentence: str
    differences: list[DifferenceAnswer]
    opens: int = Field(description="Issues that open.")
    resolves: int = Field(description="Issues that are no longer found.")
    fixed: int = Field(description="Issues that are fixed by themselves.")
    effects: list[SettingEffectAnswer]
    readings: list[ReadingChangeAnswer] = Field(description="Notes that are read differently.")
    readings_total: int
    notices: list[str] = Field(description="Sentences that an administrator should read.")
    key: str = Field(description="Send it back to save exactly this.")
    change_id: int | None = Field(description="What to undo; null for a preview.")


class MadeChangeAnswer(Answer):
    """A change of the settings that was made."""

    model_config = documented(
        id=3,
        kind="rule",
        subject="stale_character",
        sentence="stale_character. Stale after: 30 days → 45 days",
        before={"is_enabled": True, "parameters": {}},
        after={"is_enabled": True, "parameters": {"stale_after_days": 45}},
        actor="officer alice",
        at="2026-11-23T07:00:00Z",
        undoes=None,
        undone_by=None,
        undone_at=None,
        is_undoable=True,
    )

    id: int
    kind: str = Field(description="rule, ranks, word, key or token.")
    subject: str
    sentence: str
    before: dict[str, Any]
    after: dict[str, Any]
    actor: str
    at: datetime
    undoes: int | None = Field(description="The change that this one takes back.")
    undone_by: str | None
    undone_at: datetime | None
    is_undoable: bool


class MadeChangesAnswer(Answer):
    """Changes of the settings, 50 a page, newest first."""

    model_config = documented(page=1, pages=1, total=0, changes=[])

    page: int
    pages: int
    total: int
    changes: list[MadeChangeAnswer]


class ParameterAnswer(Answer):
    """A threshold of a rule. `value` null: not set by the guild, so the default counts."""

    model_config = documented(
        name="stale_after_days",
        label="Stale after",
        unit="days",
        least=1,
        most=3650,
        default=30,
        about="Days without a login after which a character is found",
        value=45,
        now="45 days",
    )

    name: str
    label: str
    unit: str
    least: int
    most: int
    default: int | None = Field(description="Null: worked out for each guild, as `about` says.")
    about: str
    value: int | None
    now: str = Field(description="What counts now, in words.")


class RuleSettingAnswer(Answer):
    """How a rule is set. `chosen_…` null: the guild has said nothing, so the rulebook counts."""

    model_config = documented(
        issue_type="stale_character",
        name="Stale Character",
        description="Character has not logged in for more than 30 days",
        is_enabled=True,
        is_fixable=False,
        fixes_itself=False,
        chosen_fixes_itself=None,
        default_fixes_itself=False,
        severity="info",
        chosen_severity=None,
        default_severity="info",
        parameters=[],
        is_default=True,
    )

    issue_type: str
    name: str
    description: str
    is_enabled: bool
    is_fixable: bool
    fixes_itself: bool
    chosen_fixes_itself: bool | None
    default_fixes_itself: bool
    severity: str
    chosen_severity: str | None
    default_severity: str
    parameters: list[ParameterAnswer]
    is_default: bool = Field(description="Whether all is as the rulebook says.")


class RoleAnswer(Answer):
    """A Discord role to which a rank can be mapped."""

    model_config = documented(role_id="101", name="Officer")

    role_id: str
    name: str


class RankSettingAnswer(Answer):
    """A rank, and the Discord role that it maps to."""

    model_config = documented(
        index=1,
        name="Officer",
        name_in_game=None,
        members=4,
        role_id="101",
        role_name="Officer",
        is_managed=True,
        is_without_role=False,
    )

    index: int = Field(description="0 is the guild master.")
    name: str
    name_in_game: str | None = Field(description="Where the game calls it otherwise now.")
    members: int = Field(description="Characters in the guild that hold it now.")
    role_id: str | None
    role_name: str | None
    is_managed: bool = Field(description="Whether fixes may give and take the role.")
    is_without_role: bool = Field(description="Whether it maps to no role, on purpose.")


class RanksAnswer(Answer):
    """The rank table, the roles to choose from, and what is wrong with it."""

    model_config = documented(ranks=[], roles=[], warnings=[])

    ranks: list[RankSettingAnswer]
    roles: list[RoleAnswer] = Field(description="As the last sync of Discord saw them, the most powerful first.")
    warnings: list[str]


class WordAnswer(Answer):
    """What a guild has said of a word."""

    model_config = documented(
        word="nightcrew", category="role", updated_by="officer alice", updated_at="2026-11-23T07:00:00Z"
    )

    word: str
    category: str | None = Field(description="Null: no word of the vocabulary, so that it may be a name.")
    updated_by: str
    updated_at: datetime


class WordsAnswer(Answer):
    """The guild's own words, and the categories there are."""

    model_config = documented(words=[], categories=["profession", "role", "bank"])

    words: list[WordAnswer]
    categories: list[str]


class TriedMentionAnswer(Answer):
    """Somebody whom a note names."""

    model_config = documented(text="Mito", kind="alt_of", only_if_known=False)

    text: str
    kind: str
    only_if_known: bool = Field(description="It counts only where somebody of that name exists.")


class KnownWordAnswer(Answer):
    """A word of the vocabulary, with what it is in this guild."""

    model_config = documented(word="alt", is_here="alt")

    word: str
    is_here: str


class TriedNoteAnswer(Answer):
    """How a note is read, and why."""

    model_config = documented(
        kind="names",
        verdict="confident",
        sentence="Means Mito: the main is called Mito.",
        candidates=["Mito: the main is called Mito."],
        mentions=[{"text": "Mito", "kind": "alt_of", "only_if_known": False}],
        known_words=[{"word": "alt", "is_here": "alt"}],
    )

    kind: str
    verdict: str
    sentence: str
    candidates: list[str]
    mentions: list[TriedMentionAnswer]
    known_words: list[KnownWordAnswer]


class FormerAddressAnswer(Answer):
    """Where the guild was known before, until when, and who said that it is elsewhere."""

    model_config = documented(
        region="us",
        realm_slug="area-52",
        name_slug="old-watch",
        name="Old Watch",
        left_at="2026-03-14T18:30:00Z",
        changed_by="officer alice",
    )

    region: str
    realm_slug: str
    name_slug: str
    name: str
    left_at: datetime
    changed_by: str


class GuildFactsAnswer(Answer):
    """The guild as this installation knows it. It is changed with `patt init`, `patt guild add` and `patt guild move`."""

    model_config = documented(
        id=1,
        name="Lantern Watch",
        region="us",
        realm_slug="area-52",
        name_slug="lantern-watch",
        discord_guild_id="7000",
        audit_channel_id=None,
        characters=120,
        former=[],
    )

    id: int
    name: str
    region: str
    realm_slug: str
    name_slug: str
    discord_guild_id: str | None
    audit_channel_id: str | None = Field(description="Channel in which officers are told what is new.")
    characters: int
    former: list[FormerAddressAnswer]
