"""The readers of Discord's answers: values of documented types, SourceMalformed, or for a refusal a sentence."""

from __future__ import annotations

from fuzzing.targets.promises import fits_the_database
from fuzzing.targets.wire import Reader, answer_of, read_by_one_of
from sv_common.guild_sync.sources.discord import wire
from sv_common.guild_sync.sources.http import Asked, Node, retry_after
from sv_common.guild_sync.sources.models import DiscordMember

_ASKED = Asked("Discord", "the members")
_SERVER = "1"
_BOT = DiscordMember("2", "bot", None, None, ("8", "9"), is_bot=True)


def _roles(node: Node) -> object:
    return [role for role, _ in wire.parse_roles(node, _SERVER)]


def _authority(node: Node) -> object:
    authority = wire.parse_authority(node, _BOT, _SERVER)
    return [list(authority.roles.values()), authority.may_manage_roles]


def _members(node: Node) -> object:
    return [wire.parse_member(entry, _SERVER) for entry in node.items()]


def _channels(node: Node) -> object:
    return wire.parse_text_channels(node.child("channels"), node.child("roles"), _BOT, _SERVER)


_READERS: tuple[Reader, ...] = (_roles, _authority, _members, wire.parse_application, wire.parse_server, _channels)


def check(data: bytes) -> None:
    """Fail where an answer is taken that cannot be kept, or a refusal becomes no sentence."""
    if not data:
        return
    read_by_one_of(_READERS, data, _ASKED)
    refused = answer_of(data[1:], 400 + data[0] % 100)
    fits_the_database(str(wire.refusal(refused, _ASKED)))
    wait = retry_after(refused)
    assert wait is None or wait >= 0, f"a wait of {wait} seconds"
    reason = wire.audit_reason(data.decode("utf-8", "surrogateescape"))
    assert len(reason) <= wire.REASON_LIMIT and reason.isascii() and reason.isprintable(), reason
