"""The shared password of a private instance: known as a hash only, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from capgap_geo.errors import ScenarioError

#: Where the hash stands. Unset: whoever reaches the address can use the app.
VARIABLE = "CAPGAP_PASSWORD_HASH"
#: Shorter passwords are not made; longer ones are not read.
SHORTEST, LONGEST = 12, 256
#: scrypt with n = 2^15, r = 8, p = 3, as the OWASP Password Storage Cheat Sheet has it: 32 MB for a guess.
_KIND = "scrypt-15-8-3"
_SALT, _KEY = 16, 32


@dataclass(frozen=True, slots=True)
class Password:
    """The hash of a password.

    Attributes
    ----------
    salt, key
        The key is what scrypt makes of the password and the salt; both are secret.
    """

    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the hash of a new password.

        Raises
        ------
        ScenarioError
            Code ``setting``: it is too short or too long.
        """
        if not SHORTEST <= len(text) <= LONGEST:
            raise ScenarioError(
                f"password: found {len(text)} characters, use {SHORTEST} to {LONGEST}; several words do",
                code="setting",
            )
        salt = secrets.token_bytes(_SALT)
        return cls(salt, _derived(text, salt))

    @classmethod
    def read(cls, stored: str) -> Self:
        """Return the hash that `stored` wrote.

        Raises
        ------
        ScenarioError
            Code ``setting``: the text is no such hash. The text is not repeated: it may be a password.
        """
        kind, _, rest = stored.strip().partition(":")
        try:
            salt, key = (base64.b64decode(part, altchars=b"-_", validate=True) for part in rest.split(":"))
        except (ValueError, binascii.Error):
            salt = key = b""
        if (kind, len(salt), len(key)) != (_KIND, _SALT, _KEY):
            raise ScenarioError(
                f"{VARIABLE}: found something else than a hash; make one with `capgap password`",
                code="setting",
            )
        return cls(salt, key)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self | None:
        """Return the hash in `VARIABLE`, or None where none is set."""
        stored = (os.environ if environment is None else environment).get(VARIABLE)
        return None if stored is None else cls.read(stored)

    def stored(self) -> str:
        """Return the hash as text without a character that a shell or an .env file would change."""
        return ":".join([_KIND, *(base64.urlsafe_b64encode(part).decode() for part in (self.salt, self.key))])

    def matches(self, text: str) -> bool:
        """Return whether the text is the password."""
        return len(text) <= LONGEST and hmac.compare_digest(_derived(text, self.salt), self.key)


def _derived(text: str, salt: bytes) -> bytes:
    """Return the key of a password; an ñ is the same however a keyboard composes it."""
    same = unicodedata.normalize("NFKC", text).encode()
    return hashlib.scrypt(same, salt=salt, n=1 << 15, r=8, p=3, maxmem=1 << 26, dklen=_KEY)
