"""The watch over a service's servers, in a program of its own, so that nothing a drill does can make it blink.

`RunningWatch` starts it and reads what it saw; `python -m drills.lab.watching` is the program. It writes each look down
at once, so that one that dies leaves what it saw; what it did not see after that is unseen, and never well. It ends
when whoever started it is gone (its standard input closes), or when its time is up.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import AwareDatetime

from drills.lab.direct import DirectWrites
from drills.lab.errors import LabError
from drills.lab.layout import LabLayout
from drills.primaries import Look, PrimaryWatch
from seawall.model import Frozen

STARTS_WITHIN = timedelta(seconds=20)
STOPS_WITHIN = timedelta(seconds=10)
POLL = 0.01


class Looked(Frozen):
    """One look, as the program writes it down."""

    server: str
    began: AwareDatetime
    ended: AwareDatetime
    accepted: bool | None


class RunningWatch:
    """The program while it looks. Call `stop` when done.

    Args:
        lab: the lab's folder.
        servers: what each server is called in what was seen, and its name in the lab, `north-db/login`.
        at_most: after this it ends by itself.

    Raises:
        LabError: it cannot be started, or has seen nothing in time.
    """

    def __init__(self, lab: Path, servers: Mapping[str, str], *, at_most: timedelta) -> None:
        self._looks: dict[str, list[Look]] = {name: [] for name in servers}
        self._said = ""
        self._seen = tempfile.TemporaryFile()  # noqa: SIM115 - read when the program has ended
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - the same
        words = ["--lab", str(lab), "--at-most", str(at_most.total_seconds())]
        words += [f"{name}={server}" for name, server in servers.items()]
        self._program = subprocess.Popen(
            [sys.executable, "-m", "drills.lab.watching", *words],
            stdin=subprocess.PIPE,
            stdout=self._seen,
            stderr=self._errors,
            start_new_session=True,  # a Ctrl-C at the terminal is the drill's to answer
        )
        self._wait_for_first_look()

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._program.pid

    def stop(self) -> Mapping[str, Sequence[Look]]:
        """Stop looking, and return everything that was seen, by server. May be called twice."""
        self._end()
        return self._looks

    def _read(self) -> None:
        self._seen.seek(0)
        for line in self._seen.read().splitlines(keepends=True):
            if line.endswith(b"\n"):  # the last line of one that was killed may be torn
                one = Looked.model_validate_json(line)
                self._looks[one.server].append(Look(one.began, one.ended, one.accepted))
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        self._said = said[-1] if said else "it saw nothing"

    def _end(self) -> None:
        if self._program.stdin is None:
            return
        with self._program.stdin, self._seen, self._errors:
            self._program.stdin.close()
            self._wait()
            self._read()
        self._program.stdin = None

    def _wait(self) -> None:
        try:
            self._program.wait(STOPS_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()

    def _wait_for_first_look(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN.total_seconds()
        while not os.fstat(self._seen.fileno()).st_size:
            if self._program.poll() is not None or time.monotonic() > deadline:
                self._end()
                raise LabError(
                    f"the watch over the servers did not begin: {self._said}",
                    where=", ".join(self._looks),
                    remedy="See `seawall lab status`, and hold the drill again",
                )
            time.sleep(POLL)


def main(arguments: list[str] | None = None) -> None:
    """Look at the servers named on the command line until standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m drills.lab.watching", description=__doc__)
    parser.add_argument("--lab", required=True, type=Path)
    parser.add_argument("--at-most", required=True, type=float, help="seconds after which it ends by itself")
    parser.add_argument("servers", nargs="+", help="NAME=HOST/CLUSTER")
    asked = parser.parse_args(arguments)
    lab = LabLayout.load(asked.lab)
    password = lab.credentials.read("db_seawall")
    named = dict(one.split("=", 1) for one in asked.servers)
    tries = {name: DirectWrites(lab.servers[server], password) for name, server in named.items()}
    page = threading.Lock()
    gc.disable()  # a pause of its own would look like one of the servers'
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # root may: what is measured must not wait for what is measured

    def write_down(server: str, look: Look) -> None:
        line = Looked(server=server, began=look.began, ended=look.ended, accepted=look.accepted)
        with page:
            os.write(sys.stdout.fileno(), line.model_dump_json().encode() + b"\n")

    watch = PrimaryWatch(tries, show=write_down)
    select.select([sys.stdin], [], [], asked.at_most)
    watch.stop()
    for one in tries.values():
        one.close()


if __name__ == "__main__":
    main()
