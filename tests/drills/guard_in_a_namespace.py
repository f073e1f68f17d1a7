"""A guard of nftables whose places are folders: `python -m tests.drills.guard_in_a_namespace FOLDER TERM RENEW`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from connectors.guard.guard import Guard, Settings
from connectors.guard.ways import NftWay
from seawall.lease import Terms
from seawall.places import Places, silent
from tests.drills.in_a_namespace import EXEMPT, PORT

PLACES = ("north", "south", "witness")


class Folder:
    """A place in a folder. While the file `cut` stands beside it, it does not answer."""

    def __init__(self, root: Path, name: str) -> None:
        self._root, self._cut, self._name = root / name, root / "cut", name

    @property
    def name(self) -> str:
        return self._name

    def put_if_absent(self, key: str, content: bytes, within: timedelta) -> bytes | None:
        file = self._file(key)
        try:
            with file.open("xb") as fresh:
                fresh.write(content)
        except FileExistsError:
            there = file.read_bytes()
            return None if there == content else there
        return None

    def get(self, key: str, within: timedelta) -> bytes | None:
        file = self._file(key)
        return file.read_bytes() if file.exists() else None

    def names(self, prefix: str, within: timedelta) -> tuple[str, ...]:
        self._file("")
        found = (one.name.replace("|", "/") for one in self._root.iterdir())
        return tuple(sorted(one for one in found if one.startswith(prefix)))

    def remove(self, key: str, within: timedelta) -> None:
        self._file(key).unlink(missing_ok=True)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _file(self, key: str) -> Path:
        if self._cut.exists():
            raise silent(self._name, "it is cut off")
        self._root.mkdir(exist_ok=True)
        return self._root / key.replace("/", "|")


def main() -> None:
    root, terms = Path(sys.argv[1]), Terms(float(sys.argv[2]), 0.2, float(sys.argv[3]))
    settings = Settings("north-db/login", terms, {}, NftWay(PORT, [EXEMPT]), None)
    places = Places([Folder(root, name) for name in PLACES], within=timedelta(seconds=terms.renew))
    Guard(settings, places).run()


if __name__ == "__main__":
    main()
