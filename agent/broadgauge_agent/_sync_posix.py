"""Making a renamed file's name as durable as its content."""

import errno
import os
from pathlib import Path

CANNOT_BE_ASKED = (errno.EINVAL, errno.ENOTSUP)
"""Some network file systems sync no directories."""


def sync_directory(directory: Path) -> None:
    """When this returns, what was renamed in it stays so after a power cut. OSError if the disk
    fails."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in CANNOT_BE_ASKED:
            raise
    finally:
        os.close(opened)
