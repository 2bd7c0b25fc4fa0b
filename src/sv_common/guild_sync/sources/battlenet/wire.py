"""Battle.net's answers as typed values, and its rules for names in addresses (all checked against live captures)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.http import Node, segment
from sv_common.guild_sync.sources.models import (
    LOCALES,
    LOWEST_RANK,
    CharacterProfile,
    CharacterStatus,
    GuildAddress,
    GuildRoster,
    Realm,
    RosterCharacter,
)

REALM_INDEX_PATH = "/data/wow/realm/index"

_APOSTROPHES = str.maketrans("", "", "'’`")
_GUILD_PATH = ("data", "wow", "guild")


def guild_slugs(name: str) -> tuple[str, ...]:
    """List the forms to try for a guild's name in an address, best first: clients disagree about apostrophes."""
    plain = unicodedata.normalize("NFC", name).strip().lower().replace(" ", "-")
    bare = plain.translate(_APOSTROPHES)
    return (plain,) if bare == plain else (plain, bare)


def roster_path(realm_slug: str, guild_slug: str) -> str:
    """Address of a guild's roster; each part is quoted on its own, so that no name can change the path."""
    return f"/data/wow/guild/{segment(realm_slug)}/{segment(guild_slug)}/roster"


def profile_path(realm_slug: str, name: str) -> str:
    """Address of a character's profile; the name goes in lower case."""
    lowered = unicodedata.normalize("NFC", name).lower()
    return f"/profile/wow/character/{segment(realm_slug)}/{segment(lowered)}"


def status_path(realm_slug: str, name: str) -> str:
    return f"{profile_path(realm_slug, name)}/status"


def parse_roster(answer: Node, asked_for: GuildAddress) -> GuildRoster:
    """Read a roster answer. Raises SourceMalformed for an entry that cannot be read, or without any member."""
    guild = answer.child("guild")
    members = answer.child("members")
    characters = [_member(entry) for entry in members.items()]
    if not characters:
        raise members.malformed(tr("a list with at least the guild master in it"))
    return GuildRoster(_canonical(guild, asked_for), _localised(guild.child("name"), asked_for.region), characters)


def parse_profile(answer: Node, region: str) -> CharacterProfile:
    """Read a character profile. Raises SourceMalformed when a documented field has another type."""
    realm = answer.child("realm")
    item_level = answer.child("equipped_item_level").integer_or_none()
    return CharacterProfile(
        character_id=answer.child("id").integer(),
        name=answer.child("name").text(),
        realm_slug=realm.child("slug").text(),
        realm_name=_localised(realm.child("name"), region),
        realm_id=realm.child("id").integer_or_none(),
        class_id=_id_of(answer.child("character_class")),
        item_level=answer.child("average_item_level").integer_or_none() if item_level is None else item_level,
        last_login_timestamp=answer.child("last_login_timestamp").integer_or_none(),
    )


def parse_status(answer: Node) -> CharacterStatus:
    """Read a character's status. Raises SourceMalformed without the field is_valid."""
    is_valid = answer.child("is_valid")
    if is_valid.value is None:
        raise is_valid.malformed(tr("true or false"))
    return CharacterStatus(answer.child("id").integer_or_none(), is_valid.flag())


def parse_realms(answer: Node) -> list[Realm]:
    """Read a realm index, in one language or in all. Raises SourceMalformed for a realm that cannot be read, or none."""
    realms = answer.child("realms")
    found = [_realm(entry) for entry in realms.items()]
    if not found:
        raise realms.malformed(tr("a list with at least one realm in it"))
    return found


def merge_realms(lists: Sequence[Sequence[Realm]]) -> list[Realm]:
    """Join one region's realm indexes in several languages; each realm keeps each of its names once."""
    merged: dict[int, Realm] = {}
    for realm in (realm for realms in lists for realm in realms):
        known = merged.get(realm.realm_id, realm)
        merged[realm.realm_id] = replace(known, names=tuple(dict.fromkeys((*known.names, *realm.names))))
    return list(merged.values())


def with_profile(member: RosterCharacter, profile: CharacterProfile) -> RosterCharacter:
    """Complete a roster entry from its profile. The roster wins where both have a value, because a profile can be days older.

    A profile with another id belongs to another character that had the name, and is not used.
    """
    if member.character_id not in (None, profile.character_id):
        return member
    return replace(
        member,
        character_id=profile.character_id,
        realm_name=profile.realm_name,
        realm_id=profile.realm_id if member.realm_id is None else member.realm_id,
        class_id=profile.class_id if member.class_id is None else member.class_id,
        item_level=profile.item_level,
        last_login_timestamp=profile.last_login_timestamp,
    )


def _realm(entry: Node) -> Realm:
    slug = entry.child("slug").text()
    entry = entry.named(slug)
    name = entry.child("name")
    texts = [name.child(locale) for locale in name.value] if isinstance(name.value, dict) else [name]
    names = [text for each in texts if (text := each.text_or_none()) is not None]
    return Realm(entry.child("id").integer(), slug, tuple(dict.fromkeys(names)))


def _member(entry: Node) -> RosterCharacter:
    name = entry.child("character").child("name").text()
    entry = entry.named(name)
    character = entry.child("character")
    realm = character.child("realm")
    return RosterCharacter(
        name=name,
        realm_slug=realm.child("slug").text(),
        rank=entry.child("rank").integer(LOWEST_RANK),
        level=character.child("level").integer(),
        realm_id=realm.child("id").integer_or_none(),
        character_id=character.child("id").integer_or_none(),
        class_id=_id_of(character.child("playable_class")),
    )


def _id_of(reference: Node) -> int | None:
    return None if reference.value is None else reference.child("id").integer_or_none()


def _localised(name: Node, region: str) -> str | None:
    """Read a name that is a text, or, when the locale was lost on the way, an object with one text for each locale."""
    if not isinstance(name.value, dict):
        return name.text_or_none()
    key = LOCALES[region][0]
    return name.child(key if key in name.value else next(iter(name.value), "")).text_or_none()


def _canonical(guild: Node, asked_for: GuildAddress) -> GuildAddress:
    href = guild.child("key").child("href").text_or_none() if isinstance(guild.child("key").value, dict) else None
    parts = [unquote(part) for part in urlsplit(href or "").path.strip("/").split("/")]
    if len(parts) != len(_GUILD_PATH) + 2 or tuple(parts[:3]) != _GUILD_PATH:
        return asked_for
    realm_slug, name_slug = parts[3:]
    if not (realm_slug and name_slug and realm_slug.isprintable() and name_slug.isprintable()):
        return asked_for
    return replace(asked_for, realm_slug=realm_slug, name_slug=name_slug)
