"""What clients for responsiveness under load ask (draft-ietf-ippm-responsiveness)."""

import msgspec

from .answers import Answer, Asked, Route, noise

LARGE_BYTES = 8 * 10**9
"""More than a test takes; clients stop when they have seen enough."""

LARGE, SMALL, UPLOAD = "/nq/large", "/nq/small", "/nq/upload"


def description(asked: Asked) -> Answer:
    """Where everything is, by the name that the client used for this server."""
    base = f"{'https' if asked.is_tls else 'http'}://{asked.host}"
    told = {
        "version": 1,
        "urls": {
            "large_download_url": base + LARGE,
            "small_download_url": base + SMALL,
            "upload_url": base + UPLOAD,
        },
    }
    return Answer(content_type="application/json", body=msgspec.json.encode(told))


ROUTES = {
    "/.well-known/nq": Route(answer=description),
    LARGE: Route(answer=lambda _: noise(LARGE_BYTES)),
    SMALL: Route(answer=lambda _: Answer(content_type="application/octet-stream", body=b"1")),
    UPLOAD: Route(answer=lambda _: Answer(), takes_upload=True),
}
