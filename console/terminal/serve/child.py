"""One program that runs under a keeper (keeper.py), as `serve` sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from console.terminal.serve import keeper


class Child:
    """A keeper and its program. What it says comes out of `output`, and how the program ended out of `report`."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: Path,
        within: timedelta,
        leaves: bool,
    ) -> None:
        """Start it. Raises: OSError when the machine has no room for one more."""
        self.output, output = os.pipe2(os.O_CLOEXEC)
        self.report, report = os.pipe2(os.O_CLOEXEC)
        for end in (self.output, self.report):
            os.set_blocking(end, False)
        try:
            self._keeper = subprocess.Popen(
                # -I: what stands in the current folder or in PYTHONPATH is none of a keeper's business.
                [
                    sys.executable,
                    "-I",
                    str(keeper.__file__),
                    str(report),
                    str(within.total_seconds()),
                    str(int(leaves)),
                    *argv,
                ],
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=[report],
                start_new_session=True,
            )
        except OSError:
            self._close(self.output, self.report)
            raise
        finally:
            self._close(output, report)

    @property
    def pid(self) -> int:
        """The keeper's; to end it ends everything that it keeps."""
        return self._keeper.pid

    def ended(self) -> bool:
        """Tell whether nothing of it is left."""
        return self._keeper.poll() is not None

    def read(self, end: int) -> bytes | None:
        """Return what has come out of `output` or `report`; None when nothing will any more."""
        try:
            return os.read(end, 65536) or None
        except BlockingIOError:
            return b""

    def kill_program(self) -> None:
        """End the program itself at once; what it left behind goes on, if it is one that leaves something."""
        with contextlib.suppress(OSError):
            if self._keeper.stdin is not None:
                self._keeper.stdin.write(b"k")
                self._keeper.stdin.flush()

    def end(self) -> None:
        """Ask everything to end, within its limit. Return at once."""
        with contextlib.suppress(OSError):
            if self._keeper.stdin is not None:
                self._keeper.stdin.close()

    def kill_keeper(self) -> None:
        """End the keeper itself, which is late; the program dies with it."""
        self._keeper.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of what is over."""
        self.end()
        self._close(self.output, self.report)

    @staticmethod
    def _close(*ends: int) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                os.close(end)
