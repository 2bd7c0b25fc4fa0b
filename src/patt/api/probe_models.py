"""What is told to whatever watches over the product."""

from __future__ import annotations

from typing import Any, Literal

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field

from patt.api.models import Answer


class AliveAnswer(Answer):
    """Whether the application and its database answer."""

    status: Literal["ok", "unavailable"]
    detail: str | None = Field(default=None, description="Why not, if so.")


class CheckAnswer(Answer):
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str


class ReadyAnswer(Answer):
    """Whether the application can do its work, and each thing that was looked at."""

    status: Literal["ready", "not ready"]
    checks: list[CheckAnswer]


_EXPOSITION = (
    "# HELP patt_workers Workers that have lately given a sign of life.\n# TYPE patt_workers gauge\npatt_workers 1.0\n"
)

METRICS_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Counts and ages in Prometheus' text format.",
        "content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string", "examples": [_EXPOSITION]}}},
    }
}
"""What OpenAPI says of the metrics."""
