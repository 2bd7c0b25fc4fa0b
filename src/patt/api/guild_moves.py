"""The API of a guild's address: what a new name would lead to, and keeping it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from patt.api.documented import documented
from patt.api.models import Answer
from patt.api.officers import officer_router
from patt.deps import AdministratorDep, Caller, GuildDep, OfficerDep, ServicesDep
from patt.guild_moves import GuildMove, NewName, move, preview_move

router = officer_router("settings", "settings")

_KEY = "0f3c9a5be1d24c77" * 4


class NewNameRequest(BaseModel):
    """The guild's new name."""

    model_config = documented(region="us", realm="Area 52", name="Lantern Watch")

    region: str = Field(max_length=10, description="us, eu, kr or tw.")
    realm: str = Field(max_length=100, description="The realm, in any language.")
    name: str = Field(max_length=100, description="The name as the game shows it.")


class MoveRequest(NewNameRequest):
    """The guild's new name, as it was previewed."""

    model_config = documented(region="us", realm="Area 52", name="Lantern Watch", key=_KEY)

    key: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="The preview's key: refused where something else would come of it.",
    )


class MoveAnswer(Answer):
    """What a new name leads to."""

    sentence: str
    problem: str | None = Field(description="Why it cannot be kept; null where it can.", examples=[None])
    key: str = Field(description="Send it back to keep just this.", examples=[_KEY])
    region: str = Field(examples=["us"])
    realm_slug: str = Field(examples=["area-52"])
    name_slug: str = Field(examples=["lantern-watch"])
    name: str
    members: int = Field(description="How many characters the roster there has.")
    known: int = Field(description="How many are known here.")
    same: int = Field(description="How many of those are the same.")
    namesakes: int = Field(description="Of how many others the name alone is there.")


@router.post("/guild/move/preview", summary="What a new name of the guild would lead to")
async def preview(
    services: ServicesDep,
    officer: OfficerDep,  # noqa: ARG001 -- says whom it is for
    guild: GuildDep,
    body: NewNameRequest,
) -> MoveAnswer:
    """The roster there is fetched and compared with the characters that are known; nothing is changed."""
    return answer_of(await preview_move(services, _wanted(body), guild_id=guild))


@router.post("/guild/move", summary="Keep the guild's new name")
async def keep(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: MoveRequest
) -> MoveAnswer:
    """Characters, players and settings stay. The old address is kept as the guild's past, and the roster is asked for."""
    return await kept(services, administrator, _wanted(body), guild_id=guild, key=body.key)


async def kept(
    services: ServicesDep, administrator: Caller, wanted: NewName, *, guild_id: int | None, key: str | None
) -> MoveAnswer:
    """Keep a new name and say so; once for the API and the pages. Raises like `guild_moves.move`."""
    moved = await move(services, wanted, guild_id=guild_id, actor=administrator.actor, key=key)
    sentence = f"{moved.guild.name} is {moved.name}, {moved.realm} ({moved.address.region}) from now on. Its roster is asked for."
    return answer_of(moved).model_copy(update={"sentence": sentence})


def answer_of(found: GuildMove) -> MoveAnswer:
    """Return a preview as the API gives it."""
    return MoveAnswer(
        sentence=found.sentence,
        problem=found.problem,
        key=found.key,
        region=found.address.region,
        realm_slug=found.address.realm_slug,
        name_slug=found.address.name_slug,
        name=found.name,
        members=found.members,
        known=found.known,
        same=found.same,
        namesakes=found.namesakes,
    )


def _wanted(body: NewNameRequest) -> NewName:
    return NewName(body.region, body.realm, body.name)
