"""The API of upload keys and API tokens. For administrators; only a signed-in person makes or revokes one.

Each making and revoking is recorded, never the secret, which is in the answer that made it and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from fastapi import Depends
from pydantic import Field
from starlette.exceptions import HTTPException

from patt.api.routing import FOR_ADMINISTRATORS, officer_router
from patt.auth import credentials
from patt.auth.credentials import LONGEST_NAME, SCOPES, ApiToken, Scope, UploadKey
from patt.companion.code import write_code
from patt.companion.given import limit_of
from patt.web.context import LARGEST_INTEGER, AdministratorDep, Caller, GuildDep, ServicesDep, number_of
from sv_common.db.pool import Connection
from sv_common.guild_sync.core.errors import BadInput, NotFound
from sv_common.guild_sync.core.language import mark, speak, tr
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.settings import changes
from sv_common.guild_sync.settings.changes import NewSettingChange
from sv_common.guild_sync.settings.model import SettingKind

OF_ALL_GUILDS: Final = "metrics"
"""The scope that is of the installation and of no single guild."""

COMMAND: Final = "patt watch"
"""What a player runs; it asks for the code."""

KeyId = Annotated[int, number_of("upload key", 12, largest=LARGEST_INTEGER)]
TokenId = Annotated[int, number_of("API token", 12, largest=LARGEST_INTEGER)]

_Item = TypeVar("_Item", UploadKey, ApiToken)


def person_of(administrator: AdministratorDep) -> Caller:
    """Return who asks, for a route that makes or revokes a secret.

    A token is refused: one that leaks must not be able to make itself another.
    """
    if administrator.kind != "officer":
        raise HTTPException(
            403, tr("Sign in as an administrator to create or revoke keys and tokens. A token cannot do that.")
        )
    return administrator


PersonDep = Annotated[Caller, Depends(person_of)]

router = officer_router("settings", "settings")


@dataclass(frozen=True, slots=True)
class NewKey:
    """The player that an upload key is for."""

    uploader: Annotated[str, Field(max_length=LONGEST_NAME, description="Who the key is for.", examples=["Mito"])]
    may_fetch_notes: Annotated[
        bool,
        Field(
            description="For an officer: their companion also fetches the proposed guild notes, which the addon shows.",
            examples=[False],
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new upload key: shown this once."""

    sentence: Annotated[str, Field(examples=["Created Mito’s upload key. It is shown only once."])]
    uploader: Annotated[str, Field(examples=["Mito"])]
    code: Annotated[
        str, Field(description="Address and key as one text, for the companion.", examples=["patt1abexi2duoryhgorpf5"])
    ]
    command: Annotated[
        str,
        Field(description="What to run on the gaming computer. It asks for the code.", examples=["patt watch"]),
    ]
    limit: Annotated[
        str | None,
        Field(description="Why companions elsewhere cannot use the code; null: they can.", examples=[None]),
    ]
    secret: Annotated[str, Field(description="The key alone, for other programs.", examples=["the-key"])]


@dataclass(frozen=True, slots=True)
class NewToken:
    """What an API token is for, and what it opens."""

    name: Annotated[str, Field(max_length=LONGEST_NAME, description="What it is for.", examples=["dashboard"])]
    scope: Annotated[str, Field(max_length=30, description="What it gives access to.", examples=["metrics"])]
    guild_id: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="The only guild; null: every guild.")] = None


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new API token: shown this once."""

    sentence: Annotated[str, Field(examples=["Created the token “dashboard”. It is shown only once."])]
    name: Annotated[str, Field(examples=["dashboard"])]
    scope: Scope
    guild_id: int | None
    secret: Annotated[str, Field(examples=["the-token"])]


@dataclass(frozen=True, slots=True)
class Revoked:
    """What was revoked."""

    sentence: Annotated[str, Field(examples=["Revoked Mito’s upload key 1."])]


@router.get("/keys", summary="Upload keys", dependencies=FOR_ADMINISTRATORS)
async def keys(services: ServicesDep, guild: GuildDep = None) -> list[UploadKey]:
    """Their players, when they were used, and how fresh their data is; never the keys themselves."""
    async with services.pool.snapshot() as conn:
        return await credentials.upload_keys(conn, (await guilds.the_only(conn, guild)).id)


@router.post("/keys", summary="Create an upload key", dependencies=FOR_ADMINISTRATORS)
async def make_key(services: ServicesDep, administrator: PersonDep, body: NewKey, guild: GuildDep = None) -> MadeKey:
    """The key is in this answer and can be had nowhere else."""
    name = credentials.usable_name(body.uploader, tr("Uploader"))
    async with services.pool.installation() as conn:
        number = (await guilds.the_only(conn, guild)).id
        secret = await credentials.create_upload_key(
            conn,
            name,
            guild_id=number,
            created_by=administrator.actor,
            may_fetch_notes=body.may_fetch_notes,
        )
        about = (
            tr("An upload key for {name} was made, which also fetches proposed notes.", name=name)
            if body.may_fetch_notes
            else tr("An upload key for {name} was made.", name=name)
        )
        await _record(conn, administrator, number, SettingKind.KEY, name, about, is_made=True)
    sentence = tr("Created {name}’s upload key. It is shown only once.", name=name)
    address = services.settings.base_url.rstrip("/")
    return MadeKey(sentence, name, write_code(address, secret), COMMAND, limit_of(address), secret)


@router.post("/keys/{key_id}/revoke", summary="Revoke an upload key", dependencies=FOR_ADMINISTRATORS)
async def revoke_key(services: ServicesDep, administrator: PersonDep, key_id: KeyId, guild: GuildDep = None) -> Revoked:
    """It can upload nothing from now on."""
    async with services.pool.installation() as conn:
        number = (await guilds.the_only(conn, guild)).id
        known = _numbered(await credentials.upload_keys(conn, number), key_id, _NO_KEY)
        await credentials.revoke_upload_key(conn, key_id, guild_id=number)
        about = tr("The upload key {number} of {name} was revoked.", number=key_id, name=known.uploader)
        await _record(conn, administrator, number, SettingKind.KEY, known.uploader, about, is_made=False)
    return Revoked(tr("Revoked {name}’s upload key {number}.", name=known.uploader, number=key_id))


@router.get("/tokens", summary="API tokens")
async def tokens(services: ServicesDep, administrator: AdministratorDep, guild: GuildDep = None) -> list[ApiToken]:
    """What they are for, what they open, and when they were used; never the tokens themselves."""
    async with services.pool.snapshot() as conn:
        known = await _tokens_in_reach(conn, administrator)
    return [token for token in known if guild is None or token.guild_id in (None, guild)]


@router.post("/tokens", summary="Create an API token", dependencies=FOR_ADMINISTRATORS)
async def make_token(services: ServicesDep, administrator: PersonDep, body: NewToken) -> MadeToken:
    """The token is in this answer and can be had nowhere else."""
    name, scope = credentials.usable_name(body.name), _scope(body.scope)
    guild_id = administrator.guild_in_reach(body.guild_id)
    if scope == OF_ALL_GUILDS and guild_id is not None:
        raise BadInput(tr("Guild: metrics cover all guilds. Leave the guild out, or choose another scope."))
    async with services.pool.installation() as conn:
        await _speak_of(conn, guild_id)
        secret = await credentials.create_api_token(
            conn, name, guild_id=guild_id, scope=scope, created_by=administrator.actor
        )
        about = (
            tr("The API token {name} ({scope}, every guild) was made.", name=name, scope=scope)
            if guild_id is None
            else tr("The API token {name} ({scope}, guild {guild}) was made.", name=name, scope=scope, guild=guild_id)
        )
        await _record(conn, administrator, guild_id, SettingKind.TOKEN, name, about, is_made=True)
    return MadeToken(tr("Created the token “{name}”. It is shown only once.", name=name), name, scope, guild_id, secret)


@router.post("/tokens/{token_id}/revoke", summary="Revoke an API token", dependencies=FOR_ADMINISTRATORS)
async def revoke_token(services: ServicesDep, administrator: PersonDep, token_id: TokenId) -> Revoked:
    """It gives no access from now on."""
    async with services.pool.installation() as conn:
        known = _numbered(await _tokens_in_reach(conn, administrator), token_id, _NO_TOKEN)
        await _speak_of(conn, known.guild_id)
        if not await credentials.revoke_api_token(conn, token_id):
            raise _gone(_NO_TOKEN, token_id)
        about = tr("The API token {number}, {name}, was revoked.", number=token_id, name=known.name)
        await _record(conn, administrator, known.guild_id, SettingKind.TOKEN, known.name, about, is_made=False)
    return Revoked(tr("Revoked the token {number} (“{name}”).", number=token_id, name=known.name))


async def _speak_of(conn: Connection, guild_id: int | None) -> None:
    """Speak the language of the guild that a token is for: its history keeps the sentence. Raises `NotFound`."""
    if guild_id is not None:
        speak((await guilds.the_only(conn, guild_id)).language)


async def _tokens_in_reach(conn: Connection, administrator: Caller) -> list[ApiToken]:
    return await credentials.api_tokens(conn, administrator.guild_id)


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
        about,
    )
    await changes.add(conn, change, actor=administrator.actor)


def _numbered(items: Sequence[_Item], number: int, sentence: str) -> _Item:
    for item in items:
        if item.id == number and item.revoked_at is None:
            return item
    raise _gone(sentence, number)


_NO_KEY = mark("No upload key has number {number}, or it is revoked already.")
_NO_TOKEN = mark("No API token has number {number}, or it is revoked already.")


def _gone(sentence: str, number: int) -> NotFound:
    return NotFound(tr(sentence, number=number))


def _scope(given: str) -> Scope:
    for scope in SCOPES:
        if scope == given:
            return scope
    raise BadInput(tr("Scope: “{given}” does not exist. Use one of: {scopes}.", given=given, scopes=", ".join(SCOPES)))
