from __future__ import annotations

import base64
import hashlib
import os

import pytest

from connectors import s3
from connectors.memory.objects import BucketsInMemory
from connectors.memory.secrets import SecretsInMemory
from connectors.objects import NoSuchObject, Objects
from connectors.s3 import PART, S3
from seawall.actions import World
from seawall.errors import DidNothing, Unreachable, WrongTarget
from seawall.targets import Store
from tests.connectors.servers import SECRETS, lab_vault, occasion

STORE = Store(
    name="north-store",
    site="north",
    url="http://127.0.0.1:9",
    bucket="backups",
    access_key="env:ACCESS",
    secret_key="env:SECRET",
)
HELLO = hashlib.sha256(b"hello").hexdigest()


class ObjectsContract:
    """What every world with `objects.*` must do. `down` does not answer, `missing` is a bucket that is not there."""

    @pytest.fixture
    def objects(self) -> Objects:
        raise NotImplementedError

    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def down(self, store) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def missing(self, store) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def world(self, objects):
        with World(objects, vault=SecretsInMemory(SECRETS)) as world:
            yield world

    @pytest.fixture
    def key(self, request):
        return f"{request.node.name}/{os.urandom(4).hex()} ø+%25"

    def test_what_was_put_is_there_with_its_digest_and_size(self, world, store, key):
        stored = world.perform("objects.put", {"store": store, "key": key, "text": "hello"}, occasion())
        assert (stored.key, stored.bytes, stored.sha256, stored.read_back) == (key, 5, HELLO, False)
        got = world.perform("objects.get", {"store": store, "key": key}, occasion())
        assert (got.bytes, got.sha256, got.into) == (5, HELLO, None)
        head = world.perform("objects.head", {"store": store, "key": key}, occasion())
        assert (head.exists, head.bytes, head.sha256, head.version) == (True, 5, HELLO, stored.version)

    def test_bytes_and_files_are_put_as_they_are(self, world, store, key, tmp_path):
        content = bytes(range(256)) * 5000
        (tmp_path / "file").write_bytes(content)
        args = {"store": store, "key": key, "file": str(tmp_path / "file")}
        assert world.perform("objects.put", args, occasion()).sha256 == hashlib.sha256(content).hexdigest()
        world.perform(
            "objects.put",
            {"store": store, "key": key, "base64": base64.b64encode(content[:9]).decode()},
            occasion(),
        )
        world.perform("objects.get", {"store": store, "key": key, "into": str(tmp_path / "back")}, occasion())
        assert (tmp_path / "back").read_bytes() == content[:9]
        assert {one.name for one in tmp_path.iterdir()} == {"file", "back"}

    def test_an_empty_object_is_an_object(self, world, store, key):
        world.perform("objects.put", {"store": store, "key": key, "text": ""}, occasion())
        assert world.perform("objects.head", {"store": store, "key": key}, occasion()).bytes == 0

    def test_put_if_absent_leaves_the_first_one(self, world, store, key):
        args = {"store": store, "key": key, "if_absent": True}
        world.perform("objects.put", {**args, "text": "hello"}, occasion())
        with pytest.raises(DidNothing, match="already"):
            world.perform("objects.put", {**args, "text": "other"}, occasion())
        assert world.perform("objects.get", {"store": store, "key": key}, occasion()).sha256 == HELLO

    def test_an_earlier_version_can_still_be_read(self, world, store, key):
        first = world.perform("objects.put", {"store": store, "key": key, "text": "hello"}, occasion())
        world.perform("objects.put", {"store": store, "key": key, "text": "ransom"}, occasion())
        args = {"store": store, "key": key, "version": first.version}
        assert world.perform("objects.get", args, occasion()).sha256 == HELLO

    def test_is_there_tells_this_object_from_another_and_from_none(self, world, store, key):
        args = {"store": store, "key": key, "text": "hello"}
        assert world.perform("objects.is-there", args, occasion()).holds is False
        world.perform("objects.put", {**args, "text": "other"}, occasion())
        assert world.perform("objects.is-there", args, occasion()).holds is False
        stored = world.perform("objects.put", args, occasion())
        proof = world.perform("objects.is-there", args, occasion())
        assert proof.holds is True
        assert proof.stand_in() == stored.model_copy(update={"read_back": True})

    def test_what_is_not_there_is_not_there(self, world, store, key):
        assert world.perform("objects.head", {"store": store, "key": key}, occasion()).exists is False
        with pytest.raises(NoSuchObject, match="no such object"):
            world.perform("objects.get", {"store": store, "key": key}, occasion())

    def test_a_listing_is_in_order_and_says_when_it_is_cut(self, world, store, key):
        for name in ("b", "a", "c"):
            world.perform("objects.put", {"store": store, "key": f"{key}/{name}", "text": name}, occasion())
        listed = world.perform("objects.list", {"store": store, "prefix": f"{key}/"}, occasion())
        assert [one.key.removeprefix(f"{key}/") for one in listed.objects] == ["a", "b", "c"]
        assert (listed.count, listed.bytes, listed.more) == (3, 3, False)
        assert listed.newest_at == max(one.changed_at for one in listed.objects)
        cut = world.perform("objects.list", {"store": store, "prefix": f"{key}/", "at_most": 2}, occasion())
        assert (cut.count, cut.more) == (2, True)

    @pytest.mark.slow
    def test_a_stream_larger_than_a_part_arrives_whole(self, objects, store, key, in_time):
        chunk = os.urandom(1 << 20)
        count = objects.put_stream(store, key, (chunk for _ in range(2 * PART // len(chunk) + 1)), in_time())
        assert count == 2 * PART + len(chunk)
        digest = hashlib.sha256()
        for piece in objects.get_stream(store, key, in_time()):
            digest.update(piece)
        assert digest.hexdigest() == hashlib.sha256(chunk * (count // len(chunk))).hexdigest()
        assert objects.keys(store, key, in_time()) == [key]

    def test_a_stream_that_breaks_off_leaves_nothing(self, objects, store, key, in_time):
        def breaking():
            yield b"x" * (2 * PART)
            message = "the pipe broke"
            raise BrokenPipeError(message)

        with pytest.raises(BrokenPipeError, match="the pipe broke"):
            objects.put_stream(store, key, breaking(), in_time())
        assert objects.keys(store, key, in_time()) == []

    def test_a_store_that_does_not_answer_was_sent_nothing(self, world, down, key):
        for name, more in (("put", {"text": "x"}), ("get", {}), ("head", {})):
            with pytest.raises(Unreachable) as refusal:
                world.perform(f"objects.{name}", {"store": down, "key": key, **more}, occasion())
            assert refusal.value.remedy
        with pytest.raises(Unreachable):
            world.perform("objects.list", {"store": down}, occasion())

    def test_a_missing_bucket_is_the_wrong_target_and_is_not_made(self, world, missing, key):
        for _ in range(2):
            with pytest.raises(WrongTarget, match="no such bucket"):
                world.perform("objects.put", {"store": missing, "key": key, "text": "x"}, occasion())
        with pytest.raises(WrongTarget, match="no such bucket"):
            world.perform("objects.head", {"store": missing, "key": key}, occasion())

    def test_a_folder_that_is_not_there_stops_the_reading(self, world, store, key, tmp_path):
        world.perform("objects.put", {"store": store, "key": key, "text": "x"}, occasion())
        args = {"store": store, "key": key, "into": str(tmp_path / "no" / "file")}
        with pytest.raises(DidNothing, match="cannot be written"):
            world.perform("objects.get", args, occasion())

    def test_the_check_up_sees_versions_and_locks_and_what_is_amiss(
        self, objects, store, down, missing, in_time
    ):
        assert [line.well for line in objects.check([store], in_time())] == [True, True, True]
        for bad in (down, missing):
            (line,) = objects.check([bad], in_time())
            assert line.well is False
            assert line.remedy


class TestMemory(ObjectsContract):
    @pytest.fixture
    def objects(self):
        return Objects(BucketsInMemory(down={"gone"}, without_bucket={("north-store", "nowhere")}))

    @pytest.fixture
    def store(self):
        return STORE

    @pytest.fixture
    def down(self, store):
        return store.model_copy(update={"name": "gone"})

    @pytest.fixture
    def missing(self, store):
        return store.model_copy(update={"bucket": "nowhere"})

    def test_a_bucket_without_versions_and_locks_is_a_finding(self, store, in_time):
        lines = Objects(BucketsInMemory(plain={store.name})).check([store], in_time())
        assert [(line.well, bool(line.remedy)) for line in lines] == [
            (True, False),
            (False, True),
            (False, True),
        ]


@pytest.mark.lab
class TestLab(ObjectsContract):
    @pytest.fixture
    def objects(self):
        objects = Objects(S3(lab_vault()))
        yield objects
        objects.close()

    @pytest.fixture
    def store(self, lab):
        return next(iter(lab.stores.values()))

    @pytest.fixture
    def down(self, store):
        return store.model_copy(update={"url": "http://127.0.0.1:9"})

    @pytest.fixture
    def missing(self, store):
        return store.model_copy(update={"bucket": "nowhere"})

    @pytest.mark.parametrize("name", ["access_key", "secret_key"])
    def test_a_wrong_key_is_refused_and_its_secret_is_not_shown(self, world, store, key, name):
        wrong = store.model_copy(update={name: "env:OTHER"})
        for action, more in (("objects.put", {"text": "x"}), ("objects.get", {}), ("objects.head", {})):
            with pytest.raises(DidNothing) as refusal:
                world.perform(action, {"store": wrong, "key": key, **more}, occasion())
            assert SECRETS["env:OTHER"] not in str(refusal.value)

    def test_a_listing_of_several_pages_is_whole(self, objects, store, key, in_time, monkeypatch):
        monkeypatch.setattr(s3, "PAGE", 2)
        for number in range(5):
            objects.put_stream(store, f"{key}/{number}", [b"x"], in_time())
        assert [one[-1] for one in objects.keys(store, f"{key}/", in_time())] == ["0", "1", "2", "3", "4"]


def test_a_put_takes_exactly_one_content(in_time):
    world = World(Objects(BucketsInMemory()))
    for content in ({}, {"text": "a", "file": "/b"}, {"base64": "not base64!"}):
        with pytest.raises(DidNothing, match="do not fit"):
            world.perform("objects.put", {"store": STORE, "key": "k", **content}, occasion())


def test_a_file_that_cannot_be_read_stops_before_anything_is_sent():
    buckets = BucketsInMemory()
    with pytest.raises(DidNothing, match="cannot be read"):
        World(Objects(buckets)).perform(
            "objects.put", {"store": STORE, "key": "k", "file": "/nowhere/file"}, occasion()
        )
    assert buckets.find(STORE, "", 1, occasion().deadline).count == 0
