"""Uploads as officers see them, once for the API and the command line: what became of each, and another try."""

from __future__ import annotations

from patt.api.models import ListedUpload
from patt.bootstrap import Services
from patt.queue import Task
from sv_common.guild_sync.store import guilds, uploads
from sv_common.guild_sync.store.uploads import Upload


async def listed(services: Services, guild_id: int | None) -> list[ListedUpload]:
    """Return a guild's uploads: those that wait or were given up, then the newest. Raises `NotFound` and `Refused`."""
    async with services.pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
        return [_answer(each) for each in await uploads.recent(conn, guild.id)]


async def retry(services: Services, upload_id: int, guild_id: int | None) -> ListedUpload:
    """Let an upload that was given up wait again. Raises `NotFound`, and `Refused` for one that was not given up."""
    async with services.pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
        upload = await uploads.retry(conn, upload_id, guild.id)
    if services.queue is not None:
        await services.queue.ask_for(Task.UPLOADS, guild.id)
    return _answer(upload)


def _answer(upload: Upload) -> ListedUpload:
    fields = {name: getattr(upload, name) for name in ListedUpload.model_fields if name != "upload_id"}
    return ListedUpload(upload_id=upload.id, **fields)
