"""A server for the companion that answers as a test wants it, over real HTTP; and exports as the game writes them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from patt.companion.proposals import PATH as NOTES_PATH
from patt.companion.server import HOLDER_PATH, PATH, Answer, Outcome, Reply
from sv_common.guild_sync.simulators.addon import saved_variables

ADDON = Path(__file__).parents[2] / "wow_addon" / "PATTSync"


def export(note: str, made_at: int | None = None) -> bytes:
    """Write an export with one character, made at this second since 1970."""
    said: dict[str, object] = {"characters": [{"name": "Mito", "note": note}]}
    if made_at is not None:
        said["exportTime"] = made_at
    return saved_variables({"PATTSyncDB": {"lastExport": said}}).encode()  # type: ignore[dict-item]


def account(game: Path, name: str, flavour: str = "_retail_") -> Path:
    """Make the folder of an account; return where the game writes the addon's file."""
    folder = game / flavour / "WTF" / "Account" / name / "SavedVariables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "PATTSync.lua"


def addon(game: Path, flavour: str = "_retail_") -> Path:
    """Put the addon into a game, as a player does; return its folder."""
    folder = game / flavour / "Interface" / "AddOns" / "PATTSync"
    shutil.copytree(ADDON, folder)
    return folder


def note(name: str = "Newalt", **fields: object) -> dict[str, object]:
    """A note that is proposed, as the server tells it."""
    told = {"name": name, "realms": ["Area 52"], "note": "", "proposed": "alt of Mito", "why": "empty"}
    return {**told, "reason": "The note is empty.", "lost": "", **fields}


class Sink:
    """A server without HTTP: what it was sent, and its answer to each export. It yields to others while it takes one."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.answer, self.sentence = Answer.SENT, "Received."

    async def send(self, content: bytes) -> Reply:
        await asyncio.sleep(0)
        self.sent.append(content)
        return Reply(self.answer, self.sentence, len(self.sent))

    async def ask(self, _: int) -> Outcome | None:
        await asyncio.sleep(0)
        return None


@dataclass
class ScriptedServer:
    """What came in, and what is answered: a receipt unless `answer` says otherwise, `outcomes` by upload, and `holder` of the key."""

    received: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    answer: Response | None = None
    holder: Response | None = None
    receipt: Mapping[str, object] = field(default_factory=dict)
    outcomes: dict[int, dict[str, object]] = field(default_factory=dict)
    notes: Response | None = None
    tags: list[str | None] = field(default_factory=list)

    def let_fetch_notes(self, *notes: dict[str, object], guild: str = "Pull the Pin") -> None:
        """Make the key an officer's, with these proposed notes."""
        self.holder = JSONResponse({"uploader": "Mito", "guild": guild, "may_fetch_notes": True})
        body = {"guild": guild, "realms": ["Area 52"], "region": 1, "notes": list(notes)}
        self.notes = JSONResponse(body, headers={"ETag": f'"{len(notes)}"'})

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post(PATH)
        async def receive(request: Request) -> Response:
            self.received.append(await request.body())
            self.keys.append(request.headers["x-api-key"])
            if self.answer is not None:
                return self.answer
            receipt = {"upload_id": len(self.received), "is_new": True, "sentence": "Received.", **self.receipt}
            return JSONResponse(receipt, 202)

        @app.get(HOLDER_PATH)
        async def whose() -> Response:
            return self.holder or JSONResponse({"uploader": "Mito", "guild": "Pull the Pin"})

        @app.get(NOTES_PATH)
        async def proposed(request: Request) -> Response:
            self.tags.append(request.headers.get("if-none-match"))
            if self.notes is None:
                return JSONResponse({"detail": "This key only sends exports."}, 403)
            tag = self.notes.headers.get("etag")
            return Response(status_code=304) if tag and tag == self.tags[-1] else self.notes

        @app.get(PATH + "/{upload_id}")
        async def status(upload_id: int) -> Response:
            self.asked.append(upload_id)
            outcome = self.outcomes.get(upload_id, {"state": "received", "sentence": None})
            return JSONResponse({"upload_id": upload_id, **outcome})

        return app
