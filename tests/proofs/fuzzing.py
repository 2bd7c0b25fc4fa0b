"""Requests that nobody would think of: made from the API's own description, sent with every kind of credential."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from laws.law import tried_on
from proofs.api_examples import BODY, Document
from sv_common.guild_sync.rules import RULES

CHECKED = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""What every answer is held against: the API's own description of it."""

EXPECTED_FAULTS = {("GET /ready", 503)}
"""No other operation may answer with a fault of the server: no worker runs here."""

EVENTS = "text/event-stream"
"""Described as text; the schema check would take each event for an answer of its own."""

LONGEST_ANSWER_S = 30
"""Of what never ends, such as events, a few are read."""

FEW_NUMBERS = range(1, 13)
"""Numbers of rows in a fresh database, so that many requests are about something that is there."""


@dataclass(frozen=True)
class Credential:
    """One way to show who asks. A good one opens something."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    is_good: bool = False


@dataclass
class Fuzzing:
    """Sends requests to an API and holds the answers against its description. `answers` counts what was answered."""

    document: dict[str, Any]
    base_url: str
    credentials: Sequence[Credential]
    words: Sequence[str]
    bodies: dict[str, list[Any]] = field(init=False)
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Gather the examples of all bodies."""
        described = Document(self.document)
        self.bodies = {place.name: described.examples_of(place) for place in described.places() if "body" in place.name}

    def try_all(self, methods: frozenset[str], requests_each: int) -> list[str]:
        """Try every operation with one of these methods; return what is wrong, a text for each operation."""
        found = []
        for operation in self._operations(methods):
            try:
                self._try(operation, requests_each)
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 -- one run shows all that is wrong
                found.append(f"{operation.label}: {error}")
        return found

    def _operations(self, methods: frozenset[str]) -> list[Any]:
        config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
        schema = schemathesis.openapi.from_dict(self.document, config=config)
        operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
        return [operation for operation in operations if operation.method.upper() in methods]

    def _try(self, operation: Any, requests_each: int) -> None:
        modes = st.sampled_from([schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
        load_all_checks()
        checks = CHECKS.get_by_names(CHECKED)
        of_events = CHECKS.get_by_names([name for name in CHECKED if name != "response_schema_conformance"])
        tries, is_upload = settings(tried_on(requests_each)), "addon-upload" in operation.label
        with requests.Session() as connection:

            @settings(tries, max_examples=tries.max_examples * (4 if is_upload else 1), phases=[Phase.generate])
            @given(data=st.data())
            def every_answer_is_as_described(data: st.DataObject) -> None:
                case = data.draw(operation.as_strategy(generation_mode=data.draw(modes)))
                self._lead_to_what_is_there(data, case)
                credential = data.draw(st.sampled_from(self._who_may_ask(operation.label)))
                answer = case.call(
                    base_url=self.base_url,
                    session=connection,
                    headers=dict(credential.headers),
                    cookies=dict(credential.cookies),
                    timeout=LONGEST_ANSWER_S,
                )
                self.answers[credential.name, operation.label, answer.status_code] += 1
                is_of_events = answer.headers.get("content-type", [""])[0].startswith(EVENTS)
                case.validate_response(answer, checks=of_events if is_of_events else checks)
                assert answer.status_code < 500 or (operation.label, answer.status_code) in EXPECTED_FAULTS, answer.text

            every_answer_is_as_described()

    def _who_may_ask(self, label: str) -> Sequence[Credential]:
        """All callers; where only a key may ask, one with a key and nothing else as often as all others together."""
        key_alone = [each for each in self.credentials if each.is_good and each.headers.keys() == {"X-API-Key"}]
        return [*self.credentials, *key_alone * len(self.credentials)] if "addon-upload" in label else self.credentials

    def _lead_to_what_is_there(self, data: st.DataObject, case: Any) -> None:
        """Put numbers and names that exist into most requests: made-up ones end with 404 before anything is tried."""
        for name, value in (case.path_parameters or {}).items():
            if name == "issue_type":
                case.path_parameters[name] = data.draw(st.sampled_from([value, *RULES]))
            elif data.draw(st.integers(0, 3)):
                case.path_parameters[name] = data.draw(st.sampled_from(FEW_NUMBERS))
        if "guild" in (case.query or {}) and data.draw(st.integers(0, 3)):
            case.query["guild"] = 1
        examples = self.bodies.get(BODY.format(case.operation.label, case.media_type))
        if examples and data.draw(st.booleans()):
            case.body = deepcopy(data.draw(st.sampled_from(examples)))
        if isinstance(case.body, dict):
            for name, value in case.body.items():
                if isinstance(value, str) and name not in ("decision", "plan_key") and data.draw(st.booleans()):
                    case.body[name] = data.draw(st.sampled_from(self.words))
