"""An SSH server as a machine has one: one account, one key, and commands run by bash in the machine's home.

As with OpenSSH, a command outlives the connection it came over: it is not killed when the link is cut, it only finds
its pipes closed. There is no terminal, no file transfer and no forwarding.

Run as `python -m drills.lab.sshd --address ... `, started by the machine's supervisor.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from drills.lab.processes import LAB_MARK, MACHINE_MARK

ACCOUNT = "seawall"
"""Whom operators log in as. Which account the commands run under on this computer is another matter."""


_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Sessions:
    """How commands run here: where, with which programs at hand, as whom (None: as the server itself)."""

    home: Path
    path: str
    uid: int | None
    gid: int | None

    async def serve(self, session: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run what was asked for and tell how it ended."""
        stdout, stderr = os.pipe(), os.pipe()
        command = session.command
        try:
            running = await asyncio.create_subprocess_exec(
                "bash",
                *(("-c", command) if command is not None else ("-s",)),
                stdin=asyncio.subprocess.PIPE,
                stdout=stdout[1],
                stderr=stderr[1],
                cwd=self.home,
                env=self._environment(session),
                start_new_session=True,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
            )
        finally:
            for inner in (stdout[1], stderr[1]):
                os.close(inner)
        feeding = asyncio.create_task(_feed(session, running))
        try:
            # An end of file would be that of the whole channel, and cut off what comes on the other of the two.
            await session.redirect(stdout=stdout[0], stderr=stderr[0], send_eof=False)
            status = await running.wait()
            # OpenSSH too waits for the pipes' ends, which a background child may hold open.
            await session.stdout.drain()
            await session.stderr.drain()
        except (OSError, asyncssh.Error):
            return  # the connection is gone; the command goes on
        finally:
            feeding.cancel()
        if status < 0:
            session.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            session.exit(status)

    def _environment(self, session: asyncssh.SSHServerProcess[bytes]) -> dict[str, str]:
        marks = {name: os.environ[name] for name in (LAB_MARK, MACHINE_MARK) if name in os.environ}
        here, there = session.get_extra_info("sockname"), session.get_extra_info("peername")
        return {
            "PATH": self.path,
            "HOME": str(self.home),
            "USER": ACCOUNT,
            "LOGNAME": ACCOUNT,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "SSH_CONNECTION": f"{there[0]} {there[1]} {here[0]} {here[1]}",
            **marks,
        }


async def _feed(session: asyncssh.SSHServerProcess[bytes], running: asyncio.subprocess.Process) -> None:
    """Hand on what the client writes. asyncssh's own redirection loses the end of it when the command reads slowly."""
    to = running.stdin
    assert to is not None
    try:
        while piece := await session.stdin.read(_PIECE):
            to.write(piece)
            await to.drain()
    except (OSError, asyncssh.Error):
        pass  # the command wants no more, or the connection is gone
    finally:
        to.close()


class Door(asyncssh.SSHServer):
    """Lets in whoever has the one key, as the one account."""

    def __init__(self, authorized: Path) -> None:
        self._authorized = authorized
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember whose keys to ask for."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        """Ask everybody for a key; for another account than ours no key fits."""
        if username == ACCOUNT and self._connection is not None:
            self._connection.set_authorized_keys(str(self._authorized))
        return True


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host-key", required=True)
    parser.add_argument("--authorized", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    return parser.parse_args(argv)


async def serve(argv: Sequence[str]) -> None:
    """Listen until the machine is turned off."""
    given = _arguments(argv)
    sessions = Sessions(given.home, given.path, given.uid, given.gid)
    await asyncssh.listen(
        given.address,
        given.port,
        server_host_keys=[given.host_key],
        server_factory=lambda: Door(given.authorized),
        process_factory=sessions.serve,
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
        allow_scp=False,
        password_auth=False,
        kbdint_auth=False,
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.version_info < (3, 12):
        # A thread a child is the default before 3.12, and slower.
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    asyncio.run(serve(sys.argv[1:]))
