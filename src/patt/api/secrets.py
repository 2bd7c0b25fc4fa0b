"""The API of upload keys and API tokens. For administrators; only a signed-in person makes or revokes one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.exceptions import HTTPException

from patt.api import secrets_commands
from patt.api.officers import officer_router
from patt.api.secrets_models import (
    NewKeyAnswer,
    NewKeyRequest,
    NewTokenAnswer,
    NewTokenRequest,
    RevokedAnswer,
    TokenAnswer,
    UploadKeyAnswer,
)
from patt.deps import LARGEST_INTEGER, AdministratorDep, Caller, GuildDep, ServicesDep, administrator_of

KeyId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER, description="Number of the upload key.", examples=[12])]
TokenId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER, description="Number of the API token.", examples=[12])]


def person_of(administrator: AdministratorDep) -> Caller:
    """Return who asks, for a route that makes or revokes a secret.

    A token is refused: one that leaks must not be able to make itself another.
    """
    if administrator.kind != "officer":
        raise HTTPException(403, "Keys and tokens are made and revoked by a signed-in administrator, not with a token.")
    return administrator


PersonDep = Annotated[Caller, Depends(person_of)]
FOR_ADMINISTRATORS = [Depends(administrator_of)]

router = officer_router("settings", "settings")


@router.get("/keys", summary="Upload keys", dependencies=FOR_ADMINISTRATORS)
async def keys(services: ServicesDep, guild: GuildDep) -> list[UploadKeyAnswer]:
    """Whose they are, when they were used, and how fresh their data is; never the keys themselves."""
    return [UploadKeyAnswer.model_validate(key) for key in await secrets_commands.keys(services, guild)]


@router.post("/keys", summary="Make an upload key", dependencies=FOR_ADMINISTRATORS)
async def make_key(
    services: ServicesDep, administrator: PersonDep, guild: GuildDep, body: NewKeyRequest
) -> NewKeyAnswer:
    """The key is in this answer and can be had nowhere else."""
    return await secrets_commands.make_key(services, administrator, body.uploader, guild_id=guild)


@router.post("/keys/{key_id}/revoke", summary="Revoke an upload key", dependencies=FOR_ADMINISTRATORS)
async def revoke_key(services: ServicesDep, administrator: PersonDep, guild: GuildDep, key_id: KeyId) -> RevokedAnswer:
    """Whoever has it can upload nothing from now on."""
    return await secrets_commands.revoke_key(services, administrator, key_id, guild_id=guild)


@router.get("/tokens", summary="API tokens")
async def tokens(services: ServicesDep, administrator: AdministratorDep, guild: GuildDep) -> list[TokenAnswer]:
    """What they are for, what they open, and when they were used; never the tokens themselves."""
    return [
        TokenAnswer.model_validate(token) for token in await secrets_commands.tokens(services, administrator, guild)
    ]


@router.post("/tokens", summary="Make an API token", dependencies=FOR_ADMINISTRATORS)
async def make_token(services: ServicesDep, administrator: PersonDep, body: NewTokenRequest) -> NewTokenAnswer:
    """The token is in this answer and can be had nowhere else."""
    return await secrets_commands.make_token(services, administrator, body)


@router.post("/tokens/{token_id}/revoke", summary="Revoke an API token", dependencies=FOR_ADMINISTRATORS)
async def revoke_token(services: ServicesDep, administrator: PersonDep, token_id: TokenId) -> RevokedAnswer:
    """Whoever has it is let in no more."""
    return await secrets_commands.revoke_token(services, administrator, token_id)
