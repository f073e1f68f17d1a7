"""OpenSSH's patterns: `*` is any letters, `?` is one, `!` before a pattern rules out what it fits.

Source: ssh_config(5), PATTERNS.
"""

from __future__ import annotations

from collections.abc import Sequence

SIGNS = "*?!"
"""A word with one of these is a pattern, and names no host in full."""


def matches(patterns: Sequence[str], text: str) -> bool:
    """Tell whether a list of patterns fits; one with `!` that fits rules the whole list out.

    >>> matches(["web*", "!web9"], "web1"), matches(["web*", "!web9"], "web9")
    (True, False)
    """
    fits = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if fits_one(pattern[1:].lower(), text.lower()):
                return False
        elif not fits:
            fits = fits_one(pattern.lower(), text.lower())
    return fits


def fits_one(pattern: str, text: str) -> bool:
    """Tell whether one pattern without `!` fits, in time that grows with the length of both and no faster."""
    at, here = 0, 0
    star, after = -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, after = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in {"?", text[here]}:
            at, here = at + 1, here + 1
        elif star >= 0:
            after += 1
            at, here = star + 1, after
        else:
            return False
    return not pattern[at:].strip("*")
