"""The same moves by a script that an operator would write: OpenSSH with open connections, psql, curl, /dev/tcp.

Its connections are open before the clock starts, as ours are. The scripts are in `by_hand/`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.place import Place
from bench.programs import seconds
from seawall.targets import Host, Server

SCRIPTS = Path(__file__).with_name("by_hand")
WRITE = (
    "INSERT INTO heartbeat VALUES ('by-hand', clock_timestamp())"
    " ON CONFLICT (site) DO UPDATE SET at = EXCLUDED.at"
)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A script's surroundings: its configuration files, and open connections to both machines."""

    folder: Path
    environment: dict[str, str]

    def run(self, script: str) -> float:
        """Run one of the scripts and return how long it took, in seconds. Raises: CalledProcessError."""
        return seconds(["bash", str(SCRIPTS / script)], {**os.environ, **self.environment})


@contextmanager
def by_hand(here: Place) -> Iterator[ByHand]:
    """Open connections to both machines, and close them after the block."""
    old, new = here.server(here.active), here.server(here.standby)
    with TemporaryDirectory(prefix="hand-") as name:
        folder = Path(name)
        _write(folder, here, old.host, new.host)
        made = ByHand(folder, _environment(folder, here, old, new))
        config = made.environment["MACHINES"]
        for machine in ("old", "new"):
            subprocess.run(
                ["ssh", "-F", config, "-MNf", machine], check=True, timeout=20, stderr=subprocess.DEVNULL
            )
        try:
            yield made
        finally:
            for machine in ("old", "new"):
                subprocess.run(
                    ["ssh", "-F", config, "-O", "exit", machine],
                    check=False,
                    timeout=20,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )


def _write(folder: Path, here: Place, old: Host, new: Host) -> None:
    key = here.layout.ssh_key.removeprefix("file:")
    machines = []
    for name, host in (("old", old), ("new", new)):
        machines.append(
            f"Host {name}\n  HostName {host.address}\n  Port {host.port}\n"
            f"  User {host.user}\n  HostKeyAlias {host.name}\n"
        )
    machines.append(
        f"Host *\n  IdentityFile {key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known\n"
        f"  StrictHostKeyChecking yes\n  BatchMode yes\n  ConnectTimeout 2\n  ControlPath {folder}/%n\n"
    )
    (folder / "machines").write_text("".join(machines))
    (folder / "known").write_text(f"{old.name} {old.host_key}\n{new.name} {new.host_key}\n")
    power = old.power
    assert power is not None
    redfish = folder / "redfish"
    redfish.touch(mode=0o600)
    redfish.write_text(f'user = "{power.username}:{here.secret(power.password)}"\n')


def _environment(folder: Path, here: Place, old: Server, new: Server) -> dict[str, str]:
    layout, power = here.layout, old.host.power
    assert power is not None
    runtime = layout.balancer.runtime
    return {
        "MACHINES": str(folder / "machines"),
        "REDFISH": str(folder / "redfish"),
        "REDFISH_URL": f"{power.url}/redfish/v1/Systems/{power.system}",
        "UUID": power.uuid,
        "DATA": old.data_directory,
        "OLD_SOCKET": _socket(here, old),
        "OLD_PORT": str(old.port),
        "SOCKET": _socket(here, new),
        "PORT": str(new.port),
        "WRITE": WRITE,
        "RUNTIME": f"{runtime.address}/{runtime.port}",
        "BACKEND": layout.backend,
        "OUT": here.active,
        "IN": here.standby,
        "FRONT": str(layout.front),
    }


def _socket(here: Place, server: Server) -> str:
    return str(here.layout.places.home(server.host.name) / "run")
