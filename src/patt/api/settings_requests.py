"""What the API takes about a guild's settings: a change of a rule, of ranks or of a word, an undo, and a note to be read."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, StrictInt

from patt.api.documented import documented
from sv_common.guild_sync.domain.names import LONGEST_WORD
from sv_common.guild_sync.setting_requests import YesNo

Index = Annotated[int, Field(ge=0, le=9)]
KEY_EXAMPLE = "5f0c7a3d9b1e4c2f8a6d5f0c7a3d9b1e4c2f8a6d5f0c7a3d9b1e4c2f8a6d9b1e"
SeenKey = Annotated[
    str | None,
    Field(
        default=None,
        max_length=64,
        description="The preview's key: refused where something else would come of it now. None: saved without comparing.",
    ),
]


class RuleChangeRequest(BaseModel):
    """Set a rule. What is left out stays as it is; "default" is what the rulebook says."""

    model_config = documented(kind="rule", issue_type="stale_character", parameters={"stale_after_days": 45})

    kind: Literal["rule"]
    issue_type: str = Field(max_length=60, description="The rule.")
    is_enabled: bool | None = Field(default=None, description="Whether it is looked for.")
    fixes_itself: YesNo | None = Field(default=None, description="Whether certain fixes run without an officer.")
    severity: str | None = Field(default=None, max_length=60, description="info, warning, error, or default.")
    parameters: dict[Annotated[str, Field(max_length=60)], StrictInt | str | None] = Field(
        default={}, max_length=20, description="Thresholds by name; null is the default."
    )
    to_default: bool = Field(default=False, description="Put everything else to the default first.")
    key: SeenKey


class RoleWishRequest(BaseModel):
    """Which Discord role a rank is to map to."""

    model_config = documented(role="101", is_managed=True)

    role: str = Field(max_length=30, description="Id of the role, “none” on purpose, or empty text for not set.")
    is_managed: bool = Field(default=True, description="Whether fixes may give and take it.")


class RanksChangeRequest(BaseModel):
    """Map ranks, by index, to Discord roles; ranks that are left out stay as they are."""

    model_config = documented(kind="ranks", roles={"1": {"role": "101", "is_managed": True}, "4": {"role": "none"}})

    kind: Literal["ranks"]
    roles: dict[Index, RoleWishRequest] = Field(min_length=1)
    key: SeenKey


class WordChangeRequest(BaseModel):
    """Say what a word of notes is in this guild."""

    model_config = documented(kind="word", word="nightcrew", reading="role")

    kind: Literal["word"]
    word: str = Field(max_length=LONGEST_WORD, description="A word or a short phrase, as notes write it.")
    reading: str = Field(
        max_length=60,
        description="A category; “name”: no word of the vocabulary, so that it may be a name; “default”: as everywhere.",
    )
    key: SeenKey


SettingChangeRequest: TypeAlias = Annotated[
    RuleChangeRequest | RanksChangeRequest | WordChangeRequest, Field(discriminator="kind")
]


class UndoSettingRequest(BaseModel):
    """Put back what a change has changed."""

    model_config = documented(key=KEY_EXAMPLE)

    key: SeenKey


class TryNoteRequest(BaseModel):
    """A note to be read as if it were on a new character of the guild. It is kept nowhere."""

    model_config = documented(note="alt of Mito")

    note: str = Field(max_length=1000)
