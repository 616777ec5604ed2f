"""Secrets: made once, told once, and kept as a hash only (but for access keys, which sign).

A plain SHA-256 is enough: each secret has 256 random bits, so nobody can guess one from its hash,
and a slow hash would only slow every request down. A secret is looked up by its hash: what an
attacker could learn from the time that takes is about the hash, not about the secret.
"""

import hashlib
import secrets

AGENT_KEY = "bga_"
USER_TOKEN = "bgu_"  # noqa: S105 - how such a token begins
JOIN_TOKEN = "bgj_"  # noqa: S105
LOGIN_LINK = "bgl_"
SESSION = "bgs_"
ACCESS_KEY = "bgr_"

SECRET_BYTES = 32


def new_secret(prefix: str) -> str:
    """A fresh secret: the prefix says what it opens, then 43 URL-safe random characters."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret. Any text has one, so a wrong secret is simply not found."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
