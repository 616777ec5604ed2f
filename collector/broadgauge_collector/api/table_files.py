"""Files to take away, as all that is about devices gives them."""

from typing import Literal

import pyarrow as pa
from starlette.responses import Response

from ..exports import devices as files
from ..services import Services

TableFormat = Literal["json", "csv", "xlsx", "parquet"]
MEDIA_TYPES = tuple(files.MEDIA_TYPES.values())


async def table_file(
    services: Services, table: pa.Table, name: str, format_: files.Format
) -> Response:
    """The table as a file that is called broadgauge-NAME."""
    return download(await services.run(files.as_file, table, format_), name, format_)


def download(body: bytes, name: str, format_: files.Format) -> Response:
    """A file that is called broadgauge-NAME."""
    headers = {"Content-Disposition": f'attachment; filename="broadgauge-{name}.{format_}"'}
    return Response(body, headers=headers, media_type=files.MEDIA_TYPES[format_])
