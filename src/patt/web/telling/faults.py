"""What is wrong with a field of a form or a request, in the language of the task: English says it as the validation does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sv_common.guild_sync.core.language import ENGLISH, language, mark, tr

_KINDS: Mapping[str, str] = {
    "missing": mark("Field required"),
    "extra_forbidden": mark("Extra inputs are not permitted"),
    "string_type": mark("Input should be a valid string"),
    "string_too_short": mark("String should have at least {min_length} characters"),
    "string_too_long": mark("String should have at most {max_length} characters"),
    "int_type": mark("Input should be a valid integer"),
    "int_parsing": mark("Input should be a valid integer, unable to parse string as an integer"),
    "float_parsing": mark("Input should be a valid number, unable to parse string as a number"),
    "bool_parsing": mark("Input should be a valid boolean, unable to interpret input"),
    "greater_than": mark("Input should be greater than {gt}"),
    "greater_than_equal": mark("Input should be greater than or equal to {ge}"),
    "less_than": mark("Input should be less than {lt}"),
    "less_than_equal": mark("Input should be less than or equal to {le}"),
    "literal_error": mark("Input should be {expected}"),
    "enum": mark("Input should be {expected}"),
    "too_short": mark("At least {min_length} items are needed"),
    "too_long": mark("At most {max_length} items are possible"),
    "date_from_datetime_parsing": mark("Input should be a valid date"),
    "date_parsing": mark("Input should be a valid date"),
    "json_invalid": mark("This is not valid JSON"),
}
"""By the validation's own name of the fault."""


def fault_in_words(fault: Mapping[str, Any]) -> str:
    """Say what is wrong with a field; a fault that no translator knows is told as the validation tells it."""
    text = _KINDS.get(fault["type"]) if language() != ENGLISH else None
    return tr(text, **fault.get("ctx", {})) if text else str(fault["msg"])


def fault_sentence(faults: Sequence[Mapping[str, Any]]) -> str:
    """Say which fields cannot be used, and why."""
    named = [f"{_field_of(fault)}: {fault_in_words(fault)}" for fault in faults]
    return tr("This is not valid. {faults}.", faults="; ".join(named))


def _field_of(fault: Mapping[str, Any]) -> str:
    return str(fault["loc"][-1]) if fault["loc"] else tr("this")
