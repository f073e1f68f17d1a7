"""Commands on the lab's machines, over the same SSH that operators use, for what `lab_up` does there itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from drills.lab.errors import LabError
from drills.lab.layout import LabLayout

if TYPE_CHECKING:
    import paramiko


def run_on(layout: LabLayout, machine: str, command: str, *, within: float) -> str:
    """Run a shell command on a machine and return what it printed.

    Raises:
        LabError: it ended with another status than 0, or not `within` seconds.
    """
    import paramiko

    try:
        with connect(layout, machine, within=within) as client:
            channel = client.get_transport().open_session(timeout=within)  # type: ignore[union-attr]
            channel.settimeout(within)
            channel.set_combine_stderr(combine=True)
            channel.exec_command(command)
            said = channel.makefile("rb").read().decode(errors="replace").strip()
            if not channel.status_event.wait(within):
                raise TimeoutError
            status = channel.exit_status
    except (paramiko.SSHException, OSError) as error:
        raise LabError(
            f"a command on {machine} failed: {type(error).__name__} {error}",
            where=machine,
            remedy=f"Read {layout.places.log(machine, 'sshd')}",
        ) from error
    if status:
        raise LabError(
            f"a command on {machine} ended with {status}: {said[-400:]}", where=machine, remedy="Read it"
        )
    return said


def connect(layout: LabLayout, machine: str, *, within: float) -> paramiko.SSHClient:
    """Log in to a machine, which must show its own key. Raises: paramiko.SSHException, OSError."""
    import paramiko

    host = layout.hosts[machine]
    client = paramiko.SSHClient()
    kind, key = host.host_key.split()
    known = client.get_host_keys()
    known.add(f"[{host.address}]:{host.port}", kind, paramiko.Ed25519Key(data=_decoded(key)))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    private = paramiko.Ed25519Key.from_private_key(io.StringIO(layout.credentials.read("ssh_key")))
    try:
        client.connect(
            host.address,
            host.port,
            host.user,
            pkey=private,
            timeout=within,
            banner_timeout=within,
            auth_timeout=within,
            allow_agent=False,
            look_for_keys=False,
        )
    except BaseException:
        client.close()
        raise
    return client


def _decoded(key: str) -> bytes:
    import base64

    return base64.b64decode(key)
