"""One player or one character with all that is known: note and how it is read, Discord, aliases, issues, attempts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from psycopg.types.json import Jsonb
from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.attempts import PastAttempt
from sv_common.guild_sync.changes.describe import reason_in_words
from sv_common.guild_sync.changes.past import Subject, is_about
from sv_common.guild_sync.core.basis import Basis, basis_in_words, proof_of
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.accounts.owners import account_evidence
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Verdict
from sv_common.guild_sync.insights.everyone.summary import LastLogin
from sv_common.guild_sync.insights.last_change import LastChange, last_attempt
from sv_common.guild_sync.insights.outlinks import OutLink, outlinks
from sv_common.guild_sync.rulebook.explain import reading_in_words

SQL = load_sql(__package__, "person.sql")
MOST_ATTEMPTS = 50
MOST_STEPS = 12
"""Steps of one attempt that are told; a full match can have thousands."""

NEVER_SEEN = mark("The note is unknown. No addon export has included it yet.")
_NOT_THERE: Mapping[str, str] = {
    "player": mark("There is no player with the number {number}."),
    "character": mark("There is no character with the number {number}."),
}


@dataclass(frozen=True, slots=True)
class NoteView:
    """A guild note and how it is read. `text` null: unknown."""

    text: str | None
    verdict: Verdict | None
    sentence: str
    player: Annotated[str | None, Field(description="The player that it means for certain.")] = None


@dataclass(frozen=True, slots=True)
class CharacterView:
    """A character. `link_source` `manual` or `officer_fix`: a person's decision, which automation never changes."""

    id: int
    guild_id: Annotated[int, Field(exclude=True)]
    name: str
    realm_slug: Annotated[str, Field(exclude=True)]
    realm_name: Annotated[str | None, Field(exclude=True)]
    character_class: str | None
    level: int | None
    item_level: int | None
    rank: str | None
    rank_index: int
    last_login_timestamp: LastLogin
    note: Annotated[str | None, Field(exclude=True)]
    removed_at: Annotated[datetime | None, Field(description="When the character was seen to have left the guild.")]
    player_id: int | None
    link_source: str | None
    evidence: str | None
    linked_by: str | None
    linked_at: datetime | None
    basis: Annotated[Basis | None, Field(description="What the link rests on, `proven` being the strongest.")]
    basis_note: Annotated[
        str | None,
        Field(description="The guild note under which it was linked, or last right; null where none was known."),
    ]
    confirmed_by: Annotated[
        str | None, Field(description="The officer who made or confirmed the link; null: no one did.")
    ]
    confirmed_at: datetime | None
    shared_by: Annotated[
        str | None, Field(description="The officer who marked it as a bank or shared character; null: no one did.")
    ] = None
    shared_at: datetime | None = None
    shared_reason: str | None = None
    region: Annotated[str, Field(exclude=True)] = ""
    reading: NoteView = NoteView(None, None, NEVER_SEEN)
    is_main: bool = False
    is_offspec: bool = False
    account: Annotated[
        str | None,
        Field(
            description="Which other characters are on the same Battle.net account, whose, and why. Null: none is known, or the "
            "caller is no officer.",
            examples=["Same Battle.net account as Grimalt (Mito). They own the same battle pets."],
        ),
    ] = None
    is_account_shared: Annotated[bool, Field(exclude=True)] = False
    is_compared: Annotated[bool, Field(exclude=True)] = False
    """Whether the guild has switched account evidence on."""
    objects: Annotated[bool, Field(exclude=True)] = False
    """Whether its player objects to account evidence; for officers alone."""

    @computed_field(description="What stands for the link now: an officer’s word counts more than what it was made on.")
    @property
    def proof(self) -> Basis | None:
        return None if self.player_id is None else proof_of(self.basis, self.confirmed_by)

    @computed_field(description="The same in words.")
    @property
    def rests_on(self) -> str | None:
        """What it rests on, in words; None for a character without a player."""
        if self.player_id is None:
            return None
        return basis_in_words(self.basis, self.basis_note, self.confirmed_by, self.confirmed_at)

    @computed_field
    @property
    def realm(self) -> str:
        """The realm by name, or its slug where the name is not known yet."""
        return self.realm_name or self.realm_slug

    @computed_field(description="Its pages on other sites; none where no address is certain.")
    @property
    def links(self) -> Sequence[OutLink]:
        """Its pages on other sites."""
        return outlinks(self.region, self.realm_slug, self.name)

    @property
    def label(self) -> str:
        return f"{self.name}-{self.realm}"


@dataclass(frozen=True, slots=True)
class MemberView:
    """A Discord member with the names of their roles, highest first."""

    id: int
    discord_id: str
    display_name: str
    global_name: str | None
    username: str
    is_present: bool
    roles: Sequence[str]
    basis: Annotated[Basis | None, Field(description="What it rests on that the player is this member.")]
    confirmed_by: Annotated[str | None, Field(description="The officer who decided or confirmed it; null: no one did.")]
    confirmed_at: datetime | None
    right_role: Annotated[
        str | None,
        Field(
            description="The managed role of the highest rank among the player’s characters; null where there is none, or where "
            "the ranks are in doubt.",
            examples=["Raider"],
        ),
    ]

    signed_in_at: Annotated[
        datetime | None,
        Field(description="When they last signed in with Battle.net here and confirmed characters; null: never."),
    ] = None

    @computed_field(description="What stands for it now.")
    @property
    def proof(self) -> Basis | None:
        return proof_of(self.basis, self.confirmed_by)

    @computed_field(description="The same in words.")
    @property
    def rests_on(self) -> str:
        """What it rests on that the player is this member, in words."""
        return basis_in_words(self.basis, None, self.confirmed_by, self.confirmed_at)


@dataclass(frozen=True, slots=True)
class AliasView:
    id: int
    alias: str
    created_by: str
    created_at: datetime
    uses: Annotated[int, Field(description="In how many notes of the guild it stands as a word.", examples=[3])] = 0


@dataclass(frozen=True, slots=True)
class RejectionView:
    """A person's decision that a character is not a player's."""

    id: int
    character_id: int
    character: str
    realm: str
    character_class: Annotated[str | None, Field(exclude=True)]
    player_id: int
    player: str
    is_unlinking: Annotated[
        bool, Field(description="From unlinking: no note and no name links the two again, but an officer may.")
    ]
    reason: str | None
    rejected_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MemberRejectionView:
    """A person's decision that a player is not a Discord member."""

    id: int
    member_id: int
    member: str
    username: str
    reason: str | None
    rejected_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HiatusView:
    """An officer's word that the player is away; until it ends, none of their characters is stale."""

    until: Annotated[
        str | None,
        Field(
            description="The day (UTC) on which it ends automatically; null where no day is known.",
            examples=["2099-12-24"],
        ),
    ]
    reason: str
    set_by: str
    created_at: datetime
    is_over: Annotated[bool, Field(description="Whether its day has come.")]


@dataclass(frozen=True, slots=True)
class OpenIssue:
    id: int
    issue_type: str
    severity: str
    summary: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """What is stored about a player or a character, and the last 50 attempts. `hiatus` is the player's; null: none."""

    hiatus: HiatusView | None
    rejections: Sequence[RejectionView]
    issues: Sequence[OpenIssue]
    attempts: Sequence[PastAttempt]
    last_change: Annotated[LastChange | None, Field(description="The last change that stands; null for none.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerView(About):
    id: int
    guild_id: int
    display_name: str
    created_by: str
    created_at: datetime
    characters: Sequence[CharacterView]
    member: MemberView | None
    member_rejections: Sequence[MemberRejectionView]
    aliases: Sequence[AliasView]


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterPage(About):
    """One character with all that is known; `player` is null where it has none."""

    guild_id: int
    player: str | None
    character: CharacterView


async def guild_of_player(pool: Pool, player_id: int, guild_id: int | None) -> int:
    """Return the guild asked for, or the one that a player is of. Raises `NotFound`."""
    return guild_id if guild_id is not None else await _guild_of(pool, "player", player_id)


async def guild_of_character(pool: Pool, character_id: int, guild_id: int | None) -> int:
    """Return the guild asked for, or the one that a character is of. Raises `NotFound`."""
    return guild_id if guild_id is not None else await _guild_of(pool, "character", character_id)


async def player_view(guild: GuildConnection, player_id: int) -> PlayerView:
    """Return one player, in a number of statements that depends on nothing. Raises `NotFound`."""
    values = {"player_id": player_id, "character_id": None}
    player = await guild.one(dict[str, Any], SQL["player"], **values)
    if player is None:
        raise NotFound(tr("Player {number} does not exist.", number=player_id))
    rows = await guild.all(dict[str, Any], SQL["characters"], **values)
    resolver = await resolver_of(guild)
    pointers = player.pop("main_character_id"), player.pop("offspec_character_id")
    aliases = await guild.all(AliasView, SQL["aliases"], **values)
    member_rejections = await guild.all(MemberRejectionView, SQL["member_rejections"], **values)
    return PlayerView(
        characters=_characters(resolver, rows, pointers),
        member=await guild.one(MemberView, SQL["member"], **values),
        member_rejections=[
            replace(each, reason=each.reason and reason_in_words(each.reason)) for each in member_rejections
        ],
        aliases=[replace(each, uses=_uses(resolver, each.alias)) for each in aliases],
        **await _about(guild, values, Subject("player", player_id, player["display_name"])),
        **player,
    )


async def character_page(guild: GuildConnection, character_id: int) -> CharacterPage:
    """Return one character, linked or not, in a number of statements that depends on nothing. Raises `NotFound`."""
    values = {"player_id": None, "character_id": character_id}
    rows = await guild.all(dict[str, Any], SQL["characters"], **values)
    if not rows:
        raise NotFound(tr("Character {number} does not exist.", number=character_id))
    player = await guild.one(dict[str, Any], SQL["player"], player_id=rows[0]["player_id"]) or {}
    pointers = player.get("main_character_id"), player.get("offspec_character_id")
    (character,) = _characters(await resolver_of(guild), rows, pointers)
    return CharacterPage(
        guild_id=guild.id,
        player=player.get("display_name"),
        character=character,
        **await _about(guild, values, Subject("character", character_id, character.label)),
    )


def _characters(
    resolver: Resolver, rows: Sequence[dict[str, Any]], pointers: tuple[int | None, int | None]
) -> list[CharacterView]:
    return [
        CharacterView(
            **row | {column: row[column] and reason_in_words(row[column]) for column in ("evidence", "shared_reason")},
            reading=_reading(resolver, row["id"], row["note"]),
            is_main=row["id"] == pointers[0],
            is_offspec=row["id"] == pointers[1],
            account=_account(resolver, row["id"]),
            is_compared=resolver.facts.account_mode != "off",
            is_account_shared=resolver.accounts.is_shared(row["id"]),
        )
        for row in rows
    ]


def _account(resolver: Resolver, character_id: int) -> str | None:
    character = resolver.facts.characters.get(character_id)
    return account_evidence(resolver, character) if character is not None else None


def _uses(resolver: Resolver, alias: str) -> int:
    """In how many notes of characters in the guild a word stands."""
    word = re.compile(rf"(?<!\w){re.escape(name_key(alias))}(?!\w)")
    present = (each for each in resolver.facts.characters.values() if each.is_present and each.note)
    return sum(word.search(name_key(each.note or "")) is not None for each in present)


def _reading(resolver: Resolver, character_id: int, note: str | None) -> NoteView:
    character = resolver.facts.characters.get(character_id)
    if note is None or character is None:
        return NoteView(note, None, tr(NEVER_SEEN) if note is None else tr("The character is no longer in the guild."))
    decision = resolver.resolve(character)
    target = decision.target
    player = target.label if target and target.person.player_id is not None else None
    return NoteView(note, decision.verdict, reading_in_words(decision), player)


async def _about(guild: GuildConnection, values: dict[str, Any], subject: Subject) -> dict[str, Any]:
    attempts = await guild.all(PastAttempt, SQL["attempts"], **values, **traces_of(subject), limit=MOST_ATTEMPTS)
    hiatus = await guild.one(HiatusView, SQL["hiatus"], **values)
    rejections = await guild.all(RejectionView, SQL["rejections"], **values)
    return {
        "hiatus": replace(hiatus, reason=reason_in_words(hiatus.reason)) if hiatus else None,
        "rejections": [replace(each, reason=each.reason and reason_in_words(each.reason)) for each in rejections],
        "issues": await guild.all(OpenIssue, SQL["issues"], **values),
        "attempts": [replace(each, plan=_shortened(each.plan, subject)) for each in attempts],
        "last_change": last_attempt(attempts, subject),
    }


def _shortened(plan: Sequence[dict[str, Any]], subject: Subject) -> Sequence[dict[str, Any]]:
    """Of a long plan, such as a full match, the steps that are about the subject."""
    if len(plan) <= MOST_STEPS:
        return plan
    about = [step for step in plan if is_about(step, subject)][:MOST_STEPS]
    return [*about, {"sentence": _and_more(len(plan) - len(about))}]


def _and_more(steps: int) -> str:
    return tr_n("And {n} more step.", "And {n} more steps.", steps)


def traces_of(subject: Subject) -> dict[str, list[Jsonb]]:
    """Return what an attempt's plan or changes hold if it is about somebody."""
    in_changes: list[dict[str, Any]] = [{"table": table, "id": subject.id} for table in ("link", "shared")]
    if subject.kind == "player":
        in_changes = [{"table": "player", "id": subject.id}]
        in_changes += [
            {"table": table, side: {"player_id": subject.id}}
            for table in ("link", "alias", "rejection", "hiatus")
            for side in ("before", "after")
        ]
    in_plan = [{"about": [{subject.kind: subject.id}]}]
    return {"in_plan": [Jsonb(in_plan)], "in_changes": [Jsonb([each]) for each in in_changes]}


async def _guild_of(pool: Pool, kind: Literal["player", "character"], number: int) -> int:
    async with pool.installation() as conn:
        row = await (await conn.execute(SQL[f"guild_of_{kind}"], {"id": number})).fetchone()
    if row is None:
        raise NotFound(tr(_NOT_THERE[kind], number=number))
    return int(row[0])
