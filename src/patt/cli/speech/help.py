"""The help of commands in the language of the terminal: what is said here, and what Typer says around it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from sv_common.guild_sync.core.language import COMMAND, ENGLISH, language, mark, tr, typed_as

TYPERS_WORDS = "typer.rich_utils"
"""Typer's module with the texts around a help. With all that it imports, it takes a fifth of a command's start."""

FRAME = {
    "ARGUMENTS_PANEL_TITLE": mark("Arguments"),
    "OPTIONS_PANEL_TITLE": mark("Options"),
    "COMMANDS_PANEL_TITLE": mark("Commands"),
    "ERRORS_PANEL_TITLE": mark("Error"),
    "DEFAULT_STRING": mark("[default: {}]"),
    "ENVVAR_STRING": mark("[env var: {}]"),
    "REQUIRED_LONG_STRING": mark("[required]"),
    "ABORTED_TEXT": mark("Aborted."),
    "RICH_HELP": mark("Try [blue]'{command_path} {help_option}'[/] for help."),
}
"""Texts of Typer, by their names in that module, where they stand in English."""

_OF_TYPER = (
    mark("Show this message and exit."),
    mark("Install completion for the current shell."),
    mark("Show completion for the current shell, to copy it or customize the installation."),
    mark("Install completion for the specified shell."),
    mark("Show completion for the specified shell, to copy it or customize the installation."),
)
"""The help of options that Typer adds. It is found by its English text, as the help of every other option is."""


def frame_in_language() -> None:
    """Have Typer say what stands around each help, and around a mistake in a command, in the language of the terminal.

    In English Typer says it already, and imports the module when it first shows a help or a mistake.
    """
    if language() == ENGLISH and TYPERS_WORDS not in sys.modules:
        return
    words = import_module(TYPERS_WORDS)
    for name, text in FRAME.items():
        setattr(words, name, tr(text))


def in_language(command: Any) -> Any:
    """Translate the help of a command, its options, and the commands below it. Typer has no public names for their types."""
    if language() == ENGLISH and typed_as() == COMMAND:
        return command
    option = command.get_help_option(command.context_class(command))
    for each in (command, option, *command.params):
        if getattr(each, "help", None):
            each.help = tr(each.help)
    command.format_usage = lambda context, formatter: formatter.write_usage(
        context.command_path, " ".join(command.collect_usage_pieces(context)), tr("Usage:") + " "
    )
    for below in getattr(command, "commands", {}).values():
        in_language(below)
    return command
