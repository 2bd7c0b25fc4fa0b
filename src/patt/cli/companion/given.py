"""What a player gives the companion, on the command line, in the environment or as the answer to its one question."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from patt.cli.output import say_error
from patt.companion.code import Code
from patt.companion.files import checked_folder
from patt.companion.given import checked_code, checked_server, key_in, key_or_code
from patt.companion.home import Home
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr

KEY_VARIABLE = "PATT_UPLOAD_KEY"
_MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Given:
    """The server and key, the folders that were named, and the text of a code that was just pasted and may be kept."""

    code: Code
    folders: tuple[Path, ...] = ()
    pasted: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What stands on the command line."""

    folders: Sequence[Path] = ()
    server: str | None = None
    key: str | None = None
    key_file: Path | None = None
    may_ask: bool = True


def given(options: Options, home: Home) -> Given:
    """Return what was given now, was kept before, or is pasted when asked for. Raises `BadInput`, which never says a key."""
    server = None if options.server is None else checked_server(options.server)
    folders = checked_folders(options.folders)
    explicit = _explicit(options)
    if explicit is not None:
        return Given(_with_server(explicit, server), folders)
    kept = home.kept()
    if kept is not None and server in (None, kept.code.server):
        return Given(kept.code, folders or kept.folders)
    if not (options.may_ask and at_a_terminal()):
        raise BadInput(
            tr(
                "The code from your officer is missing. Run “patt watch” at a terminal once and paste it, set {variable}, "
                "or name a file that holds it with --key-file.",
                variable=KEY_VARIABLE,
            )
        )
    pasted, code = asked_for(server)
    return Given(code, folders, pasted if server is None else None)


def asked_for(server: str | None = None) -> tuple[str, Code]:
    """Ask for the code until a whole one is pasted; where the server is known, a key alone will do.

    Raises `BadInput` after several tries.
    """
    for _ in range(_MOST_TRIES):
        pasted = str(typer.prompt(tr("Paste the code from your officer (it is not shown)"), hide_input=True))
        try:
            if server is None:
                return pasted, checked_code(pasted)
            return pasted, _with_server(key_or_code(pasted, tr("that you typed")), server)
        except BadInput as error:
            say_error(error)
    raise BadInput(tr("That was {count} times no code. Ask the officer for a new one.", count=_MOST_TRIES))


def checked_folders(named: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(checked_folder(each) for each in named))


def at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _explicit(options: Options) -> Code | str | None:
    """Return the key or the code that was given on purpose. Raises `BadInput`."""
    if options.key is not None and options.key_file is not None:
        raise BadInput(tr("Give your upload key once: with --key-file, or with --key."))
    if options.key_file is not None:
        return key_in(options.key_file)
    if options.key is not None:
        return key_or_code(options.key, tr("after --key"))
    if os.environ.get(KEY_VARIABLE):
        return key_or_code(os.environ[KEY_VARIABLE], tr("in {variable}", variable=KEY_VARIABLE))
    return None


def _with_server(found: Code | str, server: str | None) -> Code:
    """Return key and server together. Raises `BadInput` if there is no server, or two."""
    if isinstance(found, str):
        if server is None:
            raise BadInput(
                tr(
                    "An upload key alone does not say to which server it belongs. Give the code from your officer instead, "
                    "or add --server."
                )
            )
        return Code(server, found)
    if server not in (None, found.server):
        raise BadInput(
            tr(
                "The code is for {server}, and --server or PATT_SERVER_URL says {other}. Leave that out.",
                server=found.server,
                other=server,
            )
        )
    return found
