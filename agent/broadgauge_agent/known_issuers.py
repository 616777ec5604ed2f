"""Who issued each test server's certificate when it was last trusted, kept in the spool's facts.

The organization's name alone: it says nothing of people, and a change of it names a filter.
"""

import contextlib
import logging
from collections.abc import Iterable, Mapping
from uuid import UUID

from broadgauge_wire import Reflector, Result, ThroughputResult

from .errors import SpoolError
from .spool import Spool

log = logging.getLogger(__name__)


def issuer_fact(reflector_id: UUID) -> str:
    """The fact's key."""
    return f"issuer:{reflector_id}"


def known_issuer(spool: Spool, reflector: Reflector | None) -> str | None:
    """Who issued the certificate that a test server is known by, if it ever was trusted."""
    known = None
    if reflector is not None:
        with contextlib.suppress(SpoolError):
            known = spool.fact(issuer_fact(reflector.id))
    return known if isinstance(known, str) else None


def issuer_among(facts: Mapping[str, object], reflector: Reflector) -> str | None:
    """The same, for those who read a running agent's spool beside it."""
    known = facts.get(issuer_fact(reflector.id))
    return known if isinstance(known, str) else None


def learn_issuers(spool: Spool, reflector: Reflector | None, results: Iterable[Result]) -> None:
    """Keep who issued the certificate of a test that succeeded, unless a filter made it."""
    if reflector is None:
        return
    for issuer in filter(None, map(_trusted_issuer, results)):
        if issuer != known_issuer(spool, reflector):
            _keep(spool, reflector, issuer)


def _trusted_issuer(result: Result) -> str | None:
    if not isinstance(result, ThroughputResult) or result.error:
        return None
    return None if "tls_inspection" in result.middleboxes else result.certificate_issuer


def _keep(spool: Spool, reflector: Reflector, issuer: str) -> None:
    try:
        spool.note(issuer_fact(reflector.id), issuer)
    except SpoolError as error:
        log.debug("%s", error)
