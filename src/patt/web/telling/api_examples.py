"""Examples for the API's description: a field is documented with the value that a field of its name has in a guild.

A field that says its own examples is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, tuple[Any, ...]] = {
    "account": ("alice",),
    "actor": ("officer alice",),
    "after": ("Mito",),
    "alias": ("Mit",),
    "attempt_id": (9,),
    "attempts": (1,),
    "auto_fixed": (12,),
    "basis_note": ("alt of Mito",),
    "before": ("no one",),
    "changed_by": ("officer alice",),
    "character": ("Newalt-area-52",),
    "character_class": ("Mage",),
    "character_count": (420,),
    "characters": (3, ["Newalt-area-52", "Oldalt-area-52"]),
    "closed": ([17],),
    "conclusion": ("This character is in the guild, but no player owns it.",),
    "confirmed_by": ("officer alice",),
    "counts": ({"seen": 420, "left": 1},),
    "created_by": ("officer alice",),
    "description": ("The guild note of a linked character names another player.",),
    "detail": ("Issue 17 does not exist.",),
    "details": ({"character": "Newalt-area-52", "note": "alt of Mito"},),
    "discord_id": ("80351110224678912",),
    "dismiss_presets": (["Leaving soon."],),
    "dismissed": (2,),
    "dismissed_by": ("officer alice",),
    "dismissed_reason": ("A guest of the raid.",),
    "display_name": ("Mito",),
    "doubt": ("The ranks were changed in the game. Confirm the rank table.",),
    "doubts": (["The ranks were changed in the game. Confirm the rank table."],),
    "duration_ms": (450,),
    "effect": ("Grimaldo 3 → 4 characters · Discord stays Raider",),
    "error": ("The ranks have changed in the game: confirm them first.",),
    "event": ("opened",),
    "evidence": ("the note names Mito",),
    "facts": ("Raider · 3 characters · seen 19 hours ago",),
    "gets": (["Officer"],),
    "guild": ("Lantern Watch",),
    "guild_id": (1,),
    "hint": ("note “Grim”",),
    "issue_id": (17,),
    "issue_ids": ([17],),
    "issue_type": ("orphan_wow",),
    "item_level": (684,),
    "key": ("0f3c9a5be1d24c77",),
    "label": ("Grimaldo",),
    "last_login_timestamp": (1773513000000,),
    "level": (80,),
    "link_source": ("full_match",),
    "linked_by": ("officer alice",),
    "loses": (["Initiate"],),
    "main_class": ("Mage",),
    "main_realm": ("area-52",),
    "matched": ("Newalt",),
    "member": ("Mito",),
    "message": ("It answers.",),
    "no_fix": ("No one in this guild is named “Grim”.",),
    "note": ("alt of Mito",),
    "notices": (["2 characters have a realm that Battle.net does not know."],),
    "outcome": ("fixed",),
    "page": (1,),
    "people": ("Mito",),
    "pipeline": ("battlenet_sync",),
    "place": ("orphan_wow",),
    "plan_key": ("6b1f0c9d2a7e4f35",),
    "player": ("Mito",),
    "player_id": (4,),
    "question": ("Whose is Velquin?",),
    "rank": ("Raider",),
    "rank_index": (2,),
    "realm": ("area-52",),
    "realm_slug": ("area-52",),
    "reason": ("The note names Mito.",),
    "region": ("us",),
    "rejected_by": ("officer alice",),
    "released_by": ("officer alice",),
    "remedy": ("Keep “patt serve” running.",),
    "remember": ("Grim",),
    "reopen": ([17],),
    "request_id": (6,),
    "resolved_by": ("officer alice",),
    "rests_on": ("the note “alt of Mito” alone (not confirmed)",),
    "review_reason": ("The note names two people.",),
    "roles": (["Raider"],),
    "rule": ("Unlinked WoW Character",),
    "run_id": (31,),
    "seen": ("1042",),
    "selected": (2, ["0f3c9a5be1d24c77"]),
    "sentence": ("Fixed. Link Newalt-area-52 to Mito: the note names Mito.",),
    "set_by": ("officer alice",),
    "severity": ("warning",),
    "shared_by": ("officer alice",),
    "shared_reason": ("guild bank",),
    "speaks_against": (["Similar, not identical."],),
    "speaks_for": (["“Grim” is the beginning of Grimaldo."],),
    "status": ("done", 404),
    "steps": (["Link Newalt-area-52 to Mito."],),
    "subject": ("Newalt-area-52 has no player.",),
    "summary": ("Newalt-area-52 has no player.",),
    "task": ("discord_sync",),
    "text": ("alt of Mito",),
    "title": ("Not found",),
    "total": (120,),
    "undone": (["Newalt-area-52 is linked to no one."],),
    "undone_by": ("officer alice",),
    "until": ("2026-12-31",),
    "updated_by": ("officer alice",),
    "upload_id": (5,),
    "uploaded_by": ("Wren",),
    "username": ("mito_plays",),
    "verb": ("Link to Mito",),
    "waits": ("The note names two people.",),
    "what": ("fixed",),
    "why_not": ("Grimaldo is Mito on Discord already.",),
}
"""The values of a field name; of several the one that is of the field's type counts."""

_A_NAME = "Mito"
_OF_FORMAT = {"date-time": "2026-03-14T18:30:00Z", "date": "2026-03-14"}
_A_COUNT = 3
_TYPES: Mapping[str, type] = {"string": str, "integer": int, "array": list, "object": dict}
_HAS_PARTS = ("enum", "const", "properties", "$ref")
"""Such a field needs no example: its description says what it can be."""


def explain(document: dict[str, Any]) -> None:
    """Complete an OpenAPI document: fields get their examples, and whatever an answer can hold is always in it."""
    schemas = document["components"]["schemas"]
    taken = _taken(document)
    for name, schema in schemas.items():
        fields = schema.get("properties", {})
        if fields and name not in taken:
            schema["required"] = list(fields)
        for each, field in fields.items():
            if "const" in field and field.pop("default", None) is not None:  # it tells the members of a union apart
                schema["required"] = list(dict.fromkeys([*schema.get("required", ()), each]))
            if name not in taken:
                field.pop("default", None)
                field.pop("readOnly", None)
            example = _example(each, field)
            if "examples" not in field and example is not None:
                field["examples"] = [example]


def _taken(document: dict[str, Any]) -> set[str]:
    """The names of the schemas of which request bodies are made."""
    found: set[str] = set()
    waiting = [operation.get("requestBody") for path in document["paths"].values() for operation in path.values()]
    while waiting:
        match waiting.pop():
            case {"$ref": str(reference)}:
                name = reference.rpartition("/")[2]
                if name not in found:
                    found.add(name)
                    waiting.append(document["components"]["schemas"][name])
            case dict() as parts:
                waiting.extend(parts.values())
            case list() as parts:
                waiting.extend(parts)
    return found


def _example(name: str, field: dict[str, Any]) -> Any:
    """The example of a field that has no parts with examples of their own; None where none is known."""
    kinds = [kind for kind in (field, *field.get("anyOf", ())) if kind.get("type") in _TYPES]
    if any(part in kind or part in kind.get("items", ()) for kind in kinds for part in _HAS_PARTS):
        return None
    return next((value for kind in kinds if (value := _fitting(name, kind)) is not None), None)


def _fitting(name: str, kind: dict[str, Any]) -> Any:
    usual: Any
    known = (value for value in EXAMPLES.get(name, ()) if type(value) is _TYPES[kind["type"]])
    usual = _A_COUNT if kind["type"] == "integer" else _OF_FORMAT.get(kind.get("format", ""))
    if kind.get("items", {}).get("type") in _TYPES:
        part = _fitting(name, kind["items"])
        usual = None if part is None else [part]
    by_name = _A_NAME if name.endswith("name") and kind["type"] == "string" else None
    return next(known, None) or usual or by_name
