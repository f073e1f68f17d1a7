"""What every machine's files must do: compared byte by byte, copied whole, and a link switched in one instant."""

from __future__ import annotations

import hashlib
import os
import threading
from abc import ABC, abstractmethod
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from connectors.files import Entry, Files
from connectors.memory.files import TreesInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.ssh import Ssh
from connectors.trees import STAGE, ShellTrees
from seawall.actions import Deadline, Output, World
from seawall.errors import DidNothing, MayHaveActed, Unreachable, WrongTarget
from seawall.targets import Endpoint, Host, WebRoot
from tests.connectors.servers import occasion
from tests.examples import examples


class Place(ABC):
    """A machine with a web root, its copy, and a link; and what a test does there by hand."""

    world: World
    host: Host
    base: str

    def root(self, which: str, **changes: Any) -> WebRoot:
        host = self.host.model_copy(update=changes)
        return WebRoot(name=f"north-web/{which}", host=host, path=f"{self.base}/{which}")

    def perform(self, name: str, seconds: float = 30, **args: Any) -> Any:
        return self.world.perform(name, args, occasion(seconds))

    def copy(self, name: str, **more: Any) -> Any:
        return self.perform(name, source=self.root("site"), target=self.root("copy"), **more)

    def link(self, name: str, to: str, **more: Any) -> Any:
        there: dict[str, Any] = {"host": self.host, "link": f"{self.base}/current", "to": f"{self.base}/{to}"}
        return self.perform(name, **there, **more)

    @abstractmethod
    def write(self, which: str, name: str, text: str = "", mode: int = 0o644) -> None:
        """Write a file into a web root."""

    @abstractmethod
    def lead(self, which: str, name: str, to: str) -> None:
        """Make a symbolic link in a web root."""

    @abstractmethod
    def read(self, which: str) -> dict[str, str]:
        """Read every file of a web root."""

    @abstractmethod
    def folder(self, which: str) -> None:
        """Make an empty folder."""


class FilesContract:
    @pytest.fixture
    def place(self):
        raise NotImplementedError

    def test_a_web_root_shows_its_size_and_a_digest_of_every_byte(self, place):
        assert place.perform("files.state", root=place.root("site")).exists is False
        place.write("site", "index.html", "hello")
        place.write("site", "img/logo.svg", "<svg/>")
        first = place.perform("files.state", root=place.root("site"))
        assert (first.exists, first.files, first.bytes) == (True, 2, 11)
        assert place.perform("files.state", root=place.root("site")).digest == first.digest
        for name, text, mode in (("index.html", "hellO", 0o644), ("index.html", "hello", 0o600)):
            place.write("site", name, text, mode)
            assert place.perform("files.state", root=place.root("site")).digest != first.digest

    def test_a_copy_is_like_its_source_and_the_proof_says_so(self, place):
        place.write("site", "index.html", "hello")
        place.write("site", "a b/-rf", "odd")
        place.write("site", "img/vand \u00e6\u00f8\u00e5 $(x) 'q'.svg", "<svg/>", 0o600)
        place.lead("site", "latest", "img")
        assert place.copy("files.is-same").holds is False
        synced = place.copy("files.sync")
        assert place.read("copy") == place.read("site")
        proof = place.copy("files.is-same")
        assert (proof.holds, proof.stand_in().digest) == (True, synced.digest)
        assert place.perform("files.state", root=place.root("site")).digest == synced.digest

    def test_the_difference_is_listed_and_nothing_is_copied(self, place):
        place.write("site", "new.html", "123")
        place.write("site", "both.html", "old")
        place.write("copy", "both.html", "other")
        place.write("copy", "only-here.html")
        before = place.read("copy")
        seen = place.copy("files.difference")
        assert (seen.same, seen.missing, seen.changed, seen.extra, seen.bytes) == (False, 1, 1, 1, 6)
        assert seen.names == ("+ new.html", "! both.html", "- only-here.html")
        assert place.read("copy") == before

    def test_only_what_differs_is_copied(self, place):
        place.write("site", "one.html", "1")
        place.write("site", "two.html", "2")
        place.copy("files.sync")
        place.write("site", "two.html", "two")
        assert place.copy("files.sync").copied == 1
        assert place.copy("files.sync").copied == 0

    def test_nothing_is_deleted_unless_that_was_asked_for(self, place):
        place.write("site", "index.html", "hello")
        place.write("copy", "old/page.html", "old")
        place.copy("files.sync")
        assert set(place.read("copy")) == {"index.html", "old/page.html"}
        assert place.copy("files.is-same").holds is True
        assert place.copy("files.is-same", delete=True).holds is False
        assert place.copy("files.sync", delete=True).deleted == 2
        assert set(place.read("copy")) == {"index.html"}
        assert place.copy("files.is-same", delete=True).holds is True

    def test_a_source_that_is_not_there_deletes_nothing(self, place):
        place.write("copy", "index.html", "hello")
        with pytest.raises(WrongTarget, match="there is no folder"):
            place.copy("files.sync", delete=True)
        assert place.read("copy") == {"index.html": "hello"}

    def test_a_folder_in_a_files_place_stops_the_copy_before_it_begins(self, place):
        place.write("site", "news", "a file")
        place.write("site", "other.html")
        place.write("copy", "news/today.html", "in a folder")
        with pytest.raises(DidNothing, match="news is a folder at one of them"):
            place.copy("files.sync")
        assert place.read("copy") == {"news/today.html": "in a folder"}

    def test_a_root_is_no_copy_of_itself(self, place):
        with pytest.raises(DidNothing, match="both source and target"):
            place.perform("files.sync", source=place.root("site"), target=place.root("site"))

    def test_a_link_is_switched_if_it_leads_where_expected(self, place):
        for which in ("one", "two", "three"):
            place.folder(which)
        assert place.link("files.switch-link", "one").was is None
        assert place.link("files.is-switched", "one").holds is True
        assert (
            place.link("files.switch-link", "two", away_from=f"{place.base}/one").was == f"{place.base}/one"
        )
        with pytest.raises(WrongTarget, match=r"it leads to .*/two and not to .*/one"):
            place.link("files.switch-link", "three", away_from=f"{place.base}/one")
        assert place.link("files.is-switched", "two").stand_in().to == f"{place.base}/two"
        assert place.link("files.is-switched", "one").holds is False

    def test_a_link_never_leads_to_nothing_and_never_replaces_a_folder(self, place):
        place.folder("one")
        with pytest.raises(WrongTarget, match="there is nothing at"):
            place.link("files.switch-link", "nowhere")
        place.folder("current")
        with pytest.raises(WrongTarget, match="is no symbolic link"):
            place.link("files.switch-link", "one")

    @pytest.mark.parametrize("path", ["srv/www", "/srv/../etc", "/", "/srv//www", "/srv/www\n"])
    def test_a_path_is_whole_and_in_one_spelling(self, place, path):
        for name in ("files.switch-link", "files.is-switched"):
            with pytest.raises(DidNothing, match="no whole path"):
                place.perform(name, host=place.host, link=path, to="/srv/www")

    def test_a_machine_that_is_not_there_is_unreachable(self, place):
        place.write("site", "index.html", "hello")
        with pytest.raises(Unreachable):
            place.perform("files.sync", source=place.root("site"), target=place.root("copy", port=1))


class PlaceInMemory(Place):
    def __init__(self) -> None:
        self.host = a_host(22, "ssh-ed25519 AAAA")
        self.base = "/srv/www"
        self.trees = TreesInMemory(closed={1})
        self.world = World(Files(self.trees))

    def write(self, which: str, name: str, text: str = "", mode: int = 0o644) -> None:
        folder = self.trees.folders.setdefault(("north-web", f"{self.base}/{which}"), {})
        for parent in list(Path(name).parents)[:-1]:
            folder[str(parent)] = Entry("folder", "755")
        digest = hashlib.sha256(text.encode()).hexdigest()
        folder[name] = Entry("file", f"{mode:o}", len(text.encode()), digest)

    def lead(self, which: str, name: str, to: str) -> None:
        self.trees.folders["north-web", f"{self.base}/{which}"][name] = Entry("link", content=to)

    def read(self, which: str) -> dict[str, str]:
        folder = self.trees.folders.get(("north-web", f"{self.base}/{which}"), {})
        known = {hashlib.sha256(one.encode()).hexdigest(): one for one in ("", "hello", "old", "in a folder")}
        return {
            name: known.get(one.content, one.content) for name, one in folder.items() if one.kind == "file"
        }

    def folder(self, which: str) -> None:
        self.trees.folders["north-web", f"{self.base}/{which}"] = {}


class PlaceOnDisk(Place):
    def __init__(self, base: Path, host: Host, shell: Ssh) -> None:
        self.base, self.host = str(base), host
        self.world = World(Files(ShellTrees(shell)))

    def write(self, which: str, name: str, text: str = "", mode: int = 0o644) -> None:
        path = Path(self.base, which, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def lead(self, which: str, name: str, to: str) -> None:
        Path(self.base, which, name).symlink_to(to)

    def read(self, which: str) -> dict[str, str]:
        root = Path(self.base, which)
        found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path.relative_to(root)): path.read_text() for path in found}

    def folder(self, which: str) -> None:
        Path(self.base, which).mkdir(parents=True)


def a_host(port: int, host_key: str) -> Host:
    return Host(
        name="north-web",
        site="north",
        address="127.0.0.1",
        port=port,
        user="seawall",
        key="env:KEY",
        host_key=host_key,
        hostname="north-db",
    )


class TestMemory(FilesContract):
    @pytest.fixture
    def place(self):
        return PlaceInMemory()


@pytest.fixture(scope="module")
def shell(ssh_machine):
    found = Ssh(SecretsInMemory({"env:KEY": ssh_machine.user_key}))
    yield found
    found.close()


@pytest.mark.lab
class TestReal(FilesContract):
    @pytest.fixture
    def place(self, tmp_path, ssh_machine, shell):
        return PlaceOnDisk(tmp_path, a_host(ssh_machine.port, ssh_machine.host_key), shell)

    def test_what_is_larger_than_any_window_comes_whole(self, place):
        path = Path(place.base, "site", "large.bin")
        path.parent.mkdir()
        path.write_bytes(os.urandom(8_000_000))
        place.copy("files.sync")
        assert Path(place.base, "copy", "large.bin").read_bytes() == path.read_bytes()

    def test_a_reader_sees_the_old_file_or_the_new_one_and_never_a_part(self, place):
        sizes: set[int] = set()
        over = threading.Event()
        copy = Path(place.base, "copy", "page.html")

        def read_on() -> None:
            while not over.is_set():
                sizes.add(len(copy.read_bytes()))

        place.write("site", "page.html", "a" * 1_000_000)
        place.copy("files.sync")
        reading = threading.Thread(target=read_on)
        reading.start()
        try:
            for text in ("b" * 2_000_000, "c" * 3_000_000):
                place.write("site", "page.html", text)
                place.copy("files.sync")
        finally:
            over.set()
            reading.join(10)
        assert sizes <= {1_000_000, 2_000_000, 3_000_000}

    def test_a_copy_that_was_ended_at_its_limit_leaves_the_tree_as_it_was_and_can_be_made_again(self, place):
        place.write("site", "index.html", "new")
        place.write("copy", "index.html", "old")
        Path(place.base, "copy", f"{STAGE}left").mkdir()  # as a killed one leaves it
        Path(place.base, "copy", f"{STAGE}left", "index.html").write_text("half")
        assert place.perform("files.state", root=place.root("copy")).files == 1
        place.copy("files.sync", delete=True)
        assert place.read("copy")["index.html"] == "new"

    def test_what_is_neither_file_nor_folder_nor_link_is_left_alone(self, place):
        place.write("site", "index.html", "hello")
        os.mkfifo(Path(place.base, "site", "pipe"))
        assert place.copy("files.sync").copied == 1
        assert place.copy("files.is-same").holds is True


@pytest.mark.parametrize("name", ["files.state", "files.sync"])
def test_a_program_that_is_missing_is_named(name):
    host = a_host(22, "ssh-ed25519 AAAA")
    machine = MachineInMemory(
        host.host_key, host.hostname, answer=lambda _command, _stdin: Output(86, "", "no-program sha256sum\n")
    )
    world = World(Files(ShellTrees(SshInMemory({Endpoint(address="127.0.0.1", port=22): machine}))))
    one, other = (WebRoot(name=f"north-web/{n}", host=host, path=f"/srv/{n}") for n in "ab")
    args = {"root": one} if name == "files.state" else {"source": one, "target": other}
    with pytest.raises(DidNothing, match="there is no program sha256sum on north-web"):
        world.perform(name, args, occasion())


@pytest.mark.root
class TestRsync:
    """The way by rsync, with Debian's own on both machines: `make drills`."""

    @pytest.fixture
    def place(self, tmp_path, ssh_machine, shell):
        key = ssh_machine.home / "key of web"
        key.write_text(ssh_machine.user_key)
        key.chmod(0o600)
        return PlaceOnDisk(tmp_path, a_host(ssh_machine.port, ssh_machine.host_key), shell)

    @pytest.fixture
    def by(self, ssh_machine):
        return {"by": "rsync", "key": str(ssh_machine.home / "key of web")}

    def test_the_targets_machine_fetches_what_differs_itself(self, place, by):
        place.write("site", "index.html", "hello")
        place.write("site", "a b/-rf $(x) 'q' \u00e6.html", "odd", 0o600)
        place.lead("site", "latest", "a b")
        place.write("copy", "index.html", "old")
        place.write("copy", "only-here.html")
        assert place.copy("files.sync", **by).copied == 4
        assert place.copy("files.is-same", **by).holds is True
        assert "only-here.html" in place.read("copy")
        assert place.copy("files.sync", **by, delete=True).deleted == 1
        assert place.read("copy") == place.read("site")

    def test_a_source_with_another_key_than_the_pinned_one_is_not_asked(self, place, by):
        place.write("site", "index.html", "hello")
        machine = place.root("site")
        other = place.root("copy")
        pinned = ShellTrees(place.world["files.sync"].call.__self__._trees._shell)
        stranger = machine.host.model_copy(update={"host_key": ANOTHER_KEY})
        with pytest.raises(MayHaveActed, match="Host key verification failed"):
            pinned.fetch(
                machine.model_copy(update={"host": stranger}), other, ["index.html"], by["key"], in_(20)
            )
        assert place.read("copy") == {}

    def test_a_login_that_is_refused_copies_nothing(self, place):
        place.write("site", "index.html", "hello")
        with pytest.raises(MayHaveActed, match="Permission denied"):
            place.copy("files.sync", by="rsync", key="/nonexistent/key")
        assert place.read("copy") == {}


ANOTHER_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr"  # of nobody's machine
)


def in_(seconds: float) -> Deadline:
    return Deadline.within(timedelta(seconds=seconds))


NAMES = st.text(
    alphabet=st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in {".", ".."} and not name.startswith(STAGE) and len(name.encode()) < 250)


@pytest.mark.lab
@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.dictionaries(NAMES, st.binary(max_size=40), max_size=6), more=st.sets(NAMES, max_size=4))
def test_whatever_files_are_called_a_copy_is_like_its_source(
    tmp_path_factory, ssh_machine, shell, files, more
):
    base = tmp_path_factory.mktemp("named")
    place = PlaceOnDisk(base, a_host(ssh_machine.port, ssh_machine.host_key), shell)
    for which, names in (("site", files), ("copy", dict.fromkeys(more, b"old"))):
        (base / which).mkdir()
        for name, content in names.items():
            Path(base, which, name).write_bytes(content)
    place.copy("files.sync", delete=True)
    assert {path.name: path.read_bytes() for path in (base / "copy").iterdir()} == files
