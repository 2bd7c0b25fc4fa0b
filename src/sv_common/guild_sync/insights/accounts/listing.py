"""Which characters belong to one Battle.net account, as officers see it; and how far reading them has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.accounts import evidence, switch
from sv_common.guild_sync.accounts.earned import Earned
from sv_common.guild_sync.accounts.kinds import WHY, Kind
from sv_common.guild_sync.accounts.sketch import Sketch
from sv_common.guild_sync.accounts.switch import Mode
from sv_common.guild_sync.core.language import number, tr, tr_n

SQL = load_sql(__package__, "listing.sql")


@dataclass(frozen=True, slots=True)
class AccountCharacter:
    """A character of an account, and its player if it has one."""

    id: int
    name: Annotated[str, Field(examples=["Mito"])]
    realm_slug: Annotated[str, Field(examples=["area-52"])]
    player_id: int | None
    player: Annotated[str | None, Field(examples=["Mito"])]

    @property
    def address(self) -> str:
        """As programs compare it: the name, and the slug of the realm."""
        return f"{self.name}-{self.realm_slug}"


@dataclass(frozen=True, slots=True)
class Account:
    """Characters of one Battle.net account: two or more."""

    characters: Sequence[AccountCharacter]
    known_by: Annotated[Kind, Field(description="What they have in common: pets, or achievements.")]

    @computed_field(description="The same in words.", examples=["They own the same battle pets."])
    @property
    def why(self) -> str:
        """Why they are of one account."""
        return tr(WHY[self.known_by])


@dataclass(frozen=True, slots=True)
class AccountsNow:
    """What account evidence says, and for how many characters it says something."""

    mode: Annotated[Mode, Field(description="off, suggest, or automatic.")]
    gives_rights: Annotated[
        bool,
        Field(
            description="Whether links by the same account as a confirmed link count like confirmed ones, for Discord roles "
            "and for access. While the mode is off they give nothing."
        ),
    ]
    accounts: Annotated[Sequence[Account], Field(description="The largest first.")]
    counting: Annotated[
        str,
        Field(
            description="Where links count by their account: which do now. Blank elsewhere.",
            examples=["1 link counts by that now, by the character in brackets: Velquin (Mito)."],
        ),
    ]
    characters: Annotated[int, Field(description="In the guild now.")]
    read: Annotated[int, Field(description="Characters whose battle pets are known.")]
    read_achievements: Annotated[
        int, Field(description="Characters whose achievements are known, because Battle.net does not show their pets.")
    ]
    poor: Annotated[int, Field(description="Of both, those with so little that it tells nothing.")]
    refused: Annotated[int, Field(description="Characters whose game data Battle.net does not show.")]
    objecting: Annotated[int, Field(description="Characters that are not compared, because a member objects.")]

    @computed_field
    @property
    def sentence(self) -> str:
        """The same in words."""
        if self.mode == "off":
            off = tr("Account evidence is off. Nothing is read or kept.")
            return f"{off} {tr('Links by the same account give no rights meanwhile.')}" if self.gives_rights else off
        found = tr_n(
            "{n} account has several characters here.", "{n} accounts have several characters here.", len(self.accounts)
        )
        read = tr_n(
            "Battle pets of {read} of {n} character are known.",
            "Battle pets of {read} of {n} characters are known.",
            self.characters,
            read=number(self.read),
        )
        said = [found, read]
        if self.read_achievements:
            said.append(
                tr_n(
                    "Achievements of {n} character are known instead, because Battle.net does not show its pets.",
                    "Achievements of {n} characters are known instead, because Battle.net does not show their pets.",
                    self.read_achievements,
                )
            )
        if self.gives_rights:
            said += [tr("Links by the same account count like confirmed ones."), self.counting]
        return " ".join(said)


async def accounts(guild: GuildConnection) -> AccountsNow:
    """Return the accounts of a guild, in four statements, or five where links count by their account."""
    mode, gives_rights = await switch.setting_of(guild)
    members: dict[tuple[int, Kind], list[AccountCharacter]] = defaultdict(list)
    for account, kind, *row in await guild.rows(SQL["members"]):
        members[account, kind].append(AccountCharacter(*row))
    found = [Account(each, kind) for (_, kind), each in members.items() if len(each) > 1]
    known = (await evidence.read_all(guild)).values()
    kept = [each.reading.kept for each in known if each.reading is not None]
    characters, objecting = await guild.row(SQL["counts"]) or (0, 0)
    return AccountsNow(
        mode,
        gives_rights,
        sorted(found, key=lambda each: -len(each.characters)),
        counting=await switch.counted_in_words(guild) if gives_rights and mode != "off" else "",
        characters=characters,
        read=sum(isinstance(each, Sketch) for each in kept),
        read_achievements=sum(isinstance(each, Earned) for each in kept),
        poor=sum(each.is_poor for each in kept),
        refused=sum(each.outcome == "refused" for each in known),
        objecting=objecting,
    )
