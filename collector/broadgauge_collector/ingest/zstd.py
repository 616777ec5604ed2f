"""Zstandard (RFC 8878) as the standard library has it, or as it was brought to older Pythons."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

__all__ = ["ZstdError", "decompressor"]

LARGEST_WINDOW = 23
"""As a power of two: 8 MiB, which RFC 9659 gives senders of this content encoding. A frame may ask
for 2 GiB."""


def decompressor() -> ZstdDecompressor:
    """For one frame. It needs no more memory than the largest window, whatever the frame asks."""
    return ZstdDecompressor(options={DecompressionParameter.window_log_max: LARGEST_WINDOW})
