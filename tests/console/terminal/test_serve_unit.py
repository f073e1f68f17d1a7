"""deploy/seawall.service under a real systemd, in namespaces of its own: started, watched, restarted and stopped."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.serve_folder import ServeRecord
from tests.console.terminal.served import ROOT, until

pytestmark = pytest.mark.root
UNIT = ROOT / "deploy" / "seawall.service"
TARGETS = ("basic", "default", "multi-user", "network-online", "shutdown", "sysinit", "umount")
# The interpreter and the repository of this machine may stand in somebody's home, which the unit hides.
ALSO_SEEN = f"[Service]\nProtectHome=tmpfs\nBindReadOnlyPaths={sys.base_prefix} {ROOT}\n"
# Less than the unit's minute, and still more than a machine keeps a program waiting that is busy with other tests. One
# that was stopped is aborted in vain, for only SIGKILL reaches it: nobody need wait a minute to see that.
WATCHED_CLOSELY = "WatchdogSec=30s\nTimeoutAbortSec=5s\n"
STARTS_WITHIN = 280.0
QUIET = "schedules:\n  nightly: off\n  weekly: off\n"


def private_folders() -> set[Path]:
    """The unit's own /tmp and /var/tmp; a systemd that is killed leaves them behind."""
    found = (Path(place).glob("systemd-private-*-seawall.service-*") for place in ("/tmp", "/var/tmp"))
    return {folder for each in found for folder in each}


def mounted() -> str:
    """What anybody has mounted: another session's unit may run beside, and its folders are called like ours."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended in between
            found.append((process / "mountinfo").read_text(errors="replace"))
    return "\n".join(found)


class Systemd:
    """A system of its own."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.others = private_folders()
        units = scratch / "units"
        (units / "seawall.service.d").mkdir(parents=True)
        for name in TARGETS:
            (units / f"{name}.target").write_text(f"[Unit]\nDescription={name}\nDefaultDependencies=no\n")
        shutil.copy(UNIT, units)
        (units / "seawall.service.d" / "here.conf").write_text(ALSO_SEEN + WATCHED_CLOSELY)
        shutil.copytree(ROOT / "drills" / "city", scratch / "city")
        (scratch / "city" / "seawall.yaml").write_text(QUIET)
        own = ["--pid", "--mount", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "--mount-proc"]
        script = ["bash", str(Path(__file__).with_name("systemd.sh")), str(scratch), str(ROOT)]
        self.unshare = subprocess.Popen(
            ["unshare", *own, *script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: self.process.joinpath("root/run/systemd/private").exists(), "systemd", 120)

    @property
    def process(self) -> Path:
        """The folder in /proc of the process that is number 1 inside."""
        children = Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children").read_text().split()
        return Path("/proc", children[0] if children else "none")

    def run(self, *words: str, code: int = 0) -> str:
        ended = subprocess.run(
            ["nsenter", "--all", f"--target={self.process.name}", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTS_WITHIN,
            check=False,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == code, f"{said}\n{self.log()}"
        return said

    def show(self, name: str) -> str:
        return self.run("systemctl", "show", "--value", "-p", name, "seawall").strip()

    def record(self) -> ServeRecord:
        path = self.process / "root/var/lib/seawall/city/serve/serve.json"
        return ServeRecord.model_validate_json(path.read_bytes())

    def log(self) -> str:
        logs = self.process / "root/var/lib/seawall/city/serve/logs"
        files = [self.scratch / "console", *(logs.glob("*.log") if logs.exists() else ())]
        return "\n".join(f"== {one.name}\n{one.read_text(errors='replace')[-3000:]}" for one in files)

    def end(self) -> None:
        os.killpg(self.unshare.pid, signal.SIGKILL)  # and by --kill-child everything inside
        self.unshare.wait(120)
        used = mounted()
        for left in private_folders() - self.others:
            if left.name not in used:
                shutil.rmtree(left)


@pytest.fixture(scope="module")
def systemd() -> Iterator[Systemd]:
    # Short, for sockets, and where another account can reach it.
    scratch = Path(tempfile.mkdtemp(prefix="sw-unit-", dir="/var/tmp"))
    scratch.chmod(0o755)
    one = Systemd(scratch)
    yield one
    one.end()
    shutil.rmtree(scratch)


def test_the_unit_has_no_mistake_that_systemd_can_see(systemd: Systemd):
    said = systemd.run("systemd-analyze", "verify", "--man=no", f"{systemd.scratch}/units/seawall.service")

    assert said == ""


def test_the_units_exposure_is_the_one_that_the_docs_say():
    words = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(UNIT)]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout
    found = re.search(r"Overall exposure level for seawall.service: (\S+)", said)
    assert found is not None

    assert f"exposure level of {found[1]}" in (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")


@pytest.mark.timeout(1500)  # two starts of Prefect and a stop, each within its own limit
def test_under_its_own_restrictions_it_starts_is_watched_and_stops(systemd: Systemd):
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
