"""Where Prefect's API is said to be, and whether anything answers there.

Asked without importing Prefect, and answered in under a second.
"""

from __future__ import annotations

import os
import socket
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

ANSWERS_WITHIN = 0.5
"""Seconds for a connection to be accepted; on this side of the Atlantic a handshake takes less than 0.2."""


def api_url() -> str | None:
    """Return where Prefect's API is: PREFECT_API_URL, else what the active profile of `prefect config` says."""
    return os.environ.get("PREFECT_API_URL") or _of_profile()


def answers(url: str) -> bool:
    """Tell whether a connection to `url` is accepted. Whether it is Prefect, and well, shows when a flow is begun."""
    address = urlsplit(url)
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
        with socket.create_connection((address.hostname or "", port), ANSWERS_WITHIN):
            return True
    except (OSError, ValueError):
        return False


def _of_profile() -> str | None:
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
        url = profiles["profiles"][os.environ.get("PREFECT_PROFILE") or profiles["active"]]["PREFECT_API_URL"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) else None
