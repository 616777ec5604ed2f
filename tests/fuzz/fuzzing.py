"""What the fuzz targets share: seeds from the stored samples, and how a run is started.

Each target is a module with `seeds()` and `one(data)`; `one` raises for what must never happen.
By hand, with whatever options libFuzzer has:

    python -m tests.fuzz.fuzz_batches CORPUS -max_total_time=60

The corpus is a directory: what the fuzzer finds worth keeping stays there for the next run.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import atheris

SAMPLES = Path(__file__).parent.parent / "contract" / "samples"
INVALID_CONFIGURATIONS = Path(__file__).parent.parent / "unit" / "agent" / "invalid_configs"

MAX_BYTES = 32 * 1024
DEEP = b"[" * 20_000
"""Nested deeper than any decoder should follow."""


def samples(pattern: str) -> Iterator[bytes]:
    """Stored payloads by the pattern of their paths, without blanks."""
    for path in sorted(SAMPLES.glob(pattern)):
        yield compact(json.loads(path.read_bytes()))


def compact(value: object) -> bytes:
    """JSON as the wire has it: bytes spent on blanks are not spent on what is read."""
    return json.dumps(value, separators=(",", ":")).encode()


def work_directory() -> Path:
    """An empty directory beside the corpus, for a target that needs files."""
    directory = Path(f"{sys.argv[1]}.work")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def fuzz(
    one: Callable[[bytes], None],
    seeds: Iterable[bytes],
    mutate: Callable[[bytes, int, int], bytes] | None = None,
) -> None:
    """Give `one` bytes until a limit named in the arguments, or until it raises. Ends the process.

    The first argument is the corpus' directory; seeds are added to what is there. `mutate` makes an
    input of another, with so many bytes at most and a seed for what is random.
    """
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    arguments = [*sys.argv, f"-max_len={MAX_BYTES}", "-len_control=0"]
    if mutate is None:
        atheris.Setup(arguments, one)
    else:
        atheris.Setup(arguments, one, custom_mutator=mutate)
    atheris.Fuzz()
