"""How much is tried: at every commit enough of each kind, with `--all` everything.

A test marked `nightly` takes long, and a cheaper one of the same kind runs at every commit. It runs with `--all`, or when
it is named: `pytest tests/jobs/test_crashes.py::test_a_life_full_of_kills_ends_like_one_without`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.internal.conjecture import providers

OPTION = "--all"
MARKER = "nightly"

_COMMIT, _NIGHT = "commit", "night"
_tries_everything = False


def add_option(parser: pytest.Parser) -> None:
    """Let pytest know the option."""
    parser.addoption(
        OPTION, action="store_true", help="try everything: long proofs, and laws on more and on new guilds"
    )


def configure(config: pytest.Config) -> None:
    """Set up Hypothesis, before any test is imported: laws ask when they are decorated.

    In continuous integration every commit tries the same examples, so that no change fails by another's bad luck; at
    night they are new ones. No failure is explained at length: that takes minutes where an example fills a database.
    """
    global _tries_everything  # noqa: PLW0603 -- one process runs the tests of one command line
    _tries_everything = bool(config.getoption(OPTION))
    quick = tuple(phase for phase in Phase if phase is not Phase.explain)
    usual = settings.get_profile(settings.get_current_profile_name())
    settings.register_profile(_COMMIT, usual, phases=quick, derandomize=_is_unattended(), max_examples=examples(100))
    settings.register_profile(
        _NIGHT, usual, phases=quick, derandomize=False, max_examples=examples(100), print_blob=True
    )
    settings.load_profile(_NIGHT if _tries_everything else _COMMIT)
    if not _tries_everything:
        # Hypothesis also tries constants of the modules that happen to be imported: other tests, and each line of code
        # that changes, would change the examples of every law.
        vars(providers)["is_local_module_file"] = _is_none_of_ours


def everything() -> bool:
    """Whether everything is tried, rather than enough of each kind."""
    return _tries_everything


def examples(at_night: int) -> int:
    """How many made-up examples to try of a law that is tried on so many when everything is tried: a quarter, or that many."""
    return at_night if _tries_everything else max(min(at_night, 10), at_night // 4)


def leave_out_what_is_for_the_night(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests for the night, but for those that the command line names."""
    if everything():
        return
    named = [_Name.of(argument, config) for argument in config.args if "::" in argument]
    kept, left_out = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        is_kept = item.get_closest_marker(MARKER) is None or any(name.is_of(item) for name in named)
        (kept if is_kept else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@dataclass(frozen=True)
class _Name:
    """A test, or a family of tests, as the command line names it: `file::test` or `file::test[parameters]`."""

    file: Path
    test: str

    @classmethod
    def of(cls, argument: str, config: pytest.Config) -> _Name:
        file, _, test = argument.partition("::")
        return cls((config.invocation_params.dir / file).resolve(), test)

    def is_of(self, item: pytest.Item) -> bool:
        test = item.nodeid.partition("::")[2]
        return item.path == self.file and (test == self.test or test.startswith(f"{self.test}["))


def _is_none_of_ours(path: str) -> bool:
    return False


def _is_unattended() -> bool:
    return bool(os.environ.get("CI"))
