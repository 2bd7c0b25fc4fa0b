"""How every secret of this product is made and kept: 32 random bytes, of which the database gets the SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_secret() -> str:
    """Return a new secret, fit for addresses and headers."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """Return what is kept of a secret. Nobody can guess one, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def proof_of(secret: str, purpose: str) -> str:
    """Return a word that only who has the secret can make, of no use for another purpose or to find the secret."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
