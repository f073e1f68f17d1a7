"""deploy/seawall.service under a real systemd, in namespaces of its own: started, watched, restarted and stopped."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.serve_folder import ServeRecord
from tests.console.terminal.served import ROOT, until
from tests.own_systemd import OwnSystemd, own_systemd

pytestmark = pytest.mark.root
UNIT = ROOT / "deploy" / "seawall.service"
# The interpreter and the repository of this machine may stand in somebody's home, which the unit hides.
ALSO_SEEN = f"[Service]\nProtectHome=tmpfs\nBindReadOnlyPaths={sys.base_prefix} {ROOT}\n"
# Less than the unit's minute, and still more than a machine keeps a program waiting that is busy with other tests. One
# that was stopped is aborted in vain, for only SIGKILL reaches it: nobody need wait a minute to see that.
WATCHED_CLOSELY = "WatchdogSec=30s\nTimeoutAbortSec=5s\n"
STARTS_WITHIN = 280.0
QUIET = r"schedules:\n  nightly: off\n  weekly: off\n"


PREPARE = f"""\
over /etc/passwd
over /etc/group
echo 'seawall:x:64901:64901::/var/lib/seawall:/usr/sbin/nologin' >>/etc/passwd
echo 'seawall:x:64901:' >>/etc/group
ln -s {ROOT} /opt/seawall
mkdir /var/lib/seawall
cp -r {ROOT}/drills/city /var/lib/seawall/city
printf '{QUIET}' >/var/lib/seawall/city/seawall.yaml
chown -R 64901:64901 /var/lib/seawall
"""


class Served:
    """`seawall serve` there."""

    def __init__(self, system: OwnSystemd) -> None:
        self.system = system

    @property
    def serve(self) -> Path:
        return self.system.process / "root/var/lib/seawall/city/serve"

    def run(self, *words: str, code: int = 0) -> str:
        try:
            return self.system.run(*words, code=code)
        except AssertionError as error:
            error.add_note(self.log())
            raise

    def show(self, name: str) -> str:
        return self.system.show("seawall", name)

    def record(self) -> ServeRecord:
        return ServeRecord.model_validate_json((self.serve / "serve.json").read_bytes())

    def log(self) -> str:
        files = sorted(self.serve.glob("logs/*.log"))
        return "\n".join(f"== {one.name}\n{one.read_text(errors='replace')[-3000:]}" for one in files)


def lay(folder: Path) -> None:
    shutil.copy(UNIT, folder / "units")
    (folder / "units" / "seawall.service.d").mkdir()
    (folder / "units" / "seawall.service.d" / "here.conf").write_text(ALSO_SEEN + WATCHED_CLOSELY)


@pytest.fixture(scope="module")
def systemd() -> Iterator[Served]:
    with own_systemd(lay, PREPARE, seen=(ROOT, Path(sys.base_prefix))) as system:
        yield Served(system)


def test_the_unit_has_no_mistake_that_systemd_can_see(systemd: Served):
    said = systemd.run(
        "systemd-analyze", "verify", "--man=no", f"{systemd.system.folder}/units/seawall.service"
    )

    assert said == ""


def test_the_units_exposure_is_the_one_that_the_docs_say():
    words = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(UNIT)]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout
    found = re.search(r"Overall exposure level for seawall.service: (\S+)", said)
    assert found is not None

    assert f"exposure level of {found[1]}" in (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")


@pytest.mark.timeout(1500)  # two starts of Prefect and a stop, each within its own limit
def test_under_its_own_restrictions_it_starts_is_watched_and_stops(systemd: Served):
    systemd.run("systemctl", "start", "seawall")

    assert systemd.show("ActiveState") == "active"
    until(lambda: systemd.record().state == "running", f"running, and not {systemd.record()}", STARTS_WITHIN)
    assert {one.name for one in systemd.record().programs if str(one.stand) in ("up", "done")} == {
        "prefect",
        "deployments",
        "worker",
        "watcher",
        "console",
    }
    until(lambda: systemd.show("StatusText") == "running", "its status", STARTS_WITHIN)
    main = int(systemd.show("MainPID"))
    status = systemd.run("cat", f"/proc/{main}/status")
    assert re.search(r"^Uid:\s+64901\s", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)

    before = int(systemd.show("NRestarts"))
    systemd.run("kill", "-STOP", str(main))
    until(lambda: int(systemd.show("NRestarts")) > before, "its restart by the watchdog", STARTS_WITHIN)
    until(
        lambda: systemd.show("ActiveState") == "active" and systemd.record().state == "running",
        "it again",
        STARTS_WITHIN,
    )

    systemd.run("systemctl", "stop", "seawall")

    assert (systemd.show("ActiveState"), systemd.show("Result")) == ("inactive", "success")
    assert systemd.record().state == "stopped"
    assert systemd.run("pgrep", "-u", "seawall", code=1) == ""
