"""What may stand on a command line: looked at once, before any command reads it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.plain_text import fault_of_text, shown

LONGEST_ARGUMENT = 1000
"""Letters of an argument. Each text has its own bound besides; this one keeps what nobody means out of all of them."""


def check_arguments(arguments: Sequence[str]) -> None:
    """Raise `BadInput` for an argument that is no text, unless it names a file that is there, whatever its name is."""
    for argument in arguments:
        fault = fault_of_text(argument, LONGEST_ARGUMENT)
        if fault is not None and not _is_a_file(argument):
            raise BadInput(f"“{shown(argument)}” cannot be used: it {fault}.")


def _is_a_file(argument: str) -> bool:
    return any(os.path.lexists(part) for part in (argument, argument.partition("=")[2]) if part and "\x00" not in part)
