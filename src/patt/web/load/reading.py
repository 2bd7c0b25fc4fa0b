"""Reading uploaded exports in a process beside this one, so that no page waits while thousands of entries are checked.

Python does one thing at a time in a process, whatever its threads. The process beside it is started with the first large
export, ends with this one, and reads one export at a time, which takes many times its size in memory.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from starlette.exceptions import HTTPException

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import language, speak, tr
from sv_common.guild_sync.roster.uploads import Prepared, prepare
from sv_common.guild_sync.sources.addon.export import read_addon_export, read_addon_export_json

SMALL = 32 * 1024
"""Bytes up to which an export is read here: that takes less than asking another process."""

_LARGE = 1024 * 1024
"""Bytes from which on a process ends after reading, since it keeps the memory."""

_LONGEST_S = 60.0
_LENGTH = struct.Struct(">I")


def read(body: bytes, *, is_json: bool) -> Prepared:
    """Check an export and make it ready to be stored. Raises `BadInput`."""
    return prepare(read_addon_export_json(body) if is_json else read_addon_export(body))


class ExportReader:
    """Reads exports, one at a time."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Semaphore(1)
        self._process: asyncio.subprocess.Process | None = None

    async def read(self, body: bytes, *, is_json: bool) -> Prepared:
        """Do what `read` does. Raises `BadInput`, and `HTTPException` (503) where the other process ends or takes too long."""
        async with self._one_at_a_time:
            # Windows' event loop that psycopg needs knows no processes.
            if len(body) <= SMALL or sys.platform == "win32":
                return await asyncio.to_thread(read, body, is_json=is_json)
            try:
                async with asyncio.timeout(_LONGEST_S):
                    head, characters = await self._asked(body, is_json=is_json)
            except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
                self.close()
                sentence = tr("The export could not be read just now. Nothing of it was used. Try again in a moment.")
                raise HTTPException(503, sentence, {"Retry-After": "30"}) from error
            except BaseException:
                self.close()  # a late answer would be taken for that to the next export
                raise
            if len(body) > _LARGE:
                self.close()
        if "refused" in head:
            raise BadInput(head["refused"], head["problems"])
        return Prepared(characters=characters.decode(), **head)

    def close(self) -> None:
        """End the other process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()

    async def _asked(self, body: bytes, *, is_json: bool) -> tuple[dict[str, Any], bytes]:
        process = await self._running()
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None  # noqa: S101 -- both are pipes
        assert stdout is not None  # noqa: S101
        head = json.dumps({"language": language(), "is_json": is_json}).encode()
        for part in (head, body):
            stdin.write(_LENGTH.pack(len(part)))
            stdin.write(part)
        await stdin.drain()
        parts = []
        for _ in range(2):
            (length,) = _LENGTH.unpack(await stdout.readexactly(_LENGTH.size))
            parts.append(await stdout.readexactly(length))
        return json.loads(parts[0]), parts[1]

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            pipe = asyncio.subprocess.PIPE
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "patt.web.load.reading"), stdin=pipe, stdout=pipe, start_new_session=True
            )
        return self._process


def serve(given: BinaryIO, told: BinaryIO) -> None:
    """Read one export after the other until there are no more."""
    while (head := _part(given)) is not None and (body := _part(given)) is not None:
        asked = json.loads(head)
        speak(asked["language"])
        try:
            prepared = asdict(read(body, is_json=asked["is_json"]))
        except BadInput as error:
            answer, characters = {"refused": str(error), "problems": error.problems}, ""
        else:
            characters = prepared.pop("characters")
            answer = prepared
        for part in (json.dumps(answer).encode(), characters.encode()):
            told.write(_LENGTH.pack(len(part)))
            told.write(part)
        told.flush()


def _part(given: BinaryIO) -> bytes | None:
    length = given.read(_LENGTH.size)
    return given.read(_LENGTH.unpack(length)[0]) if len(length) == _LENGTH.size else None


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
