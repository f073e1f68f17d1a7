"""What lets a primary's clients in, until an instant and no longer: nftables, or a file that a relay reads.

Whatever lets them in keeps the time itself: a guard that is hung, killed, or on a machine that was paused changes
nothing any more, and the path closes all the same. It is told an instant, never "for so long": that would be too long
by however long the guard was held between working it out and saying it.

nftables goes by two clocks, and both must let a packet through. The element of the set has a timeout, which the kernel
counts in jiffies: they run on when the guard is stopped (SIGSTOP), and stand still while the machine is suspended. The
rule behind it compares `meta time`, the wall clock, with an instant: when the machine wakes, the kernel sets that clock
on by the time slept before any process runs. The one is for a clock that is set back, the other for a sleep.

Source: Linux 6.18 net/netfilter/nft_set_hash.c (get_jiffies_64), nft_meta.c (ktime_get_real_ns),
kernel/time/timekeeping.c (timekeeping_resume); nft(8), "timeout" and "meta time". The set is emptied and filled in one
transaction: before Linux 6.12, adding an element that is there left its timeout as it was.
"""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from seawall.lease import NEVER, boottime

NFT_WITHIN = 3.0
"""Seconds for the kernel to take a change; it took 3 ms (measured)."""
LEAST = 0.001
"""Seconds: nft takes no timeout of nothing."""


class WayBroken(Exception):
    """The way in cannot be set as it should be; `why` says it in a few words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Way(Protocol):
    """What lets clients in."""

    def close(self) -> None:
        """Lay it down anew, letting nobody in. Raises: WayBroken."""

    def admit(self, until: float) -> None:
        """Let clients in until this instant of CLOCK_BOOTTIME, whatever was said before. Raises: WayBroken."""


class FileWay:
    """A file with one number, the instant until which whoever reads it lets clients in: the lab's relay."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def close(self) -> None:
        """See `Way`."""
        self.admit(NEVER)

    def admit(self, until: float) -> None:
        """See `Way`."""
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(f"{until!r}\n")
            fresh.replace(self._path)
        except OSError as error:
            raise WayBroken(f"{self._path} cannot be written: {error.strerror}") from error


class NftWay:
    """A table of nftables of its own, before the database's port.

    Args:
        port: where the database listens.
        exempt: addresses that come through at all times: the standby's, and where Seawall runs. They are trusted not
            to write for users.
        run: hand nft a script. Raises: WayBroken.
    """

    def __init__(self, port: int, exempt: Sequence[str], run: Callable[[str], None] | None = None) -> None:
        self._port, self._exempt = port, tuple(exempt)
        self._run = run or _nft

    def close(self) -> None:
        """See `Way`."""
        self._run(base(self._port, self._exempt))

    def admit(self, until: float) -> None:
        """See `Way`."""
        # The wall clock first: a pause between the two looks makes the instant earlier, never later.
        wall = time.time()
        left = until - boottime()
        self._run(admitting(self._port, left, wall + left))


def table(port: int) -> str:
    """Return what the table before a port is called."""
    return f"seawall_lease_{port}"


def base(port: int, exempt: Sequence[str]) -> str:
    """Return the table, closed. Also for /etc/nftables.conf: `nft -f` of that file may flush every other rule.

    Dropping what the database answers as well keeps what it does with a request that came in before the end from
    looking done to whoever sent it. A reset may leave, so that clients learn at once.
    """
    four = ", ".join(one for one in exempt if ":" not in one)
    six = ", ".join(one for one in exempt if ":" in one)
    name = table(port)
    return f"""\
table inet {name} {{}}
delete table inet {name}
table inet {name} {{
    set admitted {{ type inet_service; flags timeout; }}
    set exempt4 {{ type ipv4_addr; flags interval; {f"elements = {{ {four} }}" if four else ""} }}
    set exempt6 {{ type ipv6_addr; flags interval; {f"elements = {{ {six} }}" if six else ""} }}
    chain until {{
        drop
    }}
    chain input {{
        type filter hook input priority -10; policy accept;
        tcp dport {port} ip saddr @exempt4 accept
        tcp dport {port} ip6 saddr @exempt6 accept
        tcp dport {port} tcp dport != @admitted reject with tcp reset
        tcp dport {port} jump until
    }}
    chain output {{
        type filter hook output priority -10; policy accept;
        tcp sport {port} ip daddr @exempt4 accept
        tcp sport {port} ip6 daddr @exempt6 accept
        tcp sport {port} tcp flags & rst == rst accept
        tcp sport {port} tcp sport != @admitted drop
        tcp sport {port} jump until
    }}
}}
"""


def admitting(port: int, left: float, wall: float) -> str:
    """Return the change that lets clients in for `left` seconds, and at most until `wall` by the wall clock."""
    name = table(port)
    closed = (
        f"flush set inet {name} admitted\nflush chain inet {name} until\nadd rule inet {name} until drop\n"
    )
    if left < LEAST:
        return closed
    milliseconds = math.floor(left * 1000)
    element = f"{{ {port} timeout {milliseconds}ms }}"
    return (
        f"flush chain inet {name} until\n"
        # Whole seconds, rounded down: nft(8) takes no finer ones.
        f"add rule inet {name} until meta time >= {math.floor(wall)} drop\n"
        f"flush set inet {name} admitted\n"
        f"add element inet {name} admitted {element}\n"
    )


def _nft(script: str) -> None:
    path = os.environ.get("PATH", "")
    try:
        done = subprocess.run(
            ["nft", "-f", "-"],
            input=script,
            text=True,
            capture_output=True,
            timeout=NFT_WITHIN,
            check=False,
            # The number in `meta time` is read in the local time zone otherwise.
            env={"PATH": f"{path}:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WayBroken(f"nft cannot be run: {type(error).__name__}") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise WayBroken(f"nft refused: {said[0] if said else f'it ended with {done.returncode}'}")
