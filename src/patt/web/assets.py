"""Static files under addresses that hold their content's hash, so that a browser may keep them for good.

`patt.css` is served as `/static/patt.1a2b3c4d.css` too; the plain address answers as well, and is looked up anew each time.
Each file is compressed once, as small as it gets, for browsers that take it so.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from patt.web.places import STATIC_PREFIX
from patt.web.telling.script_texts import ScriptTexts, table_named

STATIC = Path(__file__).parents[1] / "static"
FOR_GOOD = "public, max-age=31536000, immutable"
ANEW = "no-cache"
_DIGITS = 8
_FOR_READERS = re.compile(rb"/\*.*?\*/|^[ \t]+|\n(?=\n)", re.DOTALL | re.MULTILINE)
"""What a browser needs of no style sheet: comments, indents and empty lines."""


def _hashed_names(folder: Path) -> Mapping[str, str]:
    """Each file of a folder, and its name with the hash of its content, as addresses write them."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): _hashed_name(file, folder) for file in files}


def _hashed_name(file: Path, folder: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGITS]
    return file.with_suffix(f".{digest}{file.suffix}").relative_to(folder).as_posix()


_HASHED = _hashed_names(STATIC)
_PLAIN = {hashed: plain for plain, hashed in _HASHED.items()}


def url_of(name: str) -> str:
    """Return the address of a static file, such as `patt.css`, that changes with its content. Raises `KeyError`."""
    return f"{STATIC_PREFIX}/{_HASHED[name]}"


@cache
def _packed(name: str) -> bytes:
    content = (STATIC / name).read_bytes()
    return gzip.compress(_FOR_READERS.sub(b"", content) if name.endswith(".css") else content, mtime=0)


class Assets(StaticFiles):
    """Serves the static files by both of their names."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = Path(path).as_posix()
        if table := table_named(name):
            return _answer_of(table, scope)
        plain = _PLAIN.get(name, path)
        response = await super().get_response(plain, scope)
        if isinstance(response, FileResponse) and _may_be_packed(scope) and Path(plain).as_posix() in _HASHED:
            kept = {each: response.headers[each] for each in ("content-type", "last-modified", "etag")}
            response = Response(_packed(Path(plain).as_posix()), headers={**kept, "Content-Encoding": "gzip"})
            response.headers.add_vary_header("Accept-Encoding")
        response.headers["Cache-Control"] = FOR_GOOD if name in _PLAIN else ANEW
        return response


def _answer_of(table: ScriptTexts, scope: Scope) -> Response:
    response = Response(table.script, media_type="text/javascript")
    if _may_be_packed(scope):
        response = Response(table.packed, media_type="text/javascript", headers={"Content-Encoding": "gzip"})
    response.headers.add_vary_header("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_GOOD
    return response


def _may_be_packed(scope: Scope) -> bool:
    """Whether the whole file is asked for by somebody who takes it compressed."""
    headers = Headers(scope=scope)
    takes = {each.partition(";")[0].strip() for each in headers.get("accept-encoding", "").split(",")}
    return scope["method"] == "GET" and "gzip" in takes and "range" not in headers
