from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.own_accounts import COVERED, own_accounts

pytestmark = pytest.mark.root


def _machine() -> dict[str, tuple[int, bytes]]:
    files = [Path("/etc", name) for name in COVERED if Path("/etc", name).is_file()]
    files += sorted(Path("/etc/sudoers.d").iterdir())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_accounts_made_for_a_test_are_seen_inside_alone_and_the_machines_own_files_stay_untouched(
    tmp_path: Path,
) -> None:
    before = _machine()
    with own_accounts(tmp_path, {"sw-nobody-else": 61999}) as place:
        assert place.run("id", "-u", "sw-nobody-else").stdout == "61999\n"
        place.allow("test", "sw-nobody-else ALL=(root) NOPASSWD: /usr/bin/id -u\n")
        assert place.run_as(61999, "sudo", "-n", "/usr/bin/id", "-u").stdout == "0\n"
        assert place.run_as(61999, "sudo", "-n", "/usr/bin/id", "-g").returncode != 0
        assert _machine() == before
    assert _machine() == before
