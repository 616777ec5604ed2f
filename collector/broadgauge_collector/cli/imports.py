"""Files of other systems, brought into the inventory."""

import io
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import click
import msgspec

from broadgauge_host.exit_codes import ExitCode

from ..errors import CollectorError, ServerAway, TooLarge
from .client import ServerClient
from .common import (
    ListingGroup,
    counted,
    json_option,
    print_json,
    print_table,
    say,
    talks_to_server,
)

POLL_SECONDS = 0.5
LOOK_SECONDS = 10.0
SETTLED_SECONDS = 5.0
"""A file that hasn't grown for so long is whole."""

SHOWN_REFUSALS = 10
DONE, FAILED = "imported", "not-imported"


@click.command("import")
@click.argument("format_key", metavar="FORMAT")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--preview", is_flag=True, help="Only read it; apply it later, or discard it.")
@click.option("--confirm", is_flag=True, help="Apply it even though much vanishes in it.")
@click.option(
    "--watch", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Import each file that is put into this folder, until stopped.",
)  # fmt: skip
@json_option
@talks_to_server
def import_(
    client: ServerClient,
    format_key: str,
    file: Path | None,
    preview: bool,
    confirm: bool,
    watch: Path | None,
    as_json: bool,
) -> None:
    """Bring a file of another system into the inventory.

    Columns that the format doesn't ask for, such as names of persons, are never kept. The same file
    again changes nothing. `broadgauge imports formats` lists the formats.

    \b
    Example: broadgauge import google-admin devices.csv --preview
    """
    if (file is None) == (watch is None):
        raise click.UsageError("Name a file, or a folder with --watch.")
    if watch is not None:
        _watch(client, format_key, watch, confirm=confirm)
    assert file is not None  # noqa: S101 - one of the two was given
    done = bring(client, format_key, file, apply=not preview, confirm=confirm)
    if as_json:
        print_json(done)
    else:
        _print_import(client, done)
    if done.state == "failed":
        sys.exit(ExitCode.TROUBLE)


@click.group(cls=ListingGroup)
def imports() -> None:
    """Files that were brought in. Alone, lists them.

    \b
    Example: broadgauge imports
    """


@imports.command("list")
@json_option
@talks_to_server
def list_imports(client: ServerClient, as_json: bool) -> None:
    """List what was imported, newest first.

    \b
    Example: broadgauge imports list
    """
    from ..imports.runs import Import

    found = client.get("/imports", tuple[Import, ...])
    if as_json:
        print_json(found)
        return
    rows = [
        (f"{i.asked_at:%Y-%m-%d %H:%M}", i.format, i.state, i.rows, i.added, i.changed, i.vanished,
         i.refused, i.id)
        for i in found
    ]  # fmt: skip
    heads = ("CAME (UTC)", "FORMAT", "STATE", "ROWS", "NEW", "CHANGED", "VANISHED", "REFUSED", "ID")
    print_table(heads, rows)


@imports.command("formats")
@json_option
@talks_to_server
def list_formats(client: ServerClient, as_json: bool) -> None:
    """List what can be imported, and how to get such files.

    \b
    Example: broadgauge imports formats
    """
    from ..imports.listing import FormatRow

    found = client.get("/import-formats", tuple[FormatRow, ...])
    if as_json:
        print_json(found)
        return
    print_table(("FORMAT", "TITLE", "HOW TO GET IT"), [(f.key, f.title, f.example) for f in found])


@imports.command("refused")
@click.argument("import_id", metavar="ID", type=click.UUID)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@talks_to_server
def refused(client: ServerClient, import_id: UUID, output: Path | None) -> None:
    """Write the rows of an import that were refused, to be mended and imported again.

    \b
    Example: broadgauge imports refused 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11 --output mend.csv
    """
    body = client.raw(
        "GET", f"/import-runs/{import_id}/refused", parameters={"format": "csv"}
    ).content
    if output is None:
        click.echo(body.decode(), nl=False)
    else:
        output.write_bytes(body)


@imports.command("apply")
@click.argument("import_id", metavar="ID", type=click.UUID)
@click.option("--confirm", is_flag=True, help="Even though much vanishes in it.")
@json_option
@talks_to_server
def apply_import(client: ServerClient, import_id: UUID, confirm: bool, as_json: bool) -> None:
    """Apply an import that was only read.

    \b
    Example: broadgauge imports apply 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    _act(client, import_id, "apply", as_json, confirm=confirm or None)


@imports.command("undo")
@click.argument("import_id", metavar="ID", type=click.UUID)
@json_option
@talks_to_server
def undo_import(client: ServerClient, import_id: UUID, as_json: bool) -> None:
    """Take back all that an import did.

    \b
    Example: broadgauge imports undo 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    _act(client, import_id, "undo", as_json)


@imports.command("discard")
@click.argument("import_id", metavar="ID", type=click.UUID)
@talks_to_server
def discard_import(client: ServerClient, import_id: UUID) -> None:
    """Forget an import that waits, or failed.

    \b
    Example: broadgauge imports discard 0192f0c1-7b1e-7c3a-8e52-1f0a9b6d4c11
    """
    client.raw("DELETE", f"/import-runs/{import_id}")
    say("Discarded.")


@imports.command("columns")
@click.argument("format_key", metavar="FORMAT")
@click.argument("headings", metavar="[FIELD=HEADING]...", nargs=-1)
@talks_to_server
def columns(client: ServerClient, format_key: str, headings: tuple[str, ...]) -> None:
    """Say which columns of your own files hold what; remembered. Alone, goes back to the usual.

    \b
    Example: broadgauge imports columns tickets opened_on="Date In" cost_cents="Repair $"
    """
    pairs = dict(each.partition("=")[::2] for each in headings)
    if not all(pairs.values()):
        raise click.UsageError('Write each as FIELD="HEADING".')
    client.raw("PUT", f"/import-mappings/{format_key}", body={"headings": pairs})
    say(f"Remembered for {format_key}: {counted(len(pairs), 'column')}.")


@imports.command("place")
@click.argument("name")
@click.argument("school", required=False)
@talks_to_server
def place(client: ServerClient, name: str, school: str | None) -> None:
    """Say which school another system means by a name; without a school, forget it.

    \b
    Example: broadgauge imports place "/Students/LES" "Lincoln Elementary"
    """
    if school is None:
        client.raw("DELETE", "/school-aliases", parameters={"name": name})
        say("Forgotten.")
    else:
        client.raw("PUT", "/school-aliases", body={"name": name, "school": school})
        say(f"{name} is {school}.")


@imports.command("places")
@json_option
@talks_to_server
def places(client: ServerClient, as_json: bool) -> None:
    """List places that other systems name and no school is known by.

    \b
    Example: broadgauge imports places
    """
    from ..fleet.unplaced import Unplaced

    found = client.get("/unplaced", tuple[Unplaced, ...])
    if as_json:
        print_json(found)
    else:
        print_table(("DEVICES", "PLACE"), [(each.devices, each.place) for each in found])


@imports.command("people")
@json_option
@talks_to_server
def people(client: ServerClient, as_json: bool) -> None:
    """Show how many people other systems say each school has, beside what was entered here.

    \b
    Example: broadgauge imports people
    """
    from ..fleet.school_counts import SchoolCounts

    found = client.get("/school-counts", tuple[SchoolCounts, ...])
    if as_json:
        print_json(found)
        return
    rows = [
        (
            s.name,
            s.school,
            s.source,
            s.students,
            s.entered_students,
            _heads(s.staff),
            s.entered_staff,
        )
        for s in found
    ]
    heads = ("NAME", "SCHOOL HERE", "SOURCE", "STUDENTS", "ENTERED", "STAFF", "ENTERED")
    print_table(heads, rows)


def _heads(staff: float | None) -> str | None:
    """As it is counted: public lists have full-time equivalents."""
    return None if staff is None else f"{staff:g}"


def bring(client: ServerClient, format_key: str, file: Path, *, apply: bool, confirm: bool) -> Any:
    """Send a file, and wait until it is read, and applied if that is asked for."""
    from ..imports.runs import Import

    path = f"/imports/{format_key}"
    with _opened(file) as stream:
        headers = {
            "content-type": "application/octet-stream",
            "content-length": str(_checked_size(file, stream)),
        }
        sent = client.upload(path, stream, headers, apply="true" if apply else None)
    done = _waited_for(client, msgspec.json.decode(sent, type=Import).id)
    if apply and confirm and done.state == "ready":
        client.raw("POST", f"/import-runs/{done.id}/apply", parameters={"confirm": "true"})
        done = _waited_for(client, done.id)
    return done


def _checked_size(file: Path, stream: IO[bytes]) -> int:
    """Its bytes. TooLarge, before anything is sent, if they are more than the server reads."""
    from ..imports.sheets import MAX_FILE_BYTES, MIB

    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if size > MAX_FILE_BYTES:
        raise TooLarge(
            f"{file} has {size // MIB} MiB, and {MAX_FILE_BYTES // MIB} MiB at most are read. "
            "Export it in parts."
        )
    return size


def _watch(client: ServerClient, format_key: str, folder: Path, *, confirm: bool) -> None:
    if not folder.is_dir():
        raise click.BadParameter(f"{folder} is no folder. Make it, or check its name.")
    say(f"Watching {folder}. Files are moved to {DONE} or {FAILED} in it. Ctrl-C ends it.")
    while True:
        for file in sorted(f for f in folder.iterdir() if f.is_file() and _is_settled(f)):
            _import_and_move(client, format_key, file, confirm=confirm)
        time.sleep(LOOK_SECONDS)


def _is_settled(file: Path) -> bool:
    return not file.name.startswith(".") and time.time() - file.stat().st_mtime > SETTLED_SECONDS


def _import_and_move(client: ServerClient, format_key: str, file: Path, *, confirm: bool) -> None:
    say(f"{file.name}:")
    try:
        done = bring(client, format_key, file, apply=True, confirm=confirm)
    except ServerAway as error:  # it is tried again
        say(f"broadgauge: {error}")
        return
    except CollectorError as error:
        say(f"broadgauge: {error}")
        _move(file, FAILED)
        return
    _print_import(client, done)
    _move(file, DONE if done.state == "applied" else FAILED)


def _move(file: Path, to: str) -> None:
    target = file.parent / to
    target.mkdir(exist_ok=True)
    shutil.move(file, target / f"{time.strftime('%Y%m%d-%H%M%S')}-{file.name}")


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """A file; a folder as a zip of its files."""
    if not file.is_dir():
        try:
            stream = file.open("rb")
        except OSError as error:
            raise click.BadParameter(
                f"{file} can't be read ({error.strerror}). Check its name."
            ) from error
        with stream:
            yield stream
        return
    with tempfile.TemporaryFile() as packed:
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            for each in sorted(file.glob("*.csv")):
                archive.write(each, each.name)
        packed.seek(0)
        yield packed


def _act(client: ServerClient, id_: UUID, what: str, as_json: bool, **asked: Any) -> None:
    client.raw("POST", f"/import-runs/{id_}/{what}", parameters=asked)
    done = _waited_for(client, id_)
    if as_json:
        print_json(done)
    else:
        _print_import(client, done)


def _waited_for(client: ServerClient, id_: UUID) -> Any:
    from ..imports.runs import Import

    shown = ""
    while (found := client.get(f"/import-runs/{id_}", Import)).state in {
        "reading", "applying", "undoing",
    }:  # fmt: skip
        words = f"{found.state}: {counted(found.rows, 'row')}"
        words += f", {found.progress:.0%}" if found.state != "reading" else ""
        if words != shown and sys.stderr.isatty():
            click.echo(f"\r{words:<60}", err=True, nl=False)
            shown = words
        time.sleep(POLL_SECONDS)
    if shown:
        click.echo("", err=True)
    return found


def _print_import(client: ServerClient, done: Any) -> None:
    from ..imports.model import Refused

    if done.state == "failed":
        say(f"broadgauge: {done.trouble}")
        return
    say(
        f"{counted(done.rows, 'row')}: {done.added:,} new, {done.changed:,} changed, "
        f"{done.unchanged:,} as before, {done.refused:,} refused; {done.vanished:,} vanished."
    )
    if done.refused:
        asked = {"limit": SHOWN_REFUSALS}
        for row in client.get(f"/import-runs/{done.id}/refused", tuple[Refused, ...], **asked):
            say(f"Line {row.line} refused: {row.reason}")
        say(f"All of them, to mend: broadgauge imports refused {done.id} --output mend.csv")
    if done.state == "ready":
        say(done.trouble or "Nothing was changed yet.")
        say(f"To apply it: broadgauge imports apply {done.id}{' --confirm' * bool(done.trouble)}")
