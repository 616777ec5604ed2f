"""What a Speedtest Mini server is asked: speedtest-cli's `--mini` and clients like it."""

from .answers import Answer, Asked, Route, noise, words

MARK = 'upload_extension: "php"'
"""By this, on a server's first page, clients know that there is such a server."""

SIZES = (350, 500, 750, 1000, 1500, 2000, 2500, 3000, 3500, 4000)


def latency(_asked: Asked) -> Answer:
    """What clients time."""
    return words("test=test\n")


def upload(asked: Asked) -> Answer:
    """How much was taken."""
    return words(f"size={asked.body_bytes}")


def _image(size: int) -> Route:
    """Two bytes a pixel are within a few percent of the real ones. It is no image."""
    return Route(answer=lambda _: noise(2 * size * size, "image/jpeg"))


ROUTES = {
    "/speedtest/latency.txt": Route(answer=latency),
    "/speedtest/upload.php": Route(answer=upload, takes_upload=True),
    **{f"/speedtest/random{size}x{size}.jpg": _image(size) for size in SIZES},
}
