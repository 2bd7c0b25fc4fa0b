"""What the API takes and gives about upload keys and API tokens. A secret is in the answer that made it, and nowhere else."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from patt.access import LONGEST_NAME, Scope
from patt.api.documented import documented
from patt.api.models import Answer


class NewKeyRequest(BaseModel):
    """For whom an upload key is made."""

    model_config = documented(uploader="Mito")

    uploader: str = Field(max_length=LONGEST_NAME, description="Whose companion it is for.")


class UploadKeyAnswer(Answer):
    """An upload key as it is listed. `last_export_at` tells how fresh its data is."""

    model_config = documented(
        id=1,
        uploader="Mito",
        created_by="officer alice",
        created_at="2026-11-23T07:00:00Z",
        last_used_at=None,
        last_export_at=None,
        revoked_at=None,
    )

    id: int
    uploader: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    last_export_at: datetime | None
    revoked_at: datetime | None


class NewKeyAnswer(Answer):
    """A new upload key: shown this once."""

    model_config = documented(
        sentence="Mito’s upload key is made. It is shown this once.",
        uploader="Mito",
        secret="the-key",  # noqa: S106 -- an example
        command="patt watch --server https://patt.example.org",
    )

    sentence: str
    uploader: str
    secret: str
    command: str = Field(description="What to run on the computer on which the game is played; it asks for the key.")


class NewTokenRequest(BaseModel):
    """What an API token is for, and what it opens."""

    model_config = documented(name="dashboard", scope="metrics", guild_id=None)

    name: str = Field(max_length=LONGEST_NAME, description="What it is for.")
    scope: str = Field(max_length=30, description="What it opens.")
    guild_id: int | None = Field(default=None, ge=1, le=2**31 - 1, description="The only guild; null: every guild.")


class TokenAnswer(Answer):
    """An API token as it is listed."""

    model_config = documented(
        id=1,
        name="dashboard",
        guild_id=None,
        scope="metrics",
        created_by="officer alice",
        created_at="2026-11-23T07:00:00Z",
        last_used_at=None,
        revoked_at=None,
    )

    id: int
    name: str
    guild_id: int | None = Field(description="The only guild that it opens; null: every guild.")
    scope: Scope
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewTokenAnswer(Answer):
    """A new API token: shown this once."""

    model_config = documented(
        sentence="The token “dashboard” is made. It is shown this once.",
        name="dashboard",
        scope="metrics",
        guild_id=None,
        secret="the-token",  # noqa: S106 -- an example
    )

    sentence: str
    name: str
    scope: Scope
    guild_id: int | None
    secret: str


class RevokedAnswer(Answer):
    """What was revoked."""

    model_config = documented(sentence="Mito’s upload key 1 is revoked.")

    sentence: str
