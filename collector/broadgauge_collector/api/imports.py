"""Files of other systems: brought, looked at before they count, applied, taken back."""

import errno
from tempfile import TemporaryFile, gettempdir
from typing import Annotated, Any, BinaryIO, Literal, cast
from uuid import UUID

from fastapi import Path, Query
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire.fields import Text, about

from ..access.permissions import Permission
from ..errors import Conflict, Invalid, NotFound, StorageFull, TooLarge
from ..fleet.places import SchoolAlias, list_aliases
from ..fleet.school_counts import SchoolCounts, school_counts
from ..fleet.unplaced import Unplaced, forget_which_school, say_which_school, unplaced
from ..imports import runs
from ..imports.chunks import first_records
from ..imports.listing import (
    FormatRow,
    find_format,
    format_in_force,
    listed_formats,
    mappings,
    set_mapping,
)
from ..imports.model import Refused
from ..imports.refused_files import refused_csv
from ..imports.runs import Import
from ..imports.sheets import MAX_FILE_BYTES
from ..imports.worker import Imports
from .routing import Route, ThePrincipal, TheServices, answer, body_of

MAX_SHOWN = 10_000
ThisImport = Annotated[UUID, Path(description="The import's id")]
ThisFormat = Annotated[str, Path(description="Format, as in `GET /api/v1/import-formats`")]


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which columns of people's own files hold what."""

    headings: Annotated[
        dict[Text, Text], about("By field, the heading of its column; empty: the usual ones")
    ]


async def get_formats() -> Response:
    """What can be imported, and how to get such a file."""
    return answer(listed_formats())


async def post_import(
    request: Request,
    services: TheServices,
    principal: ThePrincipal,
    format_key: ThisFormat,
    apply: Annotated[
        bool, Query(description="Apply it once it is read, unless too much vanishes in it")
    ] = False,
) -> Response:
    """Bring a file: the body is the file itself. It is read as the answer goes out; columns that
    the format doesn't ask for are gone when that is done."""
    find_format(format_key)
    format_ = await services.look_up(format_in_force, format_key)
    file = cast("BinaryIO", TemporaryFile())  # noqa: SIM115 - the worker closes it
    try:
        async for piece in request.stream():
            await services.run(_write, file, piece)
        await services.run(file.seek, 0)
        begun = await _imports(request).bring(format_, file, principal.name, apply_it=apply)
    except BaseException:
        file.close()
        raise
    return answer(begun, status=202)


def _write(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull(
            f"There is no room for this file in {gettempdir()}. Make some, or set TMPDIR to a "
            "folder that has it, and bring the file again."
        ) from error


async def get_imports(services: TheServices) -> Response:
    """What was imported, newest first."""
    return answer(await services.look_up(runs.listed))


async def get_import(services: TheServices, import_id: ThisImport) -> Response:
    """One import, and how far it is."""
    return answer(await services.look_up(runs.get, import_id))


async def get_preview(
    services: TheServices,
    import_id: ThisImport,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most rows")] = 50,
) -> Response:
    """The first rows that are new or changed, with all that would be kept of them."""
    await services.look_up(runs.get, import_id)
    return answer(await services.look_up(first_records, import_id, limit))


async def get_refused_rows(
    services: TheServices,
    import_id: ThisImport,
    format: Annotated[  # noqa: A002 - the parameter's public name
        Literal["json", "csv"], Query(description="JSON, or a file to mend and import again")
    ] = "json",
    limit: Annotated[int, Query(ge=1, description="Most rows, for JSON")] = MAX_SHOWN,
) -> Response:
    """Rows that were refused, each with its line and why. Only columns that are asked for are in
    them."""
    found = await services.look_up(runs.get, import_id)
    if format == "json":
        return answer(await services.look_up(runs.refused_rows, import_id, limit))
    rows = await services.look_up(runs.refused_rows, import_id, found.refused)
    body = await services.run(refused_csv, find_format(found.format), rows)
    headers = {"Content-Disposition": f'attachment; filename="refused-{found.format}.csv"'}
    return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


async def post_apply(
    request: Request,
    import_id: ThisImport,
    confirm: Annotated[bool, Query(description="Even though much vanishes in it")] = False,
) -> Response:
    """Apply an import that is ready."""
    return answer(await _imports(request).apply(import_id, confirm=confirm), status=202)


async def post_undo(request: Request, import_id: ThisImport) -> Response:
    """Take back all that an import did."""
    return answer(await _imports(request).undo(import_id), status=202)


async def delete_import(services: TheServices, import_id: ThisImport) -> Response:
    """Forget an import that waits, or failed."""
    await services.write_notes(runs.discard, import_id)
    return Response(status_code=204)


async def get_mappings(services: TheServices) -> Response:
    """Columns of people's own files, by format and field."""
    return answer(await services.look_up(mappings))


async def put_mapping(
    services: TheServices,
    format_key: ThisFormat,
    wish: Annotated[Mapping, body_of(Mapping)],
) -> Response:
    """Say which columns of a format's files hold what, from now on."""
    headings = await services.write(set_mapping, format_key, dict(wish.headings))
    return answer(Mapping(headings=headings))


async def get_aliases(services: TheServices) -> Response:
    """What other systems call the schools."""
    return answer(await services.look_up(list_aliases))


async def put_alias(
    services: TheServices, wish: Annotated[SchoolAlias, body_of(SchoolAlias)]
) -> Response:
    """Say which school another system means. Devices that were nowhere are there at once."""
    return answer(await services.write(say_which_school, wish))


async def delete_alias(
    services: TheServices, name: Annotated[str, Query(description="The other system's words")]
) -> Response:
    """Forget what another system calls a school."""
    await services.write(forget_which_school, name)
    return Response(status_code=204)


async def get_counts(services: TheServices) -> Response:
    """How many people other systems say the schools have, beside what was entered here."""
    return answer(await services.look_up(school_counts, services.now().date()))


async def get_unplaced(services: TheServices) -> Response:
    """Places that other systems name and no school is known by, with how many devices are there."""
    return answer(await services.look_up(unplaced))


def _imports(request: Request) -> Imports:
    imports: Imports = request.app.state.imports
    return imports


READ, MANAGE = Permission.READ, Permission.MANAGE


def _read(path: str, endpoint: Any, type_: Any, **also: Any) -> Route:
    return Route(method="GET", path=path, endpoint=endpoint, permission=READ, answer=type_, **also)


ROUTES = (
    _read("/import-formats", get_formats, tuple[FormatRow, ...]),
    _read("/imports", get_imports, tuple[Import, ...]),
    _read("/import-runs/{import_id}", get_import, Import, refusals=(NotFound,)),
    _read(
        "/import-runs/{import_id}/preview", get_preview, list[dict[str, Any]], refusals=(NotFound,)
    ),
    _read(
        "/import-runs/{import_id}/refused",
        get_refused_rows,
        list[Refused],
        files=("text/csv",),
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/imports/{format_key}",
        endpoint=post_import,
        permission=MANAGE,
        answer=Import,
        status=202,
        refusals=(NotFound, TooLarge),
        max_body_bytes=MAX_FILE_BYTES,
        body_to_disk=True,
    ),
    Route(
        method="POST",
        path="/import-runs/{import_id}/apply",
        endpoint=post_apply,
        permission=MANAGE,
        answer=Import,
        status=202,
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="POST",
        path="/import-runs/{import_id}/undo",
        endpoint=post_undo,
        permission=MANAGE,
        answer=Import,
        status=202,
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="DELETE",
        path="/import-runs/{import_id}",
        endpoint=delete_import,
        permission=MANAGE,
        status=204,
        refusals=(NotFound, Conflict),
    ),
    _read("/import-mappings", get_mappings, dict[str, dict[str, str]]),
    Route(
        method="PUT",
        path="/import-mappings/{format_key}",
        endpoint=put_mapping,
        permission=MANAGE,
        body=Mapping,
        answer=Mapping,
        refusals=(NotFound, Invalid),
    ),
    _read("/school-aliases", get_aliases, tuple[SchoolAlias, ...]),
    Route(
        method="PUT",
        path="/school-aliases",
        endpoint=put_alias,
        permission=MANAGE,
        body=SchoolAlias,
        answer=SchoolAlias,
        refusals=(NotFound,),
    ),
    Route(
        method="DELETE",
        path="/school-aliases",
        endpoint=delete_alias,
        permission=MANAGE,
        status=204,
    ),
    _read("/unplaced", get_unplaced, tuple[Unplaced, ...]),
    _read("/school-counts", get_counts, tuple[SchoolCounts, ...]),
)
