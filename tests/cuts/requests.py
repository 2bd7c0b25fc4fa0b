"""What is sent to each route that changes something, so that it does change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI

from cuts.world import EXPORT, NEW_NAME, World
from patt.web.context import CLAIM_COOKIE
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from web.discord_people import CAPTAIN
from web.helpers import asker, officer, own_form


@dataclass(frozen=True)
class Ask:
    """One request. `who` is whose secret it carries: of a session, or an upload key."""

    json: Any = None
    form: Mapping[str, Any] | None = None
    content: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    who: str = "alice"

    def client(self, app: FastAPI, world: World) -> httpx2.AsyncClient:
        secret = world.secrets.get(self.who, "")
        if self.who == "upload_key":
            return asker(app, headers={"X-API-Key": secret, "Content-Type": "application/json"})
        if self.who in ("claimer", "verified", "undecided"):
            return asker(app, cookies={CLAIM_COOKIE: secret}, headers=own_form(secret))
        return officer(app, secret) if secret else asker(app, headers={"Sec-Fetch-Site": "same-origin"})


Made = Callable[[World], Ask]


def _nothing(_: World) -> Ask:
    return Ask()


def _form(**fields: Any) -> Made:
    return lambda _: Ask(form=fields)


def _json(**fields: Any) -> Made:
    return lambda _: Ask(json=fields)


_RULE = {"kind": "rule", "issue_type": "stale_character", "is_enabled": False}
_LINK = {"decision": "link", "character": "Riddle", "player": "Mito"}
_AUTHORITY = {"kind": "rank", "key": "2", "role": "viewer"}
_REASON = {"reason": "On purpose."}
_MOVE = {"region": "us", "realm": "Area 52", "name": NEW_NAME}


def _confirm(world: World) -> dict[str, Any]:
    return {"discord_id": CAPTAIN, "character_id": world.numbers["captain"]}


def _claim(world: World) -> dict[str, Any]:
    return {"seen": world.secrets["seen"], "character": world.secrets["read"], "remember": "yes"}


def _person(world: World) -> dict[str, Any]:
    return {"kind": "player", "id": world.numbers["player_id"]}


def _loss(world: World) -> dict[str, str]:
    return {"source": "battlenet", "key": world.loss_key}


def _issues(*names: str, **more: Any) -> Made:
    return lambda world: Ask(json={"issue_ids": [world.numbers[name] for name in names], **more})


API = "/api/v1/admin"
QUALITY = f"{API}/data-quality"
SETTINGS = "/admin/settings"

SECRET = InstallationSecret("a secret of this installation, long enough")

ASKS: dict[str, Made] = {
    f"{QUALITY}/scan": _nothing,
    f"{QUALITY}/scan/{{issue_type}}": _nothing,
    f"{QUALITY}/fix/{{issue_id}}": _nothing,
    f"{QUALITY}/fix-all/{{issue_type}}": _nothing,
    f"{QUALITY}/issues/{{issue_id}}/dismiss": _json(**_REASON),
    f"{API}/players/characters/{{character_id}}/objection": _json(objects=True),
    f"{QUALITY}/issues/{{issue_id}}/reopen": _json(**_REASON),
    f"{QUALITY}/issues/{{issue_id}}/resolve": _json(**_REASON),
    f"{QUALITY}/attempts/{{attempt_id}}/undo": _nothing,
    f"{QUALITY}/attempts/undo": lambda world: Ask(json={"attempts": str(world.numbers["attempt_id"])}),
    f"{QUALITY}/issues/undo": lambda world: Ask(json={"events": str(world.numbers["event"])}),
    f"{QUALITY}/issues/fix": _issues("newalt", "riddle"),
    f"{QUALITY}/issues/fix/preview": _issues("newalt", "riddle"),
    f"{QUALITY}/issues/dismiss": _issues("newalt", "riddle", **_REASON),
    f"{QUALITY}/issues/reopen": _issues("aside"),
    f"{QUALITY}/jobs": _json(kind="scan"),
    f"{API}/inbox/fix": _issues("newalt"),
    f"{API}/inbox/dismiss": lambda world: Ask(json={"keys": [world.numbers["riddle"]], **_REASON}),
    f"{API}/inbox/{{key}}/answer": _json(**_LINK),
    f"{API}/inbox/{{key}}/snooze": _json(days=7),
    f"{API}/inbox/{{key}}/dismiss": _json(**_REASON),
    f"{API}/full-match": lambda world: Ask(json={"selected": [world.match_key]}),
    f"{API}/players/decisions": _json(**_LINK),
    f"{API}/players/decisions/preview": _json(**_LINK),
    f"{API}/settings/words/try": _json(note="alt of Mito"),
    f"{API}/settings/preview": _json(**_RULE),
    f"{API}/settings/changes": _json(**_RULE),
    f"{API}/settings/changes/{{change_id}}/undo": _json(),
    f"{API}/settings/changes/{{change_id}}/undo/preview": _nothing,
    f"{API}/settings/guild/move": _json(**_MOVE),
    f"{API}/settings/guild/move/preview": _json(**_MOVE),
    f"{API}/settings/keys": _json(uploader="Zork"),
    f"{API}/settings/keys/{{key_id}}/revoke": _nothing,
    f"{API}/settings/tokens": _json(name="dashboard", scope="read", guild_id=1),
    f"{API}/settings/tokens/{{token_id}}/revoke": _nothing,
    f"{API}/officers/authority": _json(**_AUTHORITY),
    f"{API}/officers/authority/preview": _json(**_AUTHORITY),
    f"{API}/officers/confirm": lambda world: Ask(json=_confirm(world)),
    f"{API}/officers/sessions/{{session_id}}/revoke": _nothing,
    f"{API}/account/sessions/revoke-all": _nothing,
    f"{API}/account/sessions/{{session_id}}/revoke": _nothing,
    f"{API}/persons/erase": lambda world: Ask(json=_person(world)),
    f"{API}/persons/erase/preview": lambda world: Ask(json=_person(world)),
    f"{API}/losses/release": lambda world: Ask(json=_loss(world)),
    f"{API}/uploads/{{upload_id}}/retry": _nothing,
    "/api/v1/guild-sync/addon-upload": lambda _: Ask(content=EXPORT, who="upload_key"),
    f"{SETTINGS}/keys": _form(uploader="Zork"),
    f"{SETTINGS}/tokens": _form(name="dashboard", scope="read"),
    "/admin/setup": _form(step="key", anew="true", **{"answer.uploader": "Zork"}),
    "/admin/setup/restore": _form(key="0"),
    "/admin/setup/restore/preview": _form(),
    f"{SETTINGS}/words/try": _form(note="alt of Mito"),
    "/admin/data-quality/preview": _form(),
    "/claim/guild": lambda _: Ask(form={"guild": "2"}, who="undecided"),
    "/claim/confirm": lambda world: Ask(form=_claim(world), who="claimer"),
    "/claim/forget": lambda _: Ask(form={}, who="claimer"),
    "/claim/leave": lambda _: Ask(form={}, who="claimer"),
    "/claim/unlink": lambda _: Ask(form={}, who="verified"),
    "/login/guild": lambda _: Ask(form={"guild": "2"}, who="friend"),
    "/login/{token}": lambda _: Ask(form={}, who="no one"),
    "/logout": _form(),
    "/logout/everywhere": _form(),
}
"""By path. A new route needs a line here."""

CHANGES_NOTHING = frozenset(path for path in ASKS if path.endswith(("/preview", "/words/try")))
"""Routes that only look, though their method says otherwise."""


OF_AN_EMPTY_INSTALLATION = frozenset({"/admin/setup/restore", "/admin/setup/restore/preview"})
"""Routes that are refused where there is a guild; tests/setup holds what they do."""


def address(path: str, world: World) -> str:
    """Fill in a path: by what it is about, the numbers of something that can be done."""
    issue = "aside" if path.endswith("/reopen") else "riddle" if path.endswith(("/dismiss", "/resolve")) else "newalt"
    values = {
        **world.numbers,
        "issue_id": world.numbers[issue],
        "issue_type": "orphan_wow",
        "key": world.numbers["riddle"],
    }
    return path.format(**values, token=world.secrets["token"])
