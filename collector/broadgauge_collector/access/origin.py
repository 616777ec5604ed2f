"""Whether a browser's request comes from our own pages (cross-site request forgery)."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def same_origin(headers: Headers) -> bool:
    """By Fetch Metadata where the browser sends it, else by Origin against Host.

    A foreign page can set neither. A request with none of them is refused, because every browser
    sends at least Origin with what changes something. https://www.w3.org/TR/fetch-metadata/
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin, host = headers.get("origin"), headers.get("host")
    return origin is not None and host is not None and urlsplit(origin).netloc == host
