"""How a route tells OpenAPI which problems it may answer with."""

from __future__ import annotations

from typing import Any

from patt.api.models import ProblemAnswer
from patt.problems import MEDIA_TYPE


def problems(**sentences: str) -> dict[int | str, dict[str, Any]]:
    """Describe problem answers: keyword `_404` gives the sentence of status 404."""
    content = {MEDIA_TYPE: {"schema": ProblemAnswer.model_json_schema()}}
    return {int(status[1:]): {"description": text, "content": content} for status, text in sentences.items()}
