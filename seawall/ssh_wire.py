"""SSH's wire format: numbers and strings one after another, read strictly.

Source: RFC 4251, section 5 (data types), 4253 and 5656 (keys).
"""

from __future__ import annotations

import base64
import binascii
import re

from seawall.errors import SeawallError

TOUCHED = 0x01
"""The flag of a security key that says a person touched it. OpenSSH PROTOCOL.u2f."""
SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"


class NotASignature(SeawallError):
    """What was given is no signature, or none by this key over these bytes."""


class Wire:
    """SSH's way of writing numbers and strings, read from the front. RFC 4251, section 5.

    Each raises NotASignature when there is not enough left, or it is not written the one way.
    """

    def __init__(self, content: bytes) -> None:
        self._left = content

    def take(self, count: int) -> bytes:
        """Read so many bytes."""
        if count > len(self._left):
            raise wrong("it is cut short")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def number(self) -> int:
        """Read a number of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Read a string: its length, and itself."""
        return self.take(self.number())

    def positive(self) -> int:
        """Read a number of any length that is greater than nothing."""
        raw = self.string()
        if not raw or raw[0] & 0x80 or (raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80)):
            raise wrong("a number in it is not written as SSH writes positive numbers")
        return int.from_bytes(raw, "big")

    def is_over(self, what: str) -> None:
        """Check that nothing follows."""
        if self._left:
            raise wrong(f"{len(self._left)} bytes follow after {what}")


def wire_string(part: bytes) -> bytes:
    """Write a string as SSH does."""
    return len(part).to_bytes(4, "big") + part


_PRINTABLE = re.compile(r"[\x21-\x7e]*")


def word(raw: bytes, what: str) -> str:
    """Read a plain word; `what` says which. Raises: NotASignature."""
    text = raw.decode("ascii", "replace")
    if not _PRINTABLE.fullmatch(text):
        raise wrong(f"its {what} is no plain word")
    return text


def from_base64(text: str) -> bytes:
    """Read base64 that is written the one way it can be. Raises: NotASignature."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong("it is no base64") from error
    if base64.b64encode(blob).decode() != text:
        raise wrong("its base64 is not written the one way it can be")
    return blob


def wrong(problem: str) -> NotASignature:
    """Make the error for what cannot be read as a key or a signature."""
    return NotASignature(
        problem, where="the signature", remedy="Sign again with `seawall approve`, or `ssh-keygen -Y sign`"
    )
