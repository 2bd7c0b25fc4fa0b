"""Every error this product raises on purpose.

    PattError
    ├── BadInput               what was handed in cannot be used; nothing was changed
    ├── NotFound               the named thing does not exist (or belongs to another guild)
    ├── Refused                the request is understood and may not be done now; the sentence says why
    │   ├── SuspiciousSource   a source's answer looks like a failed fetch (empty, halved); nothing was changed
    │   ├── PlanStale          the data moved between the plan and its application
    │   └── Busy               another run for the same guild, or another demo, is under way
    ├── SourceError            a source could not be read or written
    │   ├── SourceUnavailable  5xx, rate limit: worth trying again later
    │   │   └── SourceSilent   no answer came to what was sent: it may have been done, or may be yet
    │   ├── SourceDenied       401 or 403: a credential or a permission is wrong
    │   └── SourceMalformed    the answer is not what the source documents
    └── ConfigurationError     a setting is missing or contradicts another

The message of each is a sentence for an officer: what is wrong and what to do. It never holds a secret.
The web, the command line and the pipelines translate these at their edge, each in one place.
"""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.guild_sync.core.language import tr


class PattError(Exception):
    """Base of all expected errors; its text may be shown to a person as it is."""


class BadInput(PattError):
    """Input that cannot be used. `problems` has one sentence for each fault, naming the entry and the field."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class NotFound(PattError):
    """The named thing does not exist, or is not visible to the user."""


class Refused(PattError):
    """Understood, and not done; nothing was changed."""


class SuspiciousSource(Refused):
    """A source answered something that is far more likely a failed fetch than the truth."""


class PlanStale(Refused):
    """The rows that a plan was made from have changed since."""


class Busy(Refused):
    """The same job is running already."""


class SourceError(PattError):
    """An outside source could not be used."""


class SourceUnavailable(SourceError):
    """A time-out, a server error or a rate limit: try again later."""


class SourceSilent(SourceUnavailable):
    """The request may have been done, or may be done yet, and no answer has come."""


class SourceDenied(SourceError):
    """A credential was rejected or a permission is missing."""


class SourceMalformed(SourceError):
    """The answer does not have the documented shape."""


class ConfigurationError(PattError):
    """A setting is missing or wrong."""


def reason_of(error: Exception) -> str:
    """Return why something failed, for an officer; of an unexpected error only its kind."""
    return (
        str(error) if isinstance(error, PattError) else tr("An unexpected error ({kind}).", kind=type(error).__name__)
    )
