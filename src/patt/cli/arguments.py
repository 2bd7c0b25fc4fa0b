"""What may stand on a command line: looked at once, before any command reads it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.plain_text import fault_of_text, shown

LONGEST_ARGUMENT = 1000
"""Letters of an argument. Each text has its own bound besides; this one keeps what nobody means out of all of them."""


def check_arguments(arguments: Sequence[str]) -> None:
    """Raise `BadInput` for an argument that is no text, unless it names a file that is there, whatever its name is.

    The value of an option is not repeated: it may be a key.
    """
    for before, argument in zip(("", *arguments), arguments, strict=False):
        fault = fault_of_text(argument, LONGEST_ARGUMENT)
        if fault is not None and not _is_a_file(argument):
            option = before if before.startswith("-") else argument.partition("=")[0]
            what = f"The value of {shown(option)}" if option.startswith("-") else f"“{shown(argument)}”"
            raise BadInput(f"{what} cannot be used: it {fault}.")


def _is_a_file(argument: str) -> bool:
    return any(os.path.lexists(part) for part in (argument, argument.partition("=")[2]) if part and "\x00" not in part)
