"""A join token on its way to a machine: the secret, and whom to say it to."""

import re

from msgspec import Struct

TOKEN = re.compile(r"(?P<secret>bgj_[A-Za-z0-9_-]+)(?:\.(?P<fingerprint>[0-9a-f]{64}))?")


class JoinToken(Struct, frozen=True):
    """The secret goes to the collector alone. The fingerprint, if its certificate is its own, stays
    with the agent: only the server that shows this certificate is told the secret."""

    secret: str
    fingerprint: str | None = None

    def __str__(self) -> str:
        return f"{self.secret}.{self.fingerprint}" if self.fingerprint else self.secret


def parse_join_token(text: str) -> JoinToken:
    """A token as it was printed. ValueError if it isn't whole."""
    found = TOKEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            "This isn't a join token, which begins with bgj_. Copy it whole, without spaces or "
            "line breaks."
        )
    return JoinToken(found["secret"], found["fingerprint"])
