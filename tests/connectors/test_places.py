from __future__ import annotations

import contextlib
import os
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection

import pytest

from connectors.guard.store import Bucket, BucketPlace
from connectors.memory.places import PlaceInMemory
from connectors.places import S3Place, places_of
from connectors.s3_lines import S3Lines
from drills.lab.inventory import technical_facts
from drills.lab.store import BUCKET, PLACES_BUCKET
from seawall.entries import PlaceEntry
from seawall.errors import BadInput
from seawall.inventory import Inventory
from seawall.marks import MARK, MarkedPlace, look_at, mark_of, set_up
from seawall.places import Place, Places, PlaceSilent
from seawall.slots import VOID, Mine, Theirs, take_slot
from tests.connectors.servers import lab_vault, misbehaving, silent

SOON = timedelta(seconds=30)
"""A net, and no expectation: a store that grows its first volume on a busy disk takes its time."""


class PlaceContract:
    """What every place must do. `down` does not answer."""

    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    @pytest.fixture
    def down(self) -> Place:
        raise NotImplementedError

    @pytest.fixture
    def key(self, request) -> str:
        return f"{request.node.name}/{os.urandom(4).hex()}:ø"

    def test_the_first_is_stored_and_the_second_is_told_what_stands_there(self, place, key):
        assert place.get(key, SOON) is None
        assert place.put_if_absent(key, b"anna", SOON) is None
        assert place.put_if_absent(key, b"bo", SOON) == b"anna"
        assert place.get(key, SOON) == b"anna"

    def test_the_same_bytes_are_ours_however_often_they_come(self, place, key):
        assert place.put_if_absent(key, b"anna", SOON) is None
        assert place.put_if_absent(key, b"anna", SOON) is None

    def test_of_many_at_once_one_is_stored_and_all_name_it(self, place, key):
        stood: list[bytes | None] = []
        threads = [
            threading.Thread(
                target=lambda n=n: stood.append(place.put_if_absent(key, b"%d" % n, SOON) or b"%d" % n)
            )
            for n in range(8)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert set(stood) == {place.get(key, SOON)}

    def test_a_listing_is_in_order_and_holds_only_what_begins_so(self, place, key):
        for name in ("b", "a", "c"):
            place.put_if_absent(f"{key}/{name}", b"x", SOON)
        assert place.names(f"{key}/", SOON) == tuple(f"{key}/{name}" for name in "abc")

    def test_a_name_of_any_letters_comes_back_as_it_was_written(self, place, key):
        odd = f"{key}/+ &=%2F~*'(){{}}$,;@!?#æø"
        assert place.put_if_absent(odd, b"x", SOON) is None
        assert place.get(odd, SOON) == b"x"
        assert place.names(odd, SOON) == (odd,)
        place.remove(odd, SOON)
        assert place.get(odd, SOON) is None

    def test_what_was_removed_is_gone_and_removing_it_again_harms_nothing(self, place, key):
        place.put_if_absent(key, b"x", SOON)
        place.remove(key, SOON)
        place.remove(key, SOON)
        assert place.get(key, SOON) is None

    def test_a_place_that_does_not_answer_is_silent_and_not_empty(self, down, key):
        for call in (
            lambda: down.put_if_absent(key, b"x", SOON),
            lambda: down.get(key, SOON),
            lambda: down.names(key, SOON),
            lambda: down.remove(key, SOON),
        ):
            with pytest.raises(PlaceSilent) as refusal:
                call()
            assert refusal.value.remedy

    def test_with_no_time_left_nothing_is_sent(self, place, key):
        with pytest.raises(PlaceSilent):
            place.put_if_absent(key, b"x", timedelta())
        assert place.get(key, SOON) is None


class TestMemory(PlaceContract):
    @pytest.fixture
    def place(self):
        return PlaceInMemory("north")

    @pytest.fixture
    def down(self):
        return PlaceInMemory("north", down=True)


class TestMarked(PlaceContract):
    @pytest.fixture
    def place(self):
        return MarkedPlace(PlaceInMemory("north", kept={MARK: mark_of("north")}))

    @pytest.fixture
    def down(self):
        return MarkedPlace(PlaceInMemory("north"))


class OfAStore(PlaceContract):
    """What every way to a place in a store must do besides."""

    @pytest.fixture
    def store(self, lab):
        return next(iter(lab.stores.values())).model_copy(update={"bucket": PLACES_BUCKET})

    def test_a_put_that_broke_off_before_its_content_has_stored_nothing(self, place, key, monkeypatch):
        send = HTTPConnection.send

        def break_off(line, data):
            if b"HTTP/1.1" in data or b"anna" not in data:
                send(line, data)
                return
            line.sock.shutdown(socket.SHUT_WR)
            while line.sock.recv(4096):  # until the store is through with it
                pass
            raise ConnectionResetError

        with monkeypatch.context() as broken:
            broken.setattr(HTTPConnection, "send", break_off)
            with pytest.raises(PlaceSilent):
                place.put_if_absent(key, b"anna", SOON)
        assert place.get(key, SOON) is None
        assert place.put_if_absent(key, b"bo", SOON) is None

    def test_where_an_object_without_content_stands_nobody_can_win_any_more(self, place, key, store):
        keys = [lab_vault().secret(one) for one in (store.access_key, store.secret_key)]
        with contextlib.closing(S3Lines(store, *keys)) as lines:
            assert lines.ask("PUT", key, SOON.total_seconds()).status == HTTPStatus.OK
        assert place.get(key, SOON) == VOID
        assert place.put_if_absent(key, b"anna", SOON) == VOID


@pytest.mark.lab
class TestLabFromAGuard(OfAStore):
    """The same places, as the guard beside a database speaks to them: without any package."""

    @pytest.fixture
    def bucket(self, lab):
        one = next(iter(lab.stores.values()))
        keys = [lab_vault().secret(reference) for reference in (one.access_key, one.secret_key)]
        return Bucket(one.url, PLACES_BUCKET, one.region, *keys)

    @pytest.fixture
    def place(self, bucket):
        place = BucketPlace("north", bucket)
        yield place
        place.close()

    @pytest.fixture
    def down(self, bucket):
        return BucketPlace("north", replace(bucket, url="http://127.0.0.1:9"))

    def test_a_missing_bucket_and_a_wrong_key_are_silence_too(self, bucket):
        for wrong in ({"bucket": "nowhere"}, {"secret_key": "another"}):
            place = BucketPlace("north", replace(bucket, **wrong))
            with contextlib.closing(place), pytest.raises(PlaceSilent, match="refused"):
                place.put_if_absent("k", b"x", SOON)

    def test_a_store_that_never_answers_costs_its_limit_and_no_more(self, bucket):
        with misbehaving(silent) as port:
            place = BucketPlace("north", replace(bucket, url=f"http://127.0.0.1:{port}"))
            with contextlib.closing(place), pytest.raises(PlaceSilent):
                place.put_if_absent("k", b"x", timedelta(milliseconds=200))


@pytest.mark.lab
class TestLab(OfAStore):
    @pytest.fixture
    def bucket(self, lab):
        return next(iter(lab.stores.values())).model_copy(update={"bucket": PLACES_BUCKET})

    @pytest.fixture
    def place(self, bucket):
        place = S3Place("north", bucket, lab_vault())
        yield place
        place.close()

    @pytest.fixture
    def down(self, bucket):
        return S3Place("north", bucket.model_copy(update={"url": "http://127.0.0.1:9"}), lab_vault())

    def test_its_bucket_keeps_no_versions(self, place, bucket):
        assert not place.is_versioned(SOON)
        with contextlib.closing(
            S3Place("north", bucket.model_copy(update={"bucket": BUCKET}), lab_vault())
        ) as versioned:
            assert versioned.is_versioned(SOON)

    def test_a_missing_bucket_and_a_wrong_key_are_silence_too(self, bucket):
        for wrong in ({"bucket": "nowhere"}, {"secret_key": "env:OTHER"}):
            place = S3Place("north", bucket.model_copy(update=wrong), lab_vault())
            with contextlib.closing(place), pytest.raises(PlaceSilent, match="refused"):
                place.put_if_absent("k", b"x", SOON)

    def test_a_store_that_never_answers_costs_its_limit_and_no_more(self, bucket):
        with misbehaving(silent) as port:
            place = S3Place(
                "north", bucket.model_copy(update={"url": f"http://127.0.0.1:{port}"}), lab_vault()
            )
            with pytest.raises(PlaceSilent, match="no answer came"):
                place.put_if_absent("k", b"x", timedelta(milliseconds=200))

    def test_the_labs_places_are_set_up_and_decide(self, lab):
        facts = technical_facts(lab)
        city = Inventory.model_validate({"city": {"name": "havnby", "title": "Havnby"}, **facts})
        places = places_of(city, lab_vault())
        assert places is not None
        assert look_at(places) == dict.fromkeys(("north", "south", "witness"))
        assert take_slot(places, "claims/x/1", b"anna") == Mine()
        assert take_slot(places, "claims/x/1", b"bo") == Theirs(b"anna")
        places.close()


def three() -> tuple[list[PlaceInMemory], Places]:
    stores = [PlaceInMemory(name) for name in ("north", "south", "witness")]
    return stores, Places([MarkedPlace(one) for one in stores])


def test_a_place_that_was_wiped_is_silent_so_that_a_lost_majority_does_not_look_free():
    stores, places = three()
    set_up(Places(stores))
    assert take_slot(places, "claims/x/1", b"anna") == Mine()
    stores[0].kept.clear()
    stores[1].kept.clear()
    look_at(places)
    outcome = take_slot(places, "claims/x/1", b"bo")
    assert not isinstance(outcome, Mine)
    assert "mark is not there" in str(look_at(places)["north"])


def test_setting_up_takes_three_empty_places_that_refuse_a_second_write():
    stores, _ = three()
    stores[1].kept["claims/x/1/1"] = b"anna"
    with pytest.raises(BadInput, match="not empty"):
        set_up(Places(stores))
    assert all(MARK not in one.kept for one in stores)
    stores[1].kept.clear()
    set_up(Places(stores))
    set_up(Places(stores))


class Overwriting(PlaceInMemory):
    """A store that ignores the condition, as some do."""

    def put_if_absent(self, key, content, within):
        self.kept[key] = content


def test_a_store_that_writes_over_what_is_there_is_no_place():
    stores = [PlaceInMemory("north"), Overwriting("south"), PlaceInMemory("witness")]
    with pytest.raises(BadInput, match="wrote over"):
        set_up(Places(stores))
    assert all(MARK not in one.kept for one in stores)


@pytest.mark.parametrize(
    ("places", "problem"),
    [
        ({"north": "a", "south": "b"}, "there must be three"),
        ({"north": "a", "south": "b", "witness": "a"}, "lost together"),
    ],
)
def test_there_are_three_places_in_three_stores_or_none(places, problem):
    written = {name: PlaceEntry(store=store) for name, store in places.items()}
    with pytest.raises(ValueError, match=problem):
        Inventory.model_validate({"city": {"name": "x", "title": "x"}, "places": written})
