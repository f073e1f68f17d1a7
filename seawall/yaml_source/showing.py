"""Which lines of a file may be shown again: every line but one that may hold a secret itself instead of a reference."""

from __future__ import annotations

import re

_LITERAL_SECRET = re.compile(
    r"""["']?[\w-]*(?:passw|pasw|secret|token|api[_-]?key|access_key|private)[\w-]*["']?\s*:\s*"""
    r"""(?!["']?(?:env|file|keyring|vault):)\S""",
    re.IGNORECASE,
)


def showable(line: str) -> str | None:
    """Return `line`, or None when something in it looks like a secret written out.

    >>> showable("password: env:LOGIN"), showable("{user: a, password: hunter2}")
    ('password: env:LOGIN', None)
    """
    return None if _LITERAL_SECRET.search(line) else line
