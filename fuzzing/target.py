"""What can be fuzzed, and the inputs that are kept of each: a file of byte literals, one a line, so that a review can read them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CORPUS, FOUND = HERE / "corpus", HERE / "found"


@dataclass(frozen=True)
class Target:
    """A reader of what comes from outside. `watched` are the packages whose branches count as reached."""

    name: str
    module: str
    watched: tuple[str, ...]
    longest: int
    words: tuple[bytes, ...] = ()

    @property
    def check(self) -> Callable[[bytes], None]:
        """The function that fails where an input breaks a promise."""
        found: Callable[[bytes], None] = importlib.import_module(self.module).check
        return found

    @property
    def corpus(self) -> list[bytes]:
        """Inputs that together reach what is known to be reachable."""
        return read(CORPUS / f"{self.name}.txt")

    @property
    def found(self) -> list[bytes]:
        """Inputs that once broke a promise; each must hold for ever."""
        return read(FOUND / f"{self.name}.txt")


def read(path: Path) -> list[bytes]:
    """Return the inputs of a file. Raises ValueError for a line that is no byte literal."""
    if not path.exists():
        return []
    inputs = [ast.literal_eval(line) for line in path.read_text(encoding="ascii").splitlines()]
    if not all(isinstance(each, bytes) for each in inputs):
        raise ValueError(f"{path.name} holds something that is no byte literal")
    return inputs


def write(path: Path, inputs: Iterable[bytes]) -> None:
    """Write inputs as byte literals."""
    path.write_text("".join(f"{each!r}\n" for each in inputs), encoding="ascii")


_ADDON = "sv_common.guild_sync.sources.addon"
_ENTRY_WORDS = (
    *(
        b'["name"] = ',
        b'["realm"] = ',
        b'["note"] = ',
        b'["officerNote"] = ',
        b'["rank"] = ',
        b'["level"] = ',
        b'["guid"] = ',
    ),
    *(
        b'["class"] = ',
        b'["lastOnline"] = ',
        b'["exportTime"] = ',
        b'["memberCount"] = ',
        b'["canViewNotes"] = ',
        b"PATTSyncEnd",
    ),
    *(b"|cff00ff00", b"|Hplayer:x|h", b"|r", b"||", b"-Area52", b"3d 4h"),
)

TARGETS = {
    target.name: target
    for target in (
        Target(
            "saved-variables",
            "fuzzing.targets.saved_variables",
            (f"{_ADDON}.saved_variables",),
            4096,
            (
                b"--[[",
                b"]]",
                b"[==[",
                b"]==]",
                b"nil",
                b"true",
                b"1.#INF",
                b"0x1f",
                b"1e5",
                b"\\010",
                b"\\\r\n",
                b"\r\n",
                b"-- [1]\n",
            ),
        ),
        Target(
            "companion",
            "fuzzing.targets.companion",
            ("patt.companion.code", "patt.companion.games"),
            600,
            (b"patt1", b"patt2", b"prefix: ", b"\x12\x03wow", b"\x1a\x06\n\x04C:/x", b"\n\x0f", b"https://"),
        ),
        Target("addon-export", "fuzzing.targets.addon_export", (_ADDON,), 4096, _ENTRY_WORDS),
        Target(
            "notes",
            "fuzzing.targets.notes",
            ("sv_common.guild_sync.notes",),
            300,
            (
                b"alt of ",
                b"main: ",
                b"'s ",
                b" bank",
                b"twink von ",
                b"@",
                b"#1234",
                b" - ",
                b"Zork",
                b"(",
                b"/",
                b"discord: ",
                b"not ",
                b"?",
            ),
        ),
        Target(
            "battlenet",
            "fuzzing.targets.battlenet",
            ("sv_common.guild_sync.sources.battlenet.wire", "sv_common.guild_sync.sources.http"),
            2048,
            (
                b'"character":{',
                b'"realm":{"slug":"x"}',
                b'"rank":0',
                b'"id":1',
                b'"key":{"href":"',
                b"%2F",
                b"\\ud800",
                b"\\u0000",
                b"null",
            ),
        ),
        Target(
            "discord",
            "fuzzing.targets.discord",
            ("sv_common.guild_sync.sources.discord", "sv_common.guild_sync.sources.http"),
            2048,
            (
                b'"permissions":"8"',
                b'"roles":["1"]',
                b'"user":{',
                b'"position":1',
                b'"retry_after":1e3',
                b'"code":50013',
                b"\\ud800",
                b"\\u0000",
            ),
        ),
        Target(
            "answers",
            "fuzzing.targets.answers",
            ("sv_common.guild_sync.sources.bounded", "sv_common.guild_sync.sources.http"),
            1024,
            (
                b"Retry-After: ",
                b"Content-Encoding: gzip",
                b"deflate",
                b"identity",
                b"Date: Fri, 27 Nov 2026 07:28:00 GMT",
                b"\x1f\x8b\x08",
            ),
        ),
    )
}
