"""The one check of whose an export is, for every door: the API, the worker, the command line and the set-up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.names import realm_key
from sv_common.guild_sync.roster import characters, guilds, realms
from sv_common.guild_sync.roster.characters import PresentCharacter
from sv_common.guild_sync.roster.upload_matching import Matching, match_upload
from sv_common.guild_sync.sources.addon.origin import ExportOrigin, GuildIdentity, refuse_other_guild
from sv_common.guild_sync.sources.models import AddonCharacter, RealmIndex


async def refuse_foreign(
    guild: GuildConnection, origin: ExportOrigin, rows: Callable[[], Sequence[AddonCharacter]]
) -> None:
    """Raise `BadInput` for an export of another guild than this one, and `NotFound` for a guild that is none.

    `rows` gives its characters, which are looked at only where it names another realm.
    """
    named = await identity_of(guild)
    is_elsewhere = False
    if realm_key(origin.realm or "") not in ("", realm_key(named.realm_slug)):
        present, index = await characters.present(guild), await realms.of_guild(guild)
        is_elsewhere = is_of_other_realm(origin, named, present, index, match_upload(rows(), present, index))
    refuse_other_guild(origin, named, is_of_other_realm=is_elsewhere)


async def identity_of(guild: GuildConnection) -> GuildIdentity:
    """Return how exports may name a guild. Raises `NotFound`."""
    known = await guilds.get(guild)
    former = await guilds.former_addresses(guild)
    return GuildIdentity(
        known.name, known.name_slug, known.realm_slug, known.region, tuple(each.name for each in former)
    )


def is_of_other_realm(
    origin: ExportOrigin,
    guild: GuildIdentity,
    present: Sequence[PresentCharacter],
    realms: RealmIndex,
    matching: Matching,
) -> bool:
    """Whether an export is of a guild on another realm.

    A correct export names the guild's realm, or the uploader's, on which a member plays. An unknown realm, or a roster that was
    never fetched, proves nothing; nor does a first member from a realm, whose other entries are in the roster.
    """
    named = {realm.slug for realm in realms.called(origin.realm or "")}
    if not named or not present or named & {guild.realm_slug, *(known.realm_slug for known in present)}:
        return False
    return matching.sure * 2 < matching.entries
