"""The inventory as a file to take away."""

from io import BytesIO
from typing import Literal

import pyarrow as pa
import xlsxwriter
from msgspec import to_builtins

from ..fleet.model import Device
from ..fleet.questions import Asked, every_device
from ..store import Stores
from . import formats

Format = Literal["csv", "xlsx", "parquet"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES: dict[Format, str] = {
    "csv": formats.MEDIA_TYPES["csv"],
    "xlsx": XLSX,
    "parquet": formats.MEDIA_TYPES["parquet"],
}
WIDTH = 18


def export(stores: Stores, asked: Asked, format_: Format) -> bytes:
    """All devices that are asked for, as a file."""
    with stores.control.connect() as c:
        rows = [to_builtins(device, str_keys=True) for device in every_device(c, asked)]
    names = Device.__struct_fields__
    table = pa.table({name: [row[name] for row in rows] for name in names})
    return as_file(table, format_)


def as_file(table: pa.Table, format_: Format) -> bytes:
    """Any table as a file."""
    return as_xlsx(table) if format_ == "xlsx" else formats.write(table, format_)


def as_xlsx(table: pa.Table) -> bytes:
    """A workbook of one sheet, its heading fixed. Text stays text, whatever it begins with."""
    target = BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }  # fmt: skip
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet("broadgauge")
        sheet.write_row(0, 0, table.column_names, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(table.num_rows, 1), table.num_columns - 1)
        sheet.set_column(0, table.num_columns - 1, WIDTH)
        for place, column in enumerate(table.columns):
            sheet.write_column(1, place, column.to_pylist())
    return target.getvalue()
