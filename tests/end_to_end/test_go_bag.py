"""A failover from a go-bag, on a machine that has nothing but Python and the file; and its run brought home."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from seawall.errors import ExitCode
from seawall.go_bag.bag import by_itself, read_bag
from seawall.imported import imported
from seawall.run_folder import RunFolder
from tests.end_to_end.scene import OTHER, Command, Scene, begun, outcome
from tests.seawall.keys import ed25519_key

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NOWHERE = "http://127.0.0.1:9/api"


@dataclass
class Rescue:
    """A folder with the go-bag and nothing else, a home without anything, and a Python that knows only itself."""

    folder: Path
    key: Path
    said: Path

    @property
    def bag(self) -> Path:
        return self.folder / "havnby-go-bag.pyz"

    @property
    def work(self) -> Path:
        return self.folder / "havnby-go-bag-work"

    def begin(self, *words: str) -> Command:
        """Begin a command with the programs of the go-bag alone, and Prefect set to where nothing answers."""
        number = len(list(self.said.iterdir()))
        out, err = self.said / f"{number}.out", self.said / f"{number}.err"
        environment = {
            "HOME": str(self.folder.parent / "home"),
            "TMPDIR": str(self.folder.parent / "tmp"),
            "PREFECT_API_URL": NOWHERE,
            "SEAWALL_AS": "commander",
            "COLUMNS": "120",
        }
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [bare_python(), "-I", str(self.bag), *words],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        return Command(process, out, err)


def bare_python() -> str:
    """Return the Python below this environment's, without what is installed in it."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


@pytest.fixture
def rescue(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rescue]:
    """Make the go-bag in the city, and carry it away."""
    place = tmp_path_factory.mktemp("away")
    for name in ("rescue", "home", "tmp", "said", "keys"):
        (place / name).mkdir()
    key, private = ed25519_key(), place / "keys" / "id_ed25519"
    private.write_bytes(key.pem())
    private.chmod(0o600)
    (place / "keys" / "id_ed25519.pub").write_text(key.line)
    made = scene.seawall(
        "go-bag",
        *("-o", str(scene.folder / "stick"), "--with-software", "--key", str(private)),
        *("--for", f"commander={private}.pub"),
    )
    assert made.code == ExitCode.DONE, made.all
    there = Rescue(place / "rescue", private, place / "said")
    shutil.copy(scene.folder / "stick" / "havnby-go-bag.pyz", there.bag)
    yield there
    shutil.rmtree(place)


def test_a_failover_runs_from_it_with_all_else_gone_and_comes_home_once(scene: Scene, rescue: Rescue) -> None:
    was = scene.primary()
    to, plan = OTHER[was], f"login-to-{OTHER[was]}"
    secrets = secrets_of(scene)
    with scene.no_two_primaries():
        words = [plan] if to == "south" else ["postgres-failover", "service=login", f"to={to}"]
        began = time.monotonic()
        run_it = rescue.begin("run", *words, "--yes", "login", "--unseal-with", str(rescue.key))
        run = opened_at(rescue, run_it)
        first = time.monotonic() - began
        scene.wait_until_asked(run, "fence")
        answer = rescue.begin("answer", run.id, "fence", "yes")
        assert answer.ended().code == ExitCode.DONE
        assert run_it.ended().code == ExitCode.DONE, run_it.out.read_text()
    size = rescue.bag.stat().st_size / 1e6
    print(f"the run was opened {first:.1f} s after python3 was called, from {size:.1f} MB")  # noqa: T201 - told, not judged
    assert (scene.primary(), outcome(run)) == (to, "done")
    assert begun(run).count("promote") == 1
    scene.check_serves(to)

    nothing_in_the_clear(rescue, secrets)
    assert list((rescue.folder.parent / "tmp").iterdir()) == []  # the programs are gone with the last command
    assert list((rescue.folder.parent / "home").iterdir()) == []

    for came in ("merged", "already here"):
        said = scene.seawall("merge", str(rescue.bag), "--json")
        assert said.code == ExitCode.DONE, said.all
        assert [one["came"] for one in json.loads(said.out)["runs"]] == [came]
    ours = RunFolder(scene.runs, run.id)
    assert ours.journal_path.read_bytes() == run.journal_path.read_bytes()
    assert imported(ours.path) is not None
    told = json.loads(scene.seawall("show", run.id, "--json").out)
    assert (told["outcome"], told["imported"]["by"]) == ("done", "commander")


def test_a_freeze_from_it_reaches_every_place_with_the_keys_it_brought(scene: Scene, rescue: Rescue) -> None:
    unsealed = ("--unseal-with", str(rescue.key))
    looked = rescue.begin("places", "--json", *unsealed).ended()
    assert looked.code == ExitCode.DONE, looked.all
    froze = rescue.begin("freeze", "--why", "water in the north hall", "--json", *unsealed).ended()
    assert (froze.code, json.loads(froze.out)["places_not_told"]) == (ExitCode.DONE, []), froze.all
    # At home, where nobody has said anything, the places tell of it.
    lifted = scene.seawall("thaw", "--why", "dry again", "--as", "commander", "--json")
    assert lifted.code == ExitCode.DONE, lifted.all
    assert [one["why"] for one in json.loads(lifted.out)["freezes"]] == ["water in the north hall"]


@pytest.mark.root
def test_it_starts_where_there_is_no_network_at_all(rescue: Rescue) -> None:
    """In a network namespace of its own, without even a loopback: what needs nobody outside works."""
    for words, code in (
        (("go-bag", "show"), ExitCode.DONE),
        (("pretend", "login-to-south", "--unseal-with", str(rescue.key)), ExitCode.DONE),
        (("duty",), ExitCode.DONE),
    ):
        done = subprocess.run(
            ["unshare", "--net", bare_python(), "-I", str(rescue.bag), *words],
            env={"HOME": str(rescue.folder.parent / "home"), "SEAWALL_AS": "commander", "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, (words, done.stderr)


def opened_at(rescue: Rescue, command: Command) -> RunFolder:
    """Wait until the rescue has opened its run."""
    runs = rescue.work / "runs"
    end = time.monotonic() + 60
    while not (found := list(runs.glob("2*/journal.jsonl"))):
        assert command.process.poll() is None, command.err.read_text() + command.out.read_text()
        assert time.monotonic() < end
        time.sleep(0.02)
    return RunFolder(runs, found[0].parent.name)


def secrets_of(scene: Scene) -> dict[str, str]:
    """Everything secret that the go-bag was made with."""
    references = read_bag(scene.folder / "stick" / "havnby-go-bag.pyz", by_itself).manifest.secrets
    assert len(references) >= 10
    return {
        one: Path(one.removeprefix("file:")).read_text().strip()
        for one in references
        if one.startswith("file:")
    }


def nothing_in_the_clear(rescue: Rescue, secrets: dict[str, str]) -> None:
    """See that no secret stands in the go-bag, beside it, or in anything that was said."""
    places = [path for path in rescue.folder.parent.rglob("*") if path.is_file() and path != rescue.key]
    assert rescue.bag in places
    assert any(path.name == "journal.jsonl" for path in places)
    for path in places:
        content = path.read_bytes()
        for reference, secret in secrets.items():
            for line in [one for one in secret.splitlines() if len(one) >= 8 and not one.startswith("-----")]:
                assert line.encode() not in content, f"what is behind {reference} stands in {path}"
