"""The same moves by a script that an operator would write: OpenSSH with open connections, psql, curl, /dev/tcp.

Its connections are open before the clock starts, as ours are. The scripts are in `by_hand/`.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bench.place import Place
from bench.programs import seconds
from connectors.places import bucket_of
from seawall.targets import Host, Server

SCRIPTS = Path(__file__).with_name("by_hand")
WRITE = (
    "INSERT INTO heartbeat VALUES ('by-hand', clock_timestamp())"
    " ON CONFLICT (site) DO UPDATE SET at = EXCLUDED.at"
)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A script's surroundings: its configuration files, and open connections to both machines.

    Attributes:
        places: the city's three places, with spaces between them.
    """

    folder: Path
    environment: dict[str, str]
    places: str

    def run(self, script: str, *, places: bool = False) -> float:
        """Run one of the scripts and return how long it took, in seconds. Raises: CalledProcessError.

        With `places` it claims what it moves, and writes down each change there before it makes it.
        """
        more = {"PLACES": self.places, "RUN": secrets.token_hex(8)} if places else {}
        return seconds(["bash", str(SCRIPTS / script)], {**os.environ, **self.environment, **more})


@contextmanager
def by_hand(here: Place) -> Iterator[ByHand]:
    """Open connections to both machines, and close them after the block."""
    old, new = here.server(here.active), here.server(here.standby)
    with TemporaryDirectory(prefix="hand-") as name:
        folder = Path(name)
        _write(folder, here, old.host, new.host)
        made = ByHand(folder, _environment(folder, here, old, new), _places(folder, here))
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


def _places(folder: Path, here: Place) -> str:
    """Return where the city's places are, each with a file that signs what curl sends there.

    Source: curl 7.88 signs no port unless told the header; the store wants to hear what is signed (measured).
    """
    city, found = here.desk.city.inventory, []
    for name in city.places:
        bucket = bucket_of(city, name)
        config = folder / f"place-{name}"
        config.touch(mode=0o600)
        config.write_text(
            f'user = "{here.secret(bucket.access_key)}:{here.secret(bucket.secret_key)}"\n'
            f'aws-sigv4 = "aws:amz:{bucket.region}:s3"\n'
            f'header = "Host: {urlsplit(bucket.url).netloc}"\n'
            'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\n'
        )
        found.append(f"{config}={bucket.url}/{bucket.bucket}")
    return " ".join(found)


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
