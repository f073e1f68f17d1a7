"""Tell systemd how `serve` stands; nothing is told when systemd did not start it.

Source: sd_notify(3), sd_watchdog_enabled(3), Debian 12's systemd 252.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class Systemd:
    """The service manager's socket, if there is one."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._address = environment.get("NOTIFY_SOCKET", "")
        ours = environment.get("WATCHDOG_PID") in (None, str(os.getpid()))
        usec = environment.get("WATCHDOG_USEC", "") if ours else ""
        self.watchdog = timedelta(microseconds=int(usec)) / 3 if usec.isdecimal() and int(usec) else None
        """How often it wants a sign of life; three times as often as it needs one."""

    def tell(self, **what: str) -> None:
        """Say something, e.g. `READY="1", STATUS="..."`. It is not told whether it was heard."""
        if not self._address:
            return
        # A first @ stands for the abstract namespace, where names begin with a zero byte.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        lines = "\n".join(f"{name}={value}" for name, value in what.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.settimeout(1)
            one.sendto(lines.encode(), address)


def outside_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without what systemd says to us alone: programs of ours must not answer for us."""
    private = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
    return {name: value for name, value in environment.items() if name not in private}
