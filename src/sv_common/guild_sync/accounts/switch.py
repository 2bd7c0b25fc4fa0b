"""Whether a guild compares characters by what their accounts have, and what it does with it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.keyed_hash import InstallationSecret, keyed_hash
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.core.text import enumerated

SQL = load_sql(__package__, "switch.sql")

Mode = Literal["off", "suggest", "automatic"]
MODES: Final[Sequence[Mode]] = get_args(Mode)
IN_WORDS: Final[Mapping[Mode, str]] = {
    "off": mark("off"),
    "suggest": mark("suggest the owner"),
    "automatic": mark("link automatically where the owner is certain"),
}

_SALT_BYTES: Final = 32


async def setting_of(guild: GuildConnection) -> tuple[Mode, bool]:
    """Return the mode, and whether links by the same account count like confirmed ones while that is not off."""
    mode, gives_rights = await guild.row(SQL["setting"]) or ("off", False)
    return mode, gives_rights


async def mode_of(guild: GuildConnection) -> Mode:
    mode, _ = await setting_of(guild)
    return mode


async def counted_in_words(guild: GuildConnection) -> str:
    """Say which characters' links count by their account now, each with the one by whose link it does."""
    links = [f"{character} ({anchor})" for character, anchor in await guild.rows(SQL["counted"])]
    if not links:
        return tr("No link counts by that now.")
    return tr_n(
        "{n} link counts by that now, by the character in brackets: {names}.",
        "{n} links count by that now, each by the character in brackets: {names}.",
        len(links),
        names=enumerated(links),
    )


async def put_mode(guild: GuildConnection, mode: Mode, *, actor: str, gives_rights: bool = False) -> None:
    """Set what is done. Turning it off deletes the salt and everything that was read, at once and for good."""
    salt = secrets.token_bytes(_SALT_BYTES)
    await guild.run(SQL["put"], mode=mode, gives_rights=gives_rights, salt=salt, actor=actor)
    if mode == "off":
        await guild.run(SQL["erase"])


async def evidence_key(guild: GuildConnection, secret: InstallationSecret, region: str) -> EvidenceKey | None:
    """Return what the guild's evidence is hashed with; None where it compares nothing."""
    salt: bytes | None = await guild.value(SQL["salt"])
    if salt is None:
        return None
    return EvidenceKey(keyed_hash(secret, "account evidence", guild.id, bytes(salt).hex()), region)


def check_secret(mode: Mode, secret: InstallationSecret | None) -> None:
    """Raise `ConfigurationError` where a guild would compare what cannot be hashed."""
    if mode != "off" and secret is None:
        raise ConfigurationError(
            tr(
                "Account evidence needs a secret of this installation, and none is set. "
                "Set PATT_INSTALLATION_SECRET to a random text of at least 32 characters, then try again."
            )
        )
