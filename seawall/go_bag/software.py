"""The programs that a go-bag carries with it: Seawall and what it needs, as they are installed where it is made.

Nothing is fetched. Each distribution becomes one ZIP file of the files that its own record lists, the same bytes each
time; `start.py` lays them out on the other machine. Prefect stays behind: the run does not need it (ADR 2).
"""

from __future__ import annotations

import io
import re
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import seawall
from seawall.errors import BadInput
from seawall.go_bag.manifest import SOFTWARE, START, Software

OURS = ("seawall", "connectors", "flows", "drills", "console", "runbooks")
LEFT_BEHIND = frozenset({"prefect", "fastapi", "sqlalchemy"})
"""What only Prefect needs, and it is gone."""
AWS = re.compile(r"botocore/data/(?!(s3|sts)/)[^/]+/")
"""Descriptions of AWS services that nothing here speaks to: half of everything."""
KEPT = (".py", ".yaml", ".j2", ".html", ".css", ".js", ".svg", ".sql", ".sh", ".typed")
_DATE = (1980, 1, 1, 0, 0, 0)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def this_python() -> Software:
    """Return for which Python, on which kind of machine, the programs here are."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Software(python=version, platform=sysconfig.get_platform())


def starter() -> bytes:
    """Return what Python runs when it is given a go-bag."""
    return (Path(__file__).parent / "start.py").read_bytes()


def programs() -> Mapping[str, bytes]:
    """Return Seawall and all it needs, as members of a go-bag, with what starts them.

    Raises:
        BadInput: Seawall was not installed, so that nothing says what it needs.
    """
    try:
        needed = list(_needed())
    except PackageNotFoundError as error:
        problem = f"{error.name} is not installed here as a package, so what it needs cannot be told"
        remedy = "Make it where Seawall was installed, e.g. by its tutorial"
        raise BadInput.one(problem, where="--with-software", remedy=remedy) from None
    members = {f"{SOFTWARE}{_name(one)}-{one.version}.zip": _zipped(_files_of(one)) for one in needed}
    ours = distribution("seawall")
    members[f"{SOFTWARE}seawall-{ours.version}.zip"] = _zipped({**_our_files(), **_our_metadata(ours)})
    return {**members, START: starter()}


def _needed() -> Iterator[Distribution]:
    """Yield what Seawall needs, and what that needs in turn, each once, as far as it is installed."""
    wanted = list(_requires(distribution("seawall"), frozenset()))
    seen: set[tuple[str, frozenset[str]]] = set()
    found: dict[str, Distribution] = {}
    while wanted:
        name, extras = asked = wanted.pop()
        if name in LEFT_BEHIND or asked in seen:
            continue
        seen.add(asked)
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform or Python
        wanted += _requires(found[name], extras)
    yield from (found[name] for name in sorted(found))


def _requires(one: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in one.requires or ():
        requirement, _, marker = line.partition(";")
        only_for = _EXTRA.search(marker)
        match = _REQUIREMENT.match(requirement)
        if match is None or (only_for is not None and only_for[1] not in extras):
            continue
        more = frozenset(word.strip() for word in (match[2] or "").split(",") if word.strip())
        yield re.sub(r"[-_.]+", "-", match[1]).lower(), more


def _name(one: Distribution) -> str:
    return re.sub(r"[-_.]+", "_", str(one.metadata["Name"])).lower()


def _files_of(one: Distribution) -> Mapping[str, bytes]:
    """Return a distribution's files by their names in `site-packages`; programs for a PATH are left out."""
    files = {}
    for path in one.files or ():
        name = path.as_posix()
        if ".." in path.parts or "__pycache__" in path.parts or AWS.match(name):
            continue
        place = Path(str(one.locate_file(path)))
        if place.is_file():
            files[name] = place.read_bytes()
    return files


def _our_files() -> Mapping[str, bytes]:
    root = Path(seawall.__file__).parent.parent
    found = {}
    for folder in OURS:
        for path in (root / folder).rglob("*"):
            if path.suffix in KEPT and path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def _our_metadata(one: Distribution) -> Mapping[str, bytes]:
    folder = f"seawall-{one.version}.dist-info"
    return {f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: seawall\nVersion: {one.version}\n".encode()}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, one in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, one)
    return content.getvalue()
