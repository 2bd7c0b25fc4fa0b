"""What the API takes and gives where exactly the chosen issues are acted upon."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from patt.api.models import Answer, FixesResult, PlannedAnswer
from patt.deps import LARGEST_BIGINT

MOST_CHOSEN = 500
"""Issues that one request may name."""

_KEY = "9f2c7a1be04d5536"
_FIXED = {
    "issue_id": 12,
    "issue_type": "orphan_wow",
    "outcome": "fixed",
    "resolved": True,
    "reason": "Its note names Mito.",
    "steps": ["Link Newalt-area-52 to Mito."],
    "attempt_id": 7,
}
_COUNTS = {"fixed": 1, "refused": 0, "waiting": 0, "failed": 0, "unverified": 0, "nothing_to_do": 0, "held": 0}


def _example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [example]})


class ChosenIssues(BaseModel):
    """Exactly these issues, all of one guild."""

    model_config = _example({"issue_ids": [12, 15]})

    issue_ids: list[Annotated[int, Field(ge=1, le=LARGEST_BIGINT)]] = Field(
        min_length=1,
        max_length=MOST_CHOSEN,
        description="Numbers of issues. If the guild has not all of them, nothing is changed.",
    )
    seen: dict[int, Annotated[str, Field(max_length=64)]] = Field(
        default_factory=dict,
        max_length=MOST_CHOSEN,
        description="The key of each issue as it was seen: an issue with another key by now is left alone.",
    )


class FixChosen(ChosenIssues):
    """Issues to fix; `seen` holds the keys of their plans as they were previewed."""

    model_config = _example({"issue_ids": [12, 15], "seen": {"12": _KEY}})


class DismissChosen(ChosenIssues):
    """Issues to set aside, why, and until when; `seen` holds their keys as they were listed."""

    model_config = _example({"issue_ids": [12, 15], "seen": {"12": _KEY}, "reason": "Guests.", "until": "2026-12-31"})

    reason: str = Field(min_length=1, max_length=500, description="Why, for whoever looks at them next.")
    until: date | None = Field(default=None, description="The day (UTC) on which they open again; none: for ever.")


class WakeChosen(ChosenIssues):
    """Issues whose dismissal ends, and why; `seen` holds their keys as they were listed."""

    model_config = _example({"issue_ids": [12, 15], "reason": "By hand."})

    reason: str = Field(default="By hand.", min_length=1, max_length=500)


class FixChosenAnswer(FixesResult):
    """What came of fixing the chosen issues, one by one in the order asked for."""

    model_config = _example(
        {"sentence": "Of 1 chosen: 1 fixed.", "guild_id": 1, "found": 1, **_COUNTS, "issues": [_FIXED]}
    )

    sentence: str
    guild_id: int


class PlannedIssue(PlannedAnswer):
    """What fixing one chosen issue would do now."""

    issue_type: str
    summary: str


class ChosenPreviewAnswer(Answer):
    """What fixing the chosen issues would do now, in the order asked for. Nothing was changed."""

    model_config = _example(
        {
            "guild_id": 1,
            "issues": [
                {
                    "issue_id": 12,
                    "issue_type": "orphan_wow",
                    "summary": "'Newalt' has no player link",
                    "outcome": "ready",
                    "reason": "Its note names Mito.",
                    "steps": ["Link Newalt-area-52 to Mito."],
                    "key": _KEY,
                }
            ],
        }
    )

    guild_id: int
    issues: list[PlannedIssue]


class MovedIssue(Answer):
    """What became of one chosen issue."""

    issue_id: int
    issue_type: str
    outcome: Literal["dismissed", "woken", "left_alone"]
    reason: str = Field(description="Why it is left alone, or what was done.")


class MovedChosenAnswer(Answer):
    """What came of setting the chosen issues aside, or of opening them again, in the order asked for."""

    model_config = _example(
        {
            "sentence": "1 issue is set aside.",
            "guild_id": 1,
            "found": 1,
            "moved": 1,
            "left_alone": 0,
            "issues": [{"issue_id": 12, "issue_type": "orphan_wow", "outcome": "dismissed", "reason": "Guests."}],
        }
    )

    sentence: str
    guild_id: int
    found: int = Field(description="How many issues were chosen.")
    moved: int
    left_alone: int
    issues: list[MovedIssue]
