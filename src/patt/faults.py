"""What is wrong with a field of a form or a request, or with a setting of the server, in the language of the task.

English says it as the validation does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sv_common.guild_sync.core.language import ENGLISH, language, mark, tr
from sv_common.guild_sync.core.text import with_or

_KINDS: Mapping[str, str] = {
    "missing": mark("Field required"),
    "extra_forbidden": mark("Extra inputs are not permitted"),
    "string_type": mark("Input should be a valid string"),
    "string_unicode": mark("Input should be a valid string"),
    "string_pattern_mismatch": mark("String should match pattern '{pattern}'"),
    "string_too_short": mark("String should have at least {min_length} characters"),
    "string_too_long": mark("String should have at most {max_length} characters"),
    "int_type": mark("Input should be a valid integer"),
    "int_parsing": mark("Input should be a valid integer, unable to parse string as an integer"),
    "int_parsing_size": mark("Unable to parse input string as an integer, exceeded maximum size"),
    "int_from_float": mark("Input should be a valid integer, got a number with a fractional part"),
    "float_parsing": mark("Input should be a valid number, unable to parse string as a number"),
    "bool_type": mark("Input should be a valid boolean"),
    "bool_parsing": mark("Input should be a valid boolean, unable to interpret input"),
    "greater_than": mark("Input should be greater than {gt}"),
    "greater_than_equal": mark("Input should be greater than or equal to {ge}"),
    "less_than": mark("Input should be less than {lt}"),
    "less_than_equal": mark("Input should be less than or equal to {le}"),
    "literal_error": mark("Input should be {expected}"),
    "enum": mark("Input should be {expected}"),
    "too_short": mark("At least {min_length} items are needed"),
    "too_long": mark("At most {max_length} items are possible"),
    "list_type": mark("Input should be a valid list"),
    "dict_type": mark("Input should be a valid dictionary"),
    "dataclass_type": mark("Input should be a valid dictionary"),
    "model_attributes_type": mark("Input should be a valid dictionary"),
    "union_tag_invalid": mark(
        "Input tag '{tag}' found using {discriminator} does not match any of the expected tags: {expected_tags}"
    ),
    "union_tag_not_found": mark("Unable to extract tag using discriminator {discriminator}"),
    "date_type": mark("Input should be a valid date"),
    "date_from_datetime_inexact": mark("Datetimes provided to dates should have zero time - e.g. be exact dates"),
    "date_from_datetime_parsing": mark("Input should be a valid date"),
    "date_parsing": mark("Input should be a valid date"),
    "json_invalid": mark("This is not valid JSON"),
}
"""By the validation's own name of the fault."""


def fault_in_words(fault: Mapping[str, Any]) -> str:
    """Say what is wrong with a field; a fault that no translator knows is told as the validation tells it."""
    if fault["type"] == "value_error":  # a check of ours, whose sentence is in the language already
        return str(fault["ctx"]["error"])
    text = _KINDS.get(fault["type"]) if language() != ENGLISH else None
    if not text:
        return str(fault["msg"])
    known = dict(fault.get("ctx", {}))
    if "expected" in known:
        known["expected"] = _one_of(known["expected"])
    return tr(text, **known)


def fault_sentence(faults: Sequence[Mapping[str, Any]]) -> str:
    """Say which fields cannot be used, and why."""
    named = [f"{_field_of(fault)}: {fault_in_words(fault)}" for fault in faults]
    return tr("This is not valid. {faults}.", faults="; ".join(named))


def _one_of(expected: str) -> str:
    """Return the values of which one is expected, which the validation lists in English: “'a', 'b' or 'c'”."""
    *first, last = expected.replace(" or ", ", ").split(", ")
    return with_or([", ".join(first), last]) if first else last


def _field_of(fault: Mapping[str, Any]) -> str:
    return str(fault["loc"][-1]) if fault["loc"] else tr("this")
