"""Making and revoking upload keys and API tokens, once for the API and the pages; each is recorded, never its secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from patt import access
from patt.access import SCOPES, ApiToken, Scope, UploadKey
from patt.api.secrets_models import NewKeyAnswer, NewTokenAnswer, NewTokenRequest, RevokedAnswer
from patt.bootstrap import Services
from patt.deps import Caller
from sv_common.db.pool import Connection
from sv_common.guild_sync.domain.errors import BadInput, NotFound
from sv_common.guild_sync.domain.setting import SettingKind
from sv_common.guild_sync.store import guilds, setting_changes
from sv_common.guild_sync.store.setting_changes import NewSettingChange

OF_ALL_GUILDS: Final = "metrics"
"""The scope that is of the installation and of no single guild."""

_Item = TypeVar("_Item", UploadKey, ApiToken)


async def keys(services: Services, guild_id: int | None) -> list[UploadKey]:
    """Return a guild's upload keys, revoked ones last. Raises `NotFound`, and `Refused` where it is not clear which guild."""
    async with services.pool.snapshot() as conn:
        return await access.upload_keys(conn, (await guilds.the_only(conn, guild_id)).id)


async def make_key(services: Services, administrator: Caller, uploader: str, *, guild_id: int | None) -> NewKeyAnswer:
    """Make an upload key for one person. Raises `BadInput` without a name, and like `keys`."""
    name = access.usable_name(uploader, "Uploader")
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild_id)).id
        secret = await access.create_upload_key(conn, name, guild_id=number, created_by=administrator.actor)
        await _record(conn, administrator, number, SettingKind.KEY, name, f"An upload key for {name}", is_made=True)
    return NewKeyAnswer(
        sentence=f"{name}’s upload key is made. It is shown this once.",
        uploader=name,
        secret=secret,
        command=f"patt watch --server {services.settings.base_url.rstrip('/')}",
    )


async def revoke_key(services: Services, administrator: Caller, key_id: int, *, guild_id: int | None) -> RevokedAnswer:
    """Make an upload key useless. Raises `NotFound`."""
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild_id)).id
        known = _numbered(await access.upload_keys(conn, number), key_id, "upload key")
        await access.revoke_upload_key(conn, key_id, guild_id=number)
        about = f"The upload key {key_id} of {known.uploader}"
        await _record(conn, administrator, number, SettingKind.KEY, known.uploader, about, is_made=False)
    return RevokedAnswer(sentence=f"{known.uploader}’s upload key {key_id} is revoked.")


async def tokens(services: Services, administrator: Caller, guild_id: int | None) -> list[ApiToken]:
    """Return the API tokens that are in reach of whoever asks, of one guild and of every guild; revoked ones last."""
    async with services.pool.snapshot() as conn:
        known = await _tokens_in_reach(conn, administrator)
    return [token for token in known if guild_id is None or token.guild_id in (None, guild_id)]


async def make_token(services: Services, administrator: Caller, asked: NewTokenRequest) -> NewTokenAnswer:
    """Make an API token. Raises `BadInput` for a name or scope that cannot be, and `NotFound` for a guild out of reach."""
    name, scope = access.usable_name(asked.name), _scope(asked.scope)
    guild_id = administrator.guild_in_reach(asked.guild_id)
    if scope == OF_ALL_GUILDS and guild_id is not None:
        raise BadInput("Guild: the metrics are of all guilds. Leave the guild out, or choose another scope.")
    async with services.pool.connection() as conn:
        secret = await access.create_api_token(
            conn, name, guild_id=guild_id, scope=scope, created_by=administrator.actor
        )
        about = f"The API token {name} ({scope}, {'every guild' if guild_id is None else f'guild {guild_id}'})"
        await _record(conn, administrator, guild_id, SettingKind.TOKEN, name, about, is_made=True)
    sentence = f"The token “{name}” is made. It is shown this once."
    return NewTokenAnswer(sentence=sentence, name=name, scope=scope, guild_id=guild_id, secret=secret)


async def revoke_token(services: Services, administrator: Caller, token_id: int) -> RevokedAnswer:
    """Make an API token useless. Raises `NotFound`."""
    async with services.pool.connection() as conn:
        known = _numbered(await _tokens_in_reach(conn, administrator), token_id, "API token")
        if not await access.revoke_api_token(conn, token_id):
            raise _gone("API token", token_id)
        about = f"The API token {token_id}, {known.name},"
        await _record(conn, administrator, known.guild_id, SettingKind.TOKEN, known.name, about, is_made=False)
    return RevokedAnswer(sentence=f"The token {token_id} (“{known.name}”) is revoked.")


async def _tokens_in_reach(conn: Connection, administrator: Caller) -> list[ApiToken]:
    return [each for each in await access.api_tokens(conn) if administrator.guild_id in (None, each.guild_id)]


async def _record(
    conn: Connection,
    administrator: Caller,
    guild_id: int | None,
    kind: SettingKind,
    subject: str,
    about: str,
    *,
    is_made: bool,
) -> None:
    change = NewSettingChange(
        guild_id,
        kind,
        subject,
        {"is_valid": not is_made},
        {"is_valid": is_made},
        f"{about} was {'made' if is_made else 'revoked'}.",
    )
    await setting_changes.add(conn, change, actor=administrator.actor)


def _numbered(items: Sequence[_Item], number: int, what: str) -> _Item:
    for item in items:
        if item.id == number and item.revoked_at is None:
            return item
    raise _gone(what, number)


def _gone(what: str, number: int) -> NotFound:
    return NotFound(f"There is no {what} with the number {number} that could be revoked.")


def _scope(given: str) -> Scope:
    for scope in SCOPES:
        if scope == given:
            return scope
    raise BadInput(f"Scope: “{given}” is none. Use one of: {', '.join(SCOPES)}.")
