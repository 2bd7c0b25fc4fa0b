"""`docs/api.md`, written from the API's description of itself."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from patt.handbook.examples import Examples, Schema, examples_beside

SERVER = "https://patt.example.org"
_JSON = "application/json"
_PROBES = "is it alive"
_WIDTH = 70
_EVERYWHERE = frozenset({"guild", "seen"})
"""Parameters that the beginning of the page explains for all requests."""

_HEAD = """# The API

Whatever the pages do, a program can do too. This page is written from the API's description of itself by
`python -m patt.handbook`; a test fails when the two differ. A running PATT gives the same description at `/openapi.json`, for
programs that read OpenAPI.

## The first request

1. Create a token: **Settings › Tokens**, or `patt admin token NAME`. It is shown once. [Operating](operating.md#tokens-of-the-api)
   says what each scope may do.
2. Send it with each request, in the header `Authorization`:

```
export PATT_TOKEN=…
curl https://patt.example.org/api/v1/admin/inbox -H "Authorization: Bearer $PATT_TOKEN"
```

## What holds for all requests

- **Which guild.** A token for one guild needs to say nothing more. With several guilds, add `?guild=NUMBER`; `patt guild list` has
  the numbers.
- **Preview, then change.** A preview gives a `plan_key`. Send it back with the change: if the plan has changed since, nothing
  is done, and the answer is 409.
- **Seen.** Issues and undo previews carry `seen`. Give it back (`?seen=…`), and the change is refused with 409 if somebody
  else was faster.
- **Pages.** Long lists come 50 or 100 at a time: `?page=2`.
- **Limits.** Too many requests get 429 with the header `Retry-After`. [Operating](operating.md#how-often) has the numbers.
- **Times** are UTC in ISO 8601, unless a field says otherwise.
- **No entry.** A field without a value may be `null`.

An error is a JSON object (`application/problem+json`, RFC 9457). `detail` is a sentence that you can show to people; `problems` has
one sentence for each wrong field:

```json
{problem}
```

| status | means |
|---|---|
| 401, 403 | the token is missing or wrong, or it may not do this |
| 404 | what you name does not exist in this guild |
| 409 | refused: the data has changed, or a rule forbids it; nothing was changed |
| 422 | the input is wrong; `problems` says where |
| 429, 503 | too much at once, or the database is away: try again after `Retry-After` seconds |
| 502 | Battle.net or Discord did not answer as it should |

The addon's exports are sent with an upload key instead of a token: `X-API-Key`. See [Uploads](#uploads).
"""


def api_page(description: Schema) -> str:
    """Return the page. Raises `NoExampleError` where the description has no example."""
    page = _Page(description)
    return "\n".join([_HEAD.replace("{problem}", page.problem()), *page.sections()])


class _Page:
    def __init__(self, description: Schema) -> None:
        self._description = description
        self._examples = Examples(description)

    def problem(self) -> str:
        """Return the example of an error."""
        for _, _, operation in self._operations():
            if refusal := operation["responses"].get("404"):
                (media,) = refusal["content"].values()
                return _pretty(self._examples.of(media["schema"])[0])
        return ""

    def sections(self) -> Iterator[str]:
        """Give the lines of every section: one for each subject, with its requests."""
        subjects = dict[str, list[tuple[str, str, Schema]]]()
        for each in self._operations():
            subjects.setdefault(each[2].get("tags", [_PROBES])[0], []).append(each)
        for subject, operations in subjects.items():
            yield f"## {subject.capitalize()}\n"
            yield "| request | what it does |\n|---|---|"
            yield from (f"| `{method} {path}` | {operation['summary']} |" for method, path, operation in operations)
            yield ""
            for method, path, operation in operations:
                yield from self._request(method, path, operation)

    def _operations(self) -> Iterator[tuple[str, str, Schema]]:
        for path, operations in self._description["paths"].items():
            for method, operation in operations.items():
                yield method.upper(), path, operation

    def _request(self, method: str, path: str, operation: Schema) -> Iterator[str]:
        yield f"### {operation['summary']}\n"
        yield f"`{method} {path}`\n"
        if text := operation.get("description"):
            yield f"{text}\n"
        parameters = [each for each in operation.get("parameters", ()) if each["name"] not in _EVERYWHERE]
        if parameters:
            yield "| parameter | in | means |\n|---|---|---|"
            yield from map(_parameter, parameters)
            yield ""
        content = operation.get("requestBody", {}).get("content", {})
        yield f"```\n{self._curl(method, path, operation, parameters, content)}\n```\n"
        yield from self._other_bodies(content)
        yield from self._answer(operation)

    def _curl(self, method: str, path: str, operation: Schema, parameters: list[Schema], content: Schema) -> str:
        """Return a request as it is typed into a shell, with what it cannot do without."""
        needed = {each["name"]: each for each in parameters if each.get("required")}
        values = {name: str(self._value(each)) for name, each in needed.items()}
        asked = {name: value for name, value in values.items() if needed[name]["in"] == "query"}
        address = SERVER + path.format_map({name: quote(value) for name, value in values.items()})
        lines = [
            " ".join(["curl", *(["-X", method] if method != "GET" else [])]),
            shlex.quote(address + (f"?{urlencode(asked)}" if asked else "")),
            *_signed(operation),
        ]
        if _JSON in content:
            body = _fitting(self._value(content[_JSON]))
            lines += [f"-H {shlex.quote(f'Content-Type: {_JSON}')}", f"-d {shlex.quote(body)}"]
        return " \\\n  ".join([f"{lines[0]} {lines[1]}", *lines[2:]])

    def _value(self, described: Schema) -> Any:
        return (examples_beside(described) or self._examples.of(described["schema"]))[0]

    def _other_bodies(self, content: Schema) -> Iterator[str]:
        """Show what else the body may be, where it can be one of several things."""
        schema = content.get(_JSON, {}).get("schema", {})
        kinds: Mapping[str, str] = schema.get("discriminator", {}).get("mapping", {})
        if kinds:
            bodies = "\n".join(_line(self._examples.of({"$ref": each})[0]) for each in kinds.values())
            yield from _folded("All kinds of bodies", bodies)

    def _answer(self, operation: Schema) -> Iterator[str]:
        status, response = next((each, told) for each, told in operation["responses"].items() if each.startswith("2"))
        for kind, media in response.get("content", {}).items():
            example = self._value(media)
            text = example if isinstance(example, str) else _pretty(example)
            yield from _folded(
                f"Answer ({status}, <code>{kind}</code>)",
                text.strip().replace("\r\n", "\n"),
                "json" if kind == _JSON else "",
            )


def _parameter(described: Schema) -> str:
    schema = described["schema"]
    allowed = next((each["enum"] for each in (schema, *schema.get("anyOf", ())) if "enum" in each), ())
    listed = ", ".join(f"`{each}`" for each in allowed)
    text = described.get("description", "") + (f" One of {listed}." if listed else "")
    needed = "" if described.get("required") else ", optional"
    return f"| `{described['name']}` | {described['in']}{needed} | {text.replace('|', '&#124;').strip()} |"


def _signed(operation: Schema) -> list[str]:
    """Return the arguments with which curl shows that it may do this."""
    ways = {name for each in operation.get("security", ()) for name in each}
    if "APIKeyHeader" in ways:
        return ['-H "X-API-Key: $PATT_UPLOAD_KEY"']
    return ['-H "Authorization: Bearer $PATT_TOKEN"'] if ways else []


def _folded(title: str, text: str, language: str = "") -> Iterator[str]:
    yield f"<details><summary>{title}</summary>\n"
    yield f"```{language}\n{text}\n```\n"
    yield "</details>\n"


def _pretty(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)


def _line(example: Any) -> str:
    return json.dumps(example, ensure_ascii=False)


def _fitting(example: Any) -> str:
    """Return an example on one line where that fits beside the rest, else on several."""
    line = _line(example)
    return line if len(line) <= _WIDTH else _pretty(example)
