"""How secrets are made and stored: 32 random bytes, of which the database gets the SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_secret() -> str:
    """Return a new secret, fit for addresses and headers."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """Return what is stored of a secret. No one can guess a secret, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def proof_of(secret: str, purpose: str) -> str:
    """Return a proof that only the owner of the secret can make, of no use for another purpose or to find the secret."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
