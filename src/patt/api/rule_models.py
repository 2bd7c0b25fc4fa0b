"""What the API tells of a rule: how a guild has it, what it found, how its fixes ended."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from patt.api.models import Answer


class RuleAnswer(Answer):
    """A rule with its counts in one guild.

    `resolved`, `found` and `reopened` count the last 30 days, `fixes_*` the last 90, `*_ever` and `auto_fixed` all days.
    """

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "issue_type": "orphan_wow",
                    "name": "Unlinked WoW Character",
                    "description": "Character in guild with no player record",
                    "severity": "warning",
                    "auto_mitigate": False,
                    "is_enabled": True,
                    "is_fixable": True,
                    "open": 12,
                    "waiting": 12,
                    "dismissed": 1,
                    "resolved": 8,
                    "found": 11,
                    "found_in_a_week": 3,
                    "reopened": 1,
                    "fixes_tried": 14,
                    "fixes_worked": 12,
                    "fixes_failed": 2,
                    "fixes_unverified": 0,
                    "fixes_refused": 5,
                    "fixes_undone": 1,
                    "opened_ever": 31,
                    "resolved_ever": 18,
                    "auto_fixed": 0,
                    "last_triggered": "2026-11-23T06:00:00Z",
                }
            ]
        },
    )

    issue_type: str
    name: str
    description: str
    severity: str
    auto_mitigate: bool
    is_enabled: bool
    is_fixable: bool
    open: int
    waiting: int
    dismissed: int
    resolved: int
    found: int = Field(description="How often it found something, new or again, in 30 days.")
    found_in_a_week: int = Field(description="The same in 7 days.")
    reopened: int = Field(description="How many came back in 30 days after they had been resolved.")
    fixes_tried: int = Field(description="Fixes that were carried out in 90 days.")
    fixes_worked: int
    fixes_failed: int
    fixes_unverified: int = Field(description="Changes on Discord of which nobody could look whether they were made.")
    fixes_refused: int = Field(
        description="Fixes that an officer asked for and that were refused, nothing being changed."
    )
    fixes_undone: int = Field(description="Fixes of 90 days that were taken back.")
    opened_ever: int | None = Field(default=None, description="Null unless `ever` was asked for; so are the next two.")
    resolved_ever: int | None = None
    auto_fixed: int | None = None
    last_triggered: datetime | None
