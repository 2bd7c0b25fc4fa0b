"""Giving a person their data: everything that is stored about them, as JSON or to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.erasing.person import PersonRow, read
from sv_common.guild_sync.roster import guilds

SQL = load_sql(__package__, "export.sql")

_HEADINGS: Mapping[str, str] = {
    "player": mark("Player"),
    "characters": mark("Characters"),
    "discord_member": mark("Discord member"),
    "links": mark("Links"),
    "profiles": mark("Profiles"),
    "account_evidence": mark("Account evidence"),
    "account_objections": mark("Objections to account evidence"),
    "aliases": mark("Aliases"),
    "former_names": mark("Former names"),
    "hiatus": mark("Hiatus"),
    "ruled_out": mark("Ruled out"),
    "issues": mark("Issues"),
    "events_of_issues": mark("What happened to the issues"),
    "done": mark("What was done"),
}


@dataclass(frozen=True, slots=True)
class PersonData:
    """Everything that is stored about a person in one guild. Officers who decided something are not named."""

    person: Annotated[str, Field(examples=["Mito"])]
    guild: Annotated[str, Field(examples=["Lantern Watch"])]
    exported_at: datetime
    sections: Annotated[
        Mapping[str, Sequence[Mapping[str, Any]]],
        Field(description="Rows by what they are.", examples=[{"aliases": [{"id": 4, "alias": "mit"}]}]),
    ]

    @property
    def as_text(self) -> str:
        """The same to be read: a heading for each section, a line for each value that is there."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield tr("What PATT stores about {person} in {guild}", person=self.person, guild=self.guild)
        for name, rows in self.sections.items():
            yield ""
            yield f"{tr(_HEADINGS[name])} ({len(rows)})"
            for row in rows:
                values = "; ".join(f"{key}: {value}" for key, value in row.items() if value not in (None, "", [], {}))
                yield f"  - {values}"


async def export_person(guild: GuildConnection, known_by: PersonRow) -> PersonData:
    """Return everything about a person. Raises `NotFound`."""
    person = await read(guild, known_by)
    sections: dict[str, list[Mapping[str, Any]]] = {}
    for section, row in await guild.rows(SQL["rows"], **person.ids):
        sections.setdefault(section, []).append(row)
    done = [
        {
            "at": at.isoformat(),
            "outcome": outcome,
            "reason": reason,
            "steps": steps,
        }
        for at, outcome, reason, steps in await guild.rows(SQL["done"], **person.ids)
    ]
    if done:
        sections["done"] = [*done]
    return PersonData(person.name, (await guilds.get(guild)).name, datetime.now(UTC), sections)
