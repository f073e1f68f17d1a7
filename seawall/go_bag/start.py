"""What Python runs when it is given a go-bag: `python3 -I seawall-go-bag.pyz --help`.

Needs nothing but Python's own library. It holds every member against the go-bag's manifest, lays the programs that the
go-bag carries into a folder of its own for as long as they run, and hands the command line on to them. It says so, and
does nothing, when the go-bag carries none or carries them for another Python.
Whether the manifest is signed by somebody to be believed is judged by these programs, and so by what came in the same
file: whoever wants to know before anything of it runs asks `ssh-keygen -Y verify` (docs/go-bag.md says how).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

REFUSED = 2
BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'seawall'; "
    "from console.terminal.main import main; main()"
)
LAUNCHER = """#!/bin/sh
[ -n "$SEAWALL_GO_BAG" ] || SEAWALL_GO_BAG={bag}
export SEAWALL_GO_BAG SEAWALL_CALLED={called}
exec {python} -I -c "{boot}" {folder} "$@"
"""


class Refused(Exception):
    """Where, what is wrong, and what to do about it."""


def main(bag: Path, arguments: list[str]) -> int:
    """Carry a command line out with the programs in `bag`; return its exit code."""
    try:
        if arguments[:1] == ["lay"]:
            return lay_for_good(bag, arguments[1:])
        folder = Path(tempfile.mkdtemp(prefix="seawall-"))
        try:
            lay(bag, folder)
            return carry_out(bag, folder, arguments)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except Refused as error:
        print(error, file=sys.stderr)  # noqa: T201 - nothing else is there yet to say it with
        return REFUSED
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        line = f"{bag}: cannot be used: {error}. Get a whole copy from another place it is kept at."
        print(line, file=sys.stderr)  # noqa: T201 - the same
        return REFUSED


def lay_for_good(bag: Path, arguments: list[str]) -> int:
    """Lay the programs into a folder that stays, with a `seawall` to call: quicker for many commands."""
    if len(arguments) != 1:
        message = f"{bag.name} lay: names one folder. Write: python3 {bag.name} lay FOLDER"
        raise Refused(message)
    folder = Path(arguments[0]).absolute()
    if folder.exists():
        message = f"{folder}: is there already. Name a folder that is not"
        raise Refused(message)
    folder.mkdir(mode=0o700, parents=True)
    lay(bag, folder / "software")
    launcher = folder / "seawall"
    paths = {
        "bag": bag,
        "called": shlex.quote(str(launcher)),
        "python": this_program(),
        "folder": folder / "software",
    }
    words = {name: shlex.quote(str(path)) for name, path in paths.items()}
    launcher.write_text(LAUNCHER.format(boot=BOOT, **words), encoding="utf-8")
    launcher.chmod(0o700)
    print(f"Next: {launcher} go-bag show")  # noqa: T201 - the same
    return 0


def lay(bag: Path, folder: Path) -> None:
    """Check every member against the manifest, and lay the programs into `folder`."""
    with zipfile.ZipFile(bag) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        software = manifest["software"]
        if software is None:
            message = f"{bag}: carries no programs. Use an installed one: seawall run --from-go-bag {bag} ..."
            raise Refused(message)
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        if (here, sysconfig.get_platform()) != (software["python"], software["platform"]):
            message = (
                f"{bag}: carries programs for Python {software['python']} on {software['platform']}, and this is "
                f"Python {here} on {sysconfig.get_platform()}. Use that one, or another go-bag."
            )
            raise Refused(message)
        for name, digest in manifest["members"].items():
            content = archive.read(name)
            if hashlib.sha256(content).hexdigest() != digest:
                message = (
                    f"{bag}: {name} is not what was signed. Take a copy from another place it is kept at."
                )
                raise Refused(message)
            if name.startswith("software/"):
                unpack(content, folder)


def unpack(content: bytes, folder: Path) -> None:
    """Lay one archive of programs out. `zipfile` lays nothing outside the folder."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)


def carry_out(bag: Path, folder: Path, arguments: list[str]) -> int:
    """Run the programs to their end; what stops them is left to them."""
    called = f"python3 -I {shlex.quote(str(bag))}"
    environment = {"SEAWALL_GO_BAG": str(bag), "SEAWALL_CALLED": called, **os.environ}
    child = subprocess.Popen([this_program(), "-I", "-c", BOOT, str(folder), *arguments], env=environment)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: _pass_on(child, got))
    return child.wait()


def this_program() -> str:
    """Return the Python that runs this; it does not know its own name where there is no PATH."""
    return sys.executable or os.path.realpath("/proc/self/exe")


def _pass_on(child: subprocess.Popen[bytes], number: int) -> None:
    """Pass a signal on; Ctrl-C reaches everything at a terminal by itself."""
    if number != signal.SIGINT:
        with contextlib.suppress(OSError):
            child.send_signal(number)


if __name__ == "__main__":
    sys.exit(main(Path(__file__).absolute().parent, sys.argv[1:]))
