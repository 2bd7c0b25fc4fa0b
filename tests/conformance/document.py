"""Discord's OpenAPI document, and what of an exchange departs from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from conformance.recorder import Exchange

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JSON = "application/json"
LONGEST_REASON = 512
REASON = "x-audit-log-reason"


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented request: `template` is its path with names in braces."""

    template: str
    method: str
    content: Mapping[str, Any]
    parameters: Mapping[str, Any]
    path_values: Mapping[str, str]


class DiscordDocument:
    """Every check returns what is wrong, in words; nothing when all is as documented."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        self._paths = [(template, _pattern(template)) for template in sorted(document["paths"], key=_by_parameters)]

    def operation(self, method: str, path: str) -> Operation | None:
        """Find what is documented for a request; None when nothing is."""
        for template, pattern in self._paths:
            item = self._document["paths"][template]
            if (found := pattern.fullmatch(path)) and method.lower() in item:
                content = item[method.lower()]
                every = [*item.get("parameters", ()), *(content.get("parameters") or ())]
                parameters = {each["name"]: each for each in map(self._resolved, every)}
                return Operation(template, method, content, parameters, found.groupdict())
        return None

    def faults_of_request(self, exchange: Exchange) -> list[str]:
        """Compare path, query, headers and body of a request with the document."""
        operation = self.operation(exchange.method, exchange.path)
        if operation is None:
            return [f"{exchange}: no such path or method is documented"]
        found = [
            *self._faults_of_parameters(operation, exchange),
            *_faults_of_headers(exchange),
            *self._faults_of_body(operation, exchange),
        ]
        return [f"{exchange}: {fault}" for fault in found]

    def faults_of_answer(self, exchange: Exchange) -> list[str]:
        """Compare status, content type and body of an answer with the document."""
        operation = self.operation(exchange.method, exchange.path)
        if operation is None:
            return [f"{exchange}: no such path or method is documented"]
        responses = operation.content["responses"]
        key = next((key for key in (str(exchange.status), f"{exchange.status // 100}XX") if key in responses), None)
        if key is None:
            return [f"{exchange}: the status is not documented"]
        content = self._resolved(responses[key]).get("content")
        if content is None:
            return [f"{exchange}: a body where none is documented"] if exchange.answer else []
        if exchange.answer_headers.get("content-type") != JSON:
            return [f"{exchange}: the content type is not exactly {JSON}"]
        where = f"{operation.template} {exchange.method} {key}"
        return [f"{exchange}: {fault}" for fault in self._faults_of(where, content[JSON]["schema"], exchange.answer)]

    def _faults_of_parameters(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        for name, given in {**operation.path_values, **exchange.query}.items():
            parameter = operation.parameters.get(name)
            if parameter is None or parameter["in"] != ("path" if name in operation.path_values else "query"):
                yield f"the parameter {name} is not documented"
            else:
                value = json.dumps(_typed(given, self._resolved(parameter["schema"])))
                where = f"{operation.template} {operation.method} parameter {name}"
                yield from self._faults_of(where, parameter["schema"], value.encode())
        for name, parameter in operation.parameters.items():
            if parameter.get("required") and parameter["in"] == "query" and name not in exchange.query:
                yield f"the parameter {name} is missing"

    def _faults_of_body(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        documented = operation.content.get("requestBody")
        if documented is None or JSON not in documented.get("content", {}):
            if exchange.body:
                yield "a body where none is documented"
            return
        if not exchange.body:
            if documented.get("required"):
                yield "no body"
            return
        if exchange.headers.get("content-type") != JSON:
            yield f"the content type is not {JSON}"
        schema = documented["content"][JSON]["schema"]
        known = self._resolved(schema).get("properties")
        if known is not None and (unknown := json.loads(exchange.body).keys() - known.keys()):
            yield f"fields that are not documented: {', '.join(sorted(unknown))}"
        yield from self._faults_of(f"{operation.template} {operation.method} body", schema, exchange.body)

    def _faults_of(self, where: str, schema: Mapping[str, Any], body: bytes) -> Iterator[str]:
        if where not in self._validators:
            whole = {"$schema": DIALECT, "allOf": [schema], "components": self._document["components"]}
            self._validators[where] = jsonschema_rs.validator_for(whole)
        try:
            value = json.loads(body)
        except ValueError:
            yield "the body is no JSON"
            return
        for error in self._validators[where].iter_errors(value):
            yield f"{'/'.join(map(str, error.instance_path)) or 'the whole'}: {error.message}"

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in part:
            target: Any = self._document
            for key in part["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            part = target
        return part


def _faults_of_headers(exchange: Exchange) -> Iterator[str]:
    """What Discord's documentation asks of headers ("Reference", "Audit Log"); the OpenAPI document does not say it."""
    if not re.fullmatch(r"DiscordBot \(https?://\S+, \S+\)", exchange.headers.get("user-agent", "")):
        yield "the user agent is not of Discord's form"
    if not re.fullmatch(r"Bot [\x21-\x7e]+", exchange.headers.get("authorization", "")):
        yield "no bot token"
    if exchange.method == "GET" or not exchange.path.startswith("/guilds/"):
        return
    reason = exchange.headers.get(REASON, "")
    if not 1 <= len(unquote(reason)) <= len(reason) <= LONGEST_REASON:
        yield f"the audit-log reason has {len(reason)} characters"
    if not reason.isascii() or unquote(reason, errors="replace").count("�"):
        yield "the audit-log reason is not percent-encoded UTF-8"


def _typed(given: str, schema: Mapping[str, Any]) -> object:
    """Read a parameter by its documented type, as a server does; what cannot be read stays a text, and is found wrong."""
    readers: dict[str, Callable[[str], object]] = {
        "integer": int,
        "boolean": {"true": True, "false": False}.__getitem__,
    }
    reader = readers.get(str(schema.get("type")))
    try:
        return reader(given) if reader else given
    except (ValueError, KeyError):
        return given


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _by_parameters(template: str) -> tuple[int, str]:
    """Put literal paths before those with parameters, as a router does."""
    return template.count("{"), template
