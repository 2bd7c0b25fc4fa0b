"""Erasing a person: shown first, done exactly as shown, and never undone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from psycopg.types.json import Jsonb
from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.core.text import listed
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.erasing import journals
from sv_common.guild_sync.erasing.person import SQL, Person, PersonRow, read
from sv_common.guild_sync.erasing.texts import Names, take_out
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES


@dataclass(frozen=True, slots=True)
class ErasePlan:
    """What erasing a person deletes and what stays, or, once it `is_done`, deleted."""

    name: Annotated[str, Field(description="Who it is.", examples=["Mito"])]
    characters: Annotated[Sequence[str], Field(examples=[["Mito-Area 52"]])]
    member: Annotated[str | None, Field(description="User name on Discord.", examples=["mito"])]
    counts: Annotated[
        Mapping[str, int],
        Field(description="Rows that go or are rewritten, by what they are.", examples=[{"issues": 2}]),
    ]
    still_here: Annotated[
        Sequence[str],
        Field(description="What the next sync reads again, because it is still there.", examples=[["Mito-Area 52"]]),
    ]
    left_words: Annotated[
        Sequence[str],
        Field(description="Names that stay in texts: others have them too, or they are usual words.", examples=[[]]),
    ]
    key: Annotated[str, Field(description="Send it back to do exactly this.", examples=["0f3c9a5be1d24c77" * 4])]
    is_done: Annotated[bool, Field(exclude=True)] = False
    discord_id: Annotated[str | None, Field(exclude=True)] = None
    names: Annotated[Names | None, Field(exclude=True)] = None

    @computed_field(description="What happens, or has happened.", examples=["Erases Mito: 2 characters."])
    @property
    def sentence(self) -> str:
        what = ", ".join(_in_words(self.counts))
        if self.is_done:
            return tr("Erased: {what}. This cannot be undone.", what=what)
        return tr("Erases {name} for good: {what}. This cannot be undone.", name=self.name, what=what)

    @computed_field(description="What stays, and what comes back.", examples=[["Counts stay."]])
    @property
    def stays(self) -> Sequence[str]:
        return tuple(_stays(self))


_KINDS: Mapping[str, Any] = {
    "players": lambda n: tr_n("{n} player", "{n} players", n),
    "characters": lambda n: tr_n("{n} character", "{n} characters", n),
    "members": lambda n: tr_n("{n} Discord member", "{n} Discord members", n),
    "aliases": lambda n: tr_n("{n} alias", "{n} aliases", n),
    "former_names": lambda n: tr_n("{n} former name", "{n} former names", n),
    "rejections": lambda n: tr_n("{n} ruled-out link", "{n} ruled-out links", n),
    "issues": lambda n: tr_n("{n} issue with its history", "{n} issues with their history", n),
    "attempts": lambda n: tr_n("parts of {n} fix or decision", "parts of {n} fixes and decisions", n),
    "texts": lambda n: tr_n("names in {n} entry", "names in {n} entries", n),
    "notes": lambda n: tr_n("{n} note of somebody else that names them", "{n} notes of others that name them", n),
    "uploads": lambda n: tr_n("parts of {n} upload that waits", "parts of {n} uploads that wait", n),
}


def _in_words(counts: Mapping[str, int]) -> list[str]:
    return [_KINDS[name](count) for name, count in counts.items() if count]


def _stays(plan: ErasePlan) -> list[str]:
    said = [
        tr(
            "It stays recorded that someone was erased, who did it, when, and how much was deleted. The name is not kept."
        ),
        tr("Messages that were posted on Discord stay there, and backups that were made before still hold everything."),
    ]
    if plan.still_here:
        said.append(
            tr(
                "Still in the guild or on Discord, so the next sync brings them back, without links and history: {what}.",
                what=listed(plan.still_here),
            )
        )
    if plan.left_words:
        said.append(
            tr(
                "These words stay in texts, because others use them too: {words}.",
                words=listed([f"“{word}”" for word in plan.left_words]),
            )
        )
    return said


@dataclass(slots=True)
class _Work:
    """Erasing as it goes on."""

    guild: GuildConnection
    person: Person
    counts: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Delete and rewrite everything; the caller holds the guild's lock. Raises `Busy`."""
        guild, ids = self.guild, self.person.ids
        row = await guild.one(dict[str, int], SQL["counts"], **ids)
        self.counts = {
            "players": int(self.person.player_id is not None),
            "characters": len(self.person.characters),
            "members": int(self.person.member is not None),
            **(row or {}),
        }
        issue_ids = [each[0] for each in await guild.rows(SQL["issues"], **ids)]
        self.counts["issues"] = len(issue_ids)
        self.counts["attempts"] = await journals.shorten(guild, self.person, issue_ids)
        await guild.run(SQL["shorten_losses"], **ids)
        await guild.run(SQL["delete_player"], **ids)
        await guild.run(SQL["delete_characters"], **ids)
        await guild.run(SQL["delete_member"], **ids)
        await self._forget_notes()
        await self._shorten_uploads()
        self.counts["texts"] = await take_out(guild, self.person.names)
        await guild.run(SQL["renew_findings"])

    async def _forget_notes(self) -> None:
        """Forget the notes of others that name the person, and that they were ever seen."""
        guild, names = self.guild, self.person.names
        found = await guild.rows(SQL["notes_of_others"])
        notes = [number for number, note, _ in found if names.are_in(note)]
        officer_notes = [number for number, _, note in found if names.are_in(note)]
        linked = [number for number, note in await guild.rows(SQL["linked_under"]) if names.are_in(note)]
        if notes:
            await guild.run(SQL["forget_notes"], ids=notes)
        if officer_notes:
            await guild.run(SQL["forget_officer_notes"], ids=officer_notes)
        if linked:
            await guild.run(SQL["forget_linked_under"], ids=linked)
        gone = self.person.ids["character_ids"]
        await guild.run(SQL["shorten_exports"], notes=notes, officer_notes=officer_notes, character_ids=gone)
        self.counts["notes"] = len({*notes, *officer_notes, *linked})

    async def _shorten_uploads(self) -> None:
        """Take the person out of exports that wait to be taken in, and notes that name them."""
        changed = {
            upload: shorter
            for upload, characters in await self.guild.rows(SQL["uploads"])
            if (shorter := [self._without_names(each) for each in characters if not self._is_of_person(each)])
            != characters
        }
        if changed:
            characters = [Jsonb(each) for each in changed.values()]
            await self.guild.run(SQL["shorten_uploads"], ids=list(changed), characters=characters)
        self.counts["uploads"] = len(changed)

    def _is_of_person(self, row: Mapping[str, Any]) -> bool:
        realm = row.get("realm")
        return any(
            name_key(str(row.get("name"))) == each.name_key
            and (not realm or realm_key(str(realm)) in (each.realm_key, realm_key(each.realm_name or "")))
            for each in self.person.characters
        )

    def _without_names(self, row: Mapping[str, Any]) -> dict[str, Any]:
        forgotten = {name: None for name in ("note", "officer_note") if self.person.names.are_in(row.get(name))}
        return {**row, **forgotten}


async def preview_erase(pool: Pool, known_by: PersonRow, *, guild_id: int | None = None) -> ErasePlan:
    """Return exactly what `erase` would do now, and do nothing. Raises `NotFound` and `Busy`."""

    async def rehearse(guild: GuildConnection) -> ErasePlan:
        return await _erase(guild, known_by)

    return await pool.rehearse(await guilds.resolve_guild(pool, guild_id), rehearse, alone=True)


async def erase(
    pool: Pool, known_by: PersonRow, *, actor: str, guild_id: int | None = None, key: str | None = None
) -> ErasePlan:
    """Erase a person for good, look again at every rule, and record that somebody was erased, without a name.

    `key` is that of the preview. Raises like `preview_erase`, and `PlanStale` where something else would be erased by now.
    """
    number = await guilds.resolve_guild(pool, guild_id)
    async with pool.writing(number) as guild:
        plan = await _erase(guild, known_by)
        if key not in (None, plan.key):
            raise PlanStale(tr("This has changed since the preview. Nothing was changed. Preview it again."))
        await guild.run(
            SQL["record"], actor=plan.names.out_of(actor) if plan.names else actor, counts=Jsonb(dict(plan.counts))
        )
        await rescan(guild, RULES)
    if plan.discord_id is not None:
        async with pool.installation() as conn:
            await conn.execute(SQL["delete_accounts"], {"discord_id": plan.discord_id})
    return replace(plan, is_done=True)


async def _erase(guild: GuildConnection, known_by: PersonRow) -> ErasePlan:
    person = await read(guild, known_by)
    work = _Work(guild, person)
    await work.run()
    return ErasePlan(
        person.name,
        [each.label for each in person.characters],
        person.member.username if person.member else None,
        {name: count for name, count in work.counts.items() if count},
        person.still_here,
        person.left_words,
        _key(guild.id, person, work.counts),
        discord_id=person.member.discord_id if person.member else None,
        names=person.names,
    )


def _key(guild_id: int, person: Person, counts: Mapping[str, int]) -> str:
    """The hash of who it is, and of what goes; texts come and go with each run, so they do not count."""
    seen = {name: count for name, count in counts.items() if name != "texts"}
    content = [guild_id, person.ids, person.names.words, person.left_words, person.still_here, seen]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
