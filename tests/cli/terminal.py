"""A person at a terminal: a real pseudo-terminal with a program on its other side."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60.0
"""How long a person waits for a question; it only ends a test that has failed."""

PAUSE_BETWEEN_KEYS_S = 5.0


class Terminal:
    """What a person sees and types."""

    def __init__(self, program: subprocess.Popen[bytes], screen: int) -> None:
        self._program = program
        self._screen = screen
        self.shown = ""
        self._read_up_to = 0

    def wait_for(self, text: str) -> str:
        """Read until a text is shown after what was waited for before; return what was shown up to it."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.shown.find(text, self._read_up_to)) < 0:
            ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"“{text}” was never shown, but:\n{self.shown[self._read_up_to :]}"
            more = self._more()
            assert more, f"The program ended without “{text}”:\n{self.shown[self._read_up_to :]}"
            self.shown += more
        before = self.shown[self._read_up_to : found]
        self._read_up_to = found + len(text)
        return before

    def type(self, line: str) -> None:
        os.write(self._screen, f"{line}\n".encode())

    def answer(self, question: str, line: str) -> str:
        """Wait for a question and answer it; return what was shown before it."""
        before = self.wait_for(question)
        self.wait_for(": ")
        self.type(line)
        return before

    def interrupt_until(self, text: str) -> None:
        """Press Ctrl-C, and again while nothing happens: a key can come between a question and the reading of its answer."""
        for _ in range(round(PATIENCE_S / PAUSE_BETWEEN_KEYS_S)):
            self._program.send_signal(signal.SIGINT)
            ready, _, _ = select.select([self._screen], [], [], PAUSE_BETWEEN_KEYS_S)
            if ready:
                break
        self.wait_for(text)

    def end(self) -> int:
        while more := self._more():
            self.shown += more
        return self._program.wait(PATIENCE_S)

    def _more(self) -> str:
        try:
            return os.read(self._screen, 65536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # Linux ends a pseudo-terminal with an error
            return ""


@contextmanager
def patt_at_a_terminal(folder: Path, settings: Mapping[str, str], *arguments: str) -> Iterator[Terminal]:
    """Run `patt` at a terminal of its own, with settings in its environment."""
    screen, keyboard = pty.openpty()
    program = subprocess.Popen(  # noqa: S603 -- this project's own program
        [sys.executable, "-m", "patt", *arguments],
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        cwd=folder,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "200", **settings},
        start_new_session=True,
    )
    os.close(keyboard)
    try:
        yield Terminal(program, screen)
    finally:
        program.kill()
        program.wait()
        os.close(screen)
