"""The readers of Battle.net's answers: a value of documented types, or SourceMalformed; and no name changes an address."""

from __future__ import annotations

import httpx2

from fuzzing.targets.wire import Reader, read_by_one_of
from sv_common.guild_sync.sources.battlenet import wire
from sv_common.guild_sync.sources.http import Asked
from sv_common.guild_sync.sources.models import CharacterProfile, GuildAddress, GuildRoster

_ASKED = Asked("Battle.net", "the guild roster")
_GUILD = GuildAddress("us", "area-52", "the-watch")
_READERS: tuple[Reader, ...] = (
    lambda node: wire.parse_roster(node, _GUILD),
    lambda node: wire.parse_profile(node, "us"),
    wire.parse_status,
    lambda node: wire.merge_realms([wire.parse_realms(node)]),
)


def check(data: bytes) -> None:
    """Fail where an answer is taken that cannot be kept, or leads to an address outside of its place."""
    if not data:
        return
    match read_by_one_of(_READERS, data, _ASKED):
        case GuildRoster(address=guild, members=characters):
            _stays(wire.roster_path(guild.realm_slug, guild.name_slug), ["data", "wow", "guild", "", "", "roster"])
            for each in characters:
                _stays(wire.profile_path(each.realm_slug, each.name), ["profile", "wow", "character", "", ""])
        case CharacterProfile(realm_slug=slug, name=name):
            _stays(wire.status_path(slug, name), ["profile", "wow", "character", "", "", "status"])


def _stays(path: str, pattern: list[str]) -> None:
    """Fail unless what is sent for a path has the segments of a pattern, where "" stands for any."""
    sent = httpx2.URL("http://127.0.0.1").join(path).raw_path.decode()
    segments = sent.removeprefix("/").split("/")
    fits = len(segments) == len(pattern) and all(
        wanted in ("", is_) for wanted, is_ in zip(pattern, segments, strict=True)
    )
    assert fits and "?" not in sent, f"{path} is sent as {sent}"
