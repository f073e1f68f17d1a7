"""`python -m connectors.guard SETTINGS`: hold a database's lease for as long as this runs. See docs/lease.md."""

from __future__ import annotations

import sys
from pathlib import Path

from connectors.guard.guard import Guard, SettingsWrong, read_settings


def main(arguments: list[str]) -> int:
    """Guard until the machine is turned off."""
    if len(arguments) != 1 or arguments[0] in {"-h", "--help"}:
        sys.stdout.write("usage: python -m connectors.guard SETTINGS.json\nIts settings: docs/lease.md\n")
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    try:
        settings = read_settings(Path(arguments[0]))
    except SettingsWrong as error:
        sys.stderr.write(f"seawall-guard: {error}\n")
        return 2
    Guard(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
