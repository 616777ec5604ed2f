"""Every fault as RFC 9457 problem details, and never a stack trace."""

import secrets
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from broadgauge_wire import Problem, WireError, encode

from ..errors import CollectorError, TooSlow

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger()


def problem(
    status: int, title: str, detail: str = "", headers: dict[str, str] | None = None
) -> Response:
    """A response that says what is wrong and what to do about it."""
    body = encode(Problem(title=title, status=status, detail=detail))
    return Response(body, status, headers=headers, media_type=MEDIA_TYPE)


def from_collector_error(error: CollectorError) -> Response:
    """The problem an expected error is, with Retry-After where a retry helps."""
    wait = error.retry_after_seconds
    headers = {"Retry-After": str(int(wait))} if wait is not None else {}
    if isinstance(error, TooSlow):
        headers["Connection"] = "close"
    return problem(error.status, error.title, str(error), headers)


def unexpected(error: Exception, path: str) -> Response:
    """A fault of ours: the details go to the log under an id, and the id to the caller."""
    reference = secrets.token_hex(4)
    log.error("request_failed", path=path, reference=reference, exc_info=error)
    detail = f"This is a fault of the server. Its log has the details under {reference}."
    return problem(500, "Internal server error", detail)


def install(app: FastAPI) -> None:
    """Make FastAPI and Starlette answer with problems too."""
    # None of them waits for anything, but what isn't async is run in a thread.
    app.add_exception_handler(CollectorError, _collector_error)
    app.add_exception_handler(WireError, _wire_error)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(HTTPException, _http_error)


async def _collector_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CollectorError)  # noqa: S101 - registered for this type alone
    return from_collector_error(error)


async def _wire_error(_request: Request, error: Exception) -> Response:
    return problem(422, "Invalid request body", str(error))


async def _invalid_parameters(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type alone
    faults = (f"{'.'.join(map(str, f['loc'][1:]))}: {f['msg']}" for f in error.errors())
    return problem(422, "Invalid parameter", "; ".join(faults))


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone
    headers = dict(error.headers) if error.headers else None
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else ""
    return problem(error.status_code, phrase, detail, headers)
