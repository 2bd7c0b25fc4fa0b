"""The API of uploads for officers: what became of each, and another try for one that was given up."""

from __future__ import annotations

from patt.api import upload_commands
from patt.api.models import ListedUpload
from patt.api.officers import officer_router
from patt.deps import GuildDep, OfficerDep, ServicesDep, UploadId

router = officer_router("uploads", "uploads")


@router.get("", summary="Uploads of the addon's exports")
async def uploads(services: ServicesDep, guild: GuildDep) -> list[ListedUpload]:
    """The 50 newest; those that wait or were given up come first."""
    return await upload_commands.listed(services, guild)


@router.post("/{upload_id}/retry", summary="Try an upload again that was given up")
async def retry(services: ServicesDep, officer: OfficerDep, guild: GuildDep, upload_id: UploadId) -> ListedUpload:  # noqa: ARG001 -- who asks is declared so
    """It waits again, and a worker takes it in; what is known from a newer export stays."""
    return await upload_commands.retry(services, upload_id, guild)
