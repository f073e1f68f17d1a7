"""A place with accounts and a sudoers of its own: a mount namespace, gone with the process that holds it.

The machine's own /etc is never written: copies are laid over it, and only those inside see them.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

COVERED = ("passwd", "group", "shadow", "sudoers", "sudoers.d")
_HOLD = """\
set -eu
for one in passwd group shadow sudoers sudoers.d; do mount --bind "$1/$one" "/etc/$one"; done
# What is installed under /usr/local/lib lands in here; what the machine has there can still be read.
mkdir "$1/lib"
mount --bind /usr/local/lib "$1/lib"
mount -t tmpfs -o mode=0755 none /usr/local/lib
for one in "$1"/lib/*; do ln -s "$one" /usr/local/lib/; done
echo ready
exec sleep infinity
"""


@dataclass(frozen=True, slots=True)
class OwnAccounts:
    """The place. `pid` holds it open; `etc` is what lies over /etc there."""

    pid: int
    etc: Path

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs `words` in here, as root."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--", *words]

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program in here, as root."""
        return subprocess.run(
            self.command(*words), input=stdin, text=True, capture_output=True, timeout=60, check=False
        )

    def run_as(self, uid: int, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program in here, as an account of this place."""
        account = (f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
        return self.run("setpriv", *account, "--", *words, stdin=stdin)

    def install(self, path: str, text: str) -> None:
        """Install a program, as root's, for everybody to run."""
        made = self.run(
            "install", "-D", "-o", "root", "-g", "root", "-m", "0755", "/dev/stdin", path, stdin=text
        )
        assert made.returncode == 0, made.stderr

    def allow(self, name: str, sudoers: str) -> None:
        """Install a file into this place's /etc/sudoers.d; an empty one takes it out."""
        path = self.etc / "sudoers.d" / name
        path.write_text(sudoers)
        path.chmod(0o440)


@contextlib.contextmanager
def own_accounts(folder: Path, users: Mapping[str, int], keeps: str = "") -> Iterator[OwnAccounts]:
    """Hold a place with these users, each with a group of its own number, until the block ends.

    Args:
        folder: an empty folder, for what lies over /etc.
        users: name and number.
        keeps: names of variables that sudo hands on, by which a test finds its processes again.
    """
    for name in ("passwd", "group", "shadow"):
        shutil.copy2(Path("/etc", name), folder / name)
    with (folder / "passwd").open("a") as passwd, (folder / "group").open("a") as group:
        for name, uid in users.items():
            passwd.write(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n")
            group.write(f"{name}:x:{uid}:\n")
    with (folder / "shadow").open("a") as shadow:
        shadow.writelines(f"{name}:*:19000:0:99999:7:::\n" for name in users)
    keep = f'Defaults env_keep += "{keeps}"\n' if keeps else ""
    (folder / "sudoers").write_text(f"Defaults env_reset\n{keep}@includedir /etc/sudoers.d\n")
    (folder / "sudoers").chmod(0o440)
    (folder / "sudoers.d").mkdir(mode=0o755)
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", _HOLD, "hold", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "ready\n"
        yield OwnAccounts(holder.pid, folder)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
