"""What went wrong between this agent and its collector, where TLS or its absence is the reason."""

import ssl
from collections.abc import Iterator

from broadgauge_host.addresses import endpoint
from broadgauge_host.certificates import WrongCertificateError

from .errors import CertificateError, UnreachableError
from .text import printable
from .trust import described, described_at, shown_certificate

OUTSIDE_ITS_DATES = (9, 10)
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

ANSWERED_WITHOUT_TLS = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
)
"""OpenSSL's reasons, by version, for bytes that are no TLS. A connection that breaks isn't one."""

SELF_SIGNED = 18
"""OpenSSL's X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT."""

FILTER = (
    "Else something in between opens TLS: ask whoever runs the network's filter to leave this "
    "address alone"
)


def tls_fault(error: Exception, url: str) -> UnreachableError | None:
    """The error it is, in words; None if TLS has nothing to do with it. May ask the other side
    for its certificate once more, to name who issued it."""
    for cause in _causes(error):
        if isinstance(cause, WrongCertificateError):
            return _another_certificate(url, described(cause.shown))
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(url, cause)
        if isinstance(cause, ssl.SSLError) and cause.reason in ANSWERED_WITHOUT_TLS:
            return _no_tls(url, cause.reason)
        if isinstance(cause, ssl.SSLEOFError):
            return UnreachableError(
                f"{url} took the connection and closed it without a word of TLS. "
                "Check the port, and that the server behind it runs"
            )
    return None


def hidden_tls(url: str) -> UnreachableError | None:
    """The error it is to speak plain http to a server that speaks TLS; None if it doesn't."""
    try:
        shown_certificate(*endpoint(url))
    except UnreachableError:
        return None
    right = "https" + url.removeprefix("http")
    return UnreachableError(
        f"{url} speaks TLS, not plain http. Its address begins with https: {right}"
    )


def _another_certificate(url: str, shown: str) -> CertificateError:
    return CertificateError(
        f"{url} shows another certificate than the one this agent joined with ({shown}). "
        "Nothing is sent to it. If the server was set up anew, join again: "
        f"broadgauge-agent join URL --token TOKEN --force. {FILTER}",
        shown,
    )


def _untrusted(url: str, cause: ssl.SSLCertVerificationError) -> CertificateError:
    shown = described_at(*endpoint(url)) or "not shown again"
    why = printable(str(getattr(cause, "verify_message", "") or cause))
    if getattr(cause, "verify_code", 0) in OUTSIDE_ITS_DATES:
        advice = "Check this machine's clock, then ask whoever runs the server for a renewed one"
    elif getattr(cause, "verify_code", 0) == SELF_SIGNED:
        advice = (
            "If the server made it itself, join with its token whole: the part after the dot is "
            f"the certificate's fingerprint. {FILTER}"
        )
    else:
        advice = (
            "If the district's own authority issued it, add that to this system or give it with "
            f"--ca when joining. {FILTER}"
        )
    return CertificateError(
        f"{url} shows a certificate that is not trusted here ({shown}: {why}). "
        f"Nothing is sent to it. {advice}",
        shown,
    )


def _no_tls(url: str, reason: str) -> UnreachableError:
    return UnreachableError(
        f"{url} does not speak TLS ({reason.lower().replace('_', ' ')}). If the server runs with "
        "--insecure, its address begins with http://; else check the port"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is beneath it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
