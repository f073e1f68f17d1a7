"""The go-bag's file: written one way, read no other way, and believed only as it was signed."""

from __future__ import annotations

import dataclasses
import io
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.errors import BadInput
from seawall.go_bag import archive
from seawall.go_bag.archive import first_member, pack, unpack
from seawall.go_bag.bag import Bag, bag_of, by_itself, by_key, read_bag, write_bag
from seawall.go_bag.contents import changed_since, files_of, names_in, references_in
from seawall.go_bag.failures import failures, lost_sites
from seawall.go_bag.kept import go_bags_now
from seawall.go_bag.manifest import MANIFEST, NAMESPACE, SIGNATURE, KeptPlan, Manifest, digests, read_manifest
from seawall.loading import load_inventory
from seawall.model import Text
from seawall.settings import GoBagSettings, Settings
from tests.examples import examples
from tests.seawall.keys import ed25519_key

SMALL_CITY = Path(__file__).parent / "small_city"
REFERENCE_CITY = Path(__file__).parents[2] / "drills" / "city"
MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
KEY = ed25519_key()
MEMBERS = {
    "city/inventory/city.yaml": b"city: {name: havnby}\n",
    "plans/login-to-south.json": b"{}",
    "__main__.py": b"",
}
WHERE = Path("a/bag.pyz")


def a_manifest(members: Mapping[str, bytes] = MEMBERS, **more: object) -> Manifest:
    fields = {
        "city": "havnby",
        "title": Text(en="Havnby"),
        "made_at": MORNING,
        "made_by": "anna",
        "made_with": "0.1.0",
        "good_for": timedelta(days=7),
        "members": digests(members),
    }
    return Manifest.model_validate(fields | more)


def a_bag(members: Mapping[str, bytes] = MEMBERS, **more: object) -> bytes:
    return write_bag(a_manifest(members, **more), members, KEY)


def refused(content: bytes) -> str:
    """Return why these bytes are refused, having seen that all three parts are said."""
    with pytest.raises(BadInput) as error:
        bag_of(content, WHERE, by_itself)
    (mistake,) = error.value.mistakes
    assert mistake.where == str(WHERE)
    assert len(mistake.remedy) > 10
    return mistake.problem


class TestWhole:
    def test_what_was_put_in_comes_out(self):
        bag = bag_of(a_bag(), WHERE, by_itself)
        assert {name: bag.members[name] for name in MEMBERS} == MEMBERS
        assert bag.manifest == a_manifest()
        assert bag.city_files == {"inventory/city.yaml": MEMBERS["city/inventory/city.yaml"]}

    def test_the_same_inputs_give_the_same_bytes_in_any_order(self):
        turned = dict(reversed(list(MEMBERS.items())))
        assert a_bag() == a_bag() == write_bag(a_manifest(), turned, KEY)

    def test_every_program_for_archives_opens_it(self, tmp_path):
        path = tmp_path / "bag.pyz"
        path.write_bytes(a_bag())
        with zipfile.ZipFile(path) as opened:
            assert opened.testzip() is None
            assert opened.read("plans/login-to-south.json") == b"{}"

    @pytest.mark.slow  # starts ssh-keygen
    def test_openssh_verifies_it_without_seawall(self, tmp_path):
        bag = bag_of(a_bag(), WHERE, by_itself)
        signers, signature = tmp_path / "allowed_signers", tmp_path / "manifest.sig"
        signers.write_text(f"anna {KEY.line}\n")
        signature.write_bytes(bag.members[SIGNATURE])
        words = ["-Y", "verify", "-f", signers, "-I", "anna", "-n", NAMESPACE, "-s", signature]
        said = subprocess.run(
            ["ssh-keygen", *map(str, words)], check=False, input=bag.members[MANIFEST], capture_output=True
        )
        assert b"Good" in said.stdout, said

    def test_its_first_page_is_read_alone(self, tmp_path):
        path = tmp_path / "bag.pyz"
        path.write_bytes(a_bag()[:-50])
        assert read_manifest(first_member(path, MANIFEST, 10_000), "bag") == a_manifest()


def zipped(**members: bytes) -> bytes:
    """What another program makes of such members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive_:
        for name, one in members.items():
            archive_.writestr(name, one)
    return content.getvalue()


def renamed(content: bytes, name: str) -> bytes:
    """The same bag with its plan under another name of the same length, in both places."""
    old = b"plans/login-to-south.json"
    assert len(name) == len(old)
    signed, end, rest = content.partition(b"-----END SSH SIGNATURE-----")
    return signed + end + rest.replace(old, name.encode())


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "is empty"),
            (b"#!/bin/sh\n", "does not begin as one"),
            (a_bag()[:-1], "its end is missing"),
            (a_bag()[:-80], "its end is missing"),
            (a_bag()[:400], "cut off in the middle of 'manifest.json'"),
            (a_bag()[:20], "cut off in the middle of a file"),
            (a_bag() + b"\0", "has 1 bytes behind its end"),
            (a_bag() + a_bag(), "behind its end"),
            (b"garbage" + a_bag(), "does not begin as one"),
            (renamed(a_bag(), "../../../../../etc/passwd"), "would lie outside the go-bag"),
            (renamed(a_bag(), "/plans/loginto-south.json"), "would lie outside the go-bag"),
            (renamed(a_bag(), "plans/.login-to-south.jso"), "a name that no go-bag gives"),
            (renamed(a_bag(), "plans/login to south.json"), "a name that no go-bag gives"),
            (renamed(a_bag(), "plans\\login-to-south.json"), "would lie outside the go-bag"),
            (zipped(**{MANIFEST: b"0" * 10_000_000}), "is packed"),
        ],
    )
    def test_what_is_not_written_as_a_go_bag_is(self, content, why):
        assert why in refused(content)

    def test_a_file_that_is_there_twice(self):
        one, name = a_bag(), b"plans/login-to-south.json"
        begin = one.index(name, one.index(b"END SSH SIGNATURE")) - archive._LOCAL.size
        member = one[begin : begin + archive._LOCAL.size + len(name) + len(b"{}")]
        assert "two files called plans/login-to-south.json" in refused(one[:begin] + member + one[begin:])

    def test_a_file_with_one_bit_turned_is_damaged_and_no_lie(self):
        content = a_bag().replace(b"name: havnby}\n", b"name: havmby}\n")
        assert refused(content) == "'city/inventory/city.yaml' is damaged"

    def test_a_link(self):
        content = bytearray(a_bag())
        at = content.rindex(b"plans/login-to-south.json") - 8
        content[at : at + 4] = struct.pack("<I", 0o120777 << 16)
        assert "its list of contents is not what it contains" in refused(bytes(content))

    def test_a_list_that_leaves_something_out(self):
        hidden = pack({name: one for name, one in unpack(a_bag(), "").items() if name != "__main__.py"})
        whole, listed = a_bag(), hidden.index(b"PK\x01\x02")
        assert "its list of contents is not what it contains" in refused(
            whole[: whole.index(b"PK\x01\x02")] + hidden[listed:]
        )

    def test_more_files_than_any_has(self, monkeypatch):
        content = a_bag()
        monkeypatch.setattr(archive, "MOST", 3)
        assert "more than 3 files" in refused(content)

    def test_one_that_is_larger_than_any_is(self, tmp_path, monkeypatch):
        path = tmp_path / "bag.pyz"
        path.write_bytes(a_bag())
        monkeypatch.setattr(archive, "LARGEST", 100)
        with pytest.raises(BadInput, match="at most"):
            read_bag(path, by_itself)

    def test_a_name_that_no_disk_should_get_is_not_even_packed(self):
        with pytest.raises(BadInput, match="cannot hold a file of this name"):
            pack({"city/../../x": b""})

    def test_a_member_that_is_not_what_was_signed(self):
        members = dict(unpack(a_bag(), ""))
        members["plans/login-to-south.json"] = b"[]"
        assert refused(pack(members)) == "what it holds is not what was signed: plans/login-to-south.json"

    def test_a_member_that_nobody_signed_for(self):
        assert "was signed: city/x.yaml" in refused(pack({**unpack(a_bag(), ""), "city/x.yaml": b""}))

    def test_a_member_that_was_taken_out(self):
        members = {name: one for name, one in unpack(a_bag(), "").items() if name != "__main__.py"}
        assert "was signed: __main__.py" in refused(pack(members))

    def test_one_that_nobody_signed(self):
        members = {name: one for name, one in unpack(a_bag(), "").items() if name != SIGNATURE}
        assert refused(pack(members)) == "nobody signed it"

    def test_one_with_the_signature_of_another(self):
        members = dict(unpack(a_bag(), ""))
        members[SIGNATURE] = unpack(a_bag(made_by="eve"), "")[SIGNATURE]
        assert "its signature is wrong" in refused(pack(members))

    def test_one_signed_for_something_else(self, monkeypatch):
        monkeypatch.setattr("seawall.go_bag.bag.NAMESPACE", "seawall-approval")
        content = a_bag()
        monkeypatch.undo()
        assert "it was given for 'seawall-approval'" in refused(content)

    def test_one_whose_manifest_comes_later(self):
        members = dict(unpack(a_bag(), ""))
        members[MANIFEST] = members.pop(MANIFEST)
        assert "does not begin with a manifest" in refused(pack(members))

    @pytest.mark.parametrize(
        ("manifest", "why"),
        [
            (b'{"format":2}', "another version"),
            (b"[" * 100_000, "cannot be understood"),
            (b"{}", "cannot be understood"),
            (a_manifest().written() + b"\n", "not written as Seawall writes it"),
        ],
    )
    def test_a_manifest_of_another_version_or_none(self, manifest, why, monkeypatch):
        monkeypatch.setattr(Manifest, "written", lambda _: manifest)
        content = a_bag()
        monkeypatch.undo()
        assert why in refused(content)


class TestBelieved:
    def test_by_the_key_that_somebody_named(self):
        bag = bag_of(a_bag(), WHERE, by_key(KEY.fingerprint, where="x"))
        assert (bag.vouched.against, bag.vouched.key) == ("key", KEY.fingerprint)

    def test_not_by_another(self):
        with pytest.raises(BadInput, match=r"it is signed by SHA256:.*, and not by SHA256:other"):
            bag_of(a_bag(), WHERE, by_key("SHA256:other", where="x"))

    def test_one_that_is_too_old_says_how_old_it_may_become(self):
        bag = bag_of(a_bag(), WHERE, by_itself)
        bag.refuse_old(MORNING + timedelta(days=7))
        with pytest.raises(BadInput, match=r"it is 7\.1 days old, and good for 7d.*--although-old"):
            bag.refuse_old(MORNING + timedelta(days=7, hours=2))

    def test_one_of_another_city_names_both(self):
        with pytest.raises(BadInput, match="a go-bag of havnby, and this is skovby"):
            bag_of(a_bag(), WHERE, by_itself).refuse_other("skovby")


def outcome(content: bytes) -> Bag | BadInput:
    try:
        return bag_of(content, WHERE, by_itself)
    except BadInput as error:
        return error


WHOLE = a_bag()


class TestFuzz:
    """Whatever the bytes, the right answer or a clear refusal; never anything else."""

    @given(st.binary(max_size=2000))
    def test_any_bytes(self, content):
        assert isinstance(outcome(content), BadInput)

    @given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
    @examples(400)
    def test_any_one_byte_that_was_turned_is_seen(self, at, turn):
        content = bytearray(WHOLE)
        content[at] ^= turn
        assert isinstance(outcome(bytes(content)), BadInput)

    @given(st.data())
    def test_any_part_left_out_doubled_or_put_elsewhere(self, data):
        begin = data.draw(st.integers(0, len(WHOLE)))
        end = data.draw(st.integers(begin, len(WHOLE)))
        at = data.draw(st.integers(0, len(WHOLE)))
        part = data.draw(st.sampled_from([b"", WHOLE[begin:end]]))
        content = WHOLE[:begin] + WHOLE[end:]
        content = content[:at] + part + content[at:]
        found = outcome(content)
        assert isinstance(found, Bag) if content == WHOLE else isinstance(found, BadInput)

    @given(
        st.dictionaries(
            st.from_regex(archive.NAME, fullmatch=True).filter(lambda name: len(name) <= 255),
            st.binary(max_size=50),
            max_size=8,
        )
    )
    @settings(suppress_health_check=[HealthCheck.too_slow])
    def test_any_sound_members_come_back(self, members):
        if members:
            assert dict(unpack(pack(members), "x")) == members


class TestContents:
    def test_a_city_goes_in_as_people_wrote_it_and_nothing_of_its_runs(self, tmp_path):
        for name in (
            "inventory/city.yaml",
            "runbooks/x.yaml",
            "seawall.yaml",
            "runs/r/journal.jsonl",
            "keys/id.yaml",
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("a: 1\n")
        found = [name for name in files_of(tmp_path) if name.startswith("city/")]
        assert found == ["city/inventory/city.yaml", "city/runbooks/x.yaml", "city/seawall.yaml"]

    def test_what_changed_since_is_named(self, tmp_path):
        path = tmp_path / "inventory" / "city.yaml"
        path.parent.mkdir()
        path.write_text("a: 1\n")
        manifest = a_manifest(files_of(tmp_path))
        assert changed_since(manifest, tmp_path) == ()
        path.write_text("a: 2\n")
        (tmp_path / "runbooks").mkdir()
        (tmp_path / "runbooks" / "new.yaml").write_text("b: 1\n")
        assert changed_since(manifest, tmp_path) == ("inventory/city.yaml", "runbooks/new.yaml")

    def test_every_reference_to_a_secret_is_found(self):
        inventory = load_inventory(REFERENCE_CITY)
        found = references_in(inventory, ())
        assert "env:SEAWALL_LOGIN_PASSWORD" in found
        assert "file:/etc/seawall/keys/id_ed25519" in found
        assert all(one.partition(":")[0] in ("env", "file", "keyring", "vault") for one in found)

    def test_addresses_that_are_names_are_told(self):
        inventory = load_inventory(SMALL_CITY)
        host = next(iter(inventory.hosts))
        named = inventory.hosts[host].model_copy(update={"address": "db.havnby.example"})
        assert "db.havnby.example" in names_in(
            inventory.model_copy(update={"hosts": {**inventory.hosts, host: named}})
        )
        assert all(not one[0].isdigit() for one in names_in(inventory))


class TestFailures:
    def test_every_service_of_the_first_tier_has_one_and_no_other_service(self):
        inventory = load_inventory(REFERENCE_CITY)
        wanted = {name for name, one in inventory.services.items() if one.tier == 1}
        assert {one.service for one in failures(inventory)} == wanted

    def test_each_goes_to_its_standby_and_needed_ones_come_first(self):
        found = {one.service: one for one in failures(load_inventory(REFERENCE_CITY))}
        assert (found["login"].name, found["login"].runbook) == ("login-to-south", "postgres-failover")
        assert found["login"].parameters == {"service": "login", "to": "south"}

    def test_a_lost_site_names_the_plans_of_what_ran_there(self):
        inventory = load_inventory(REFERENCE_CITY)
        plans = tuple(
            KeptPlan(
                name=one.name,
                title=Text(en=one.name),
                runbook=one.runbook or "x",
                parameters={},
                service=one.service,
                lost=one.lost,
                digest="0" * 64,
            )
            for one in failures(inventory)
            if one.runbook is not None
        )
        sites = {one.site: one.plans for one in lost_sites(inventory, plans)}
        assert "login-to-south" in sites["north"]
        assert "login-to-south" not in sites["south"]


class TestKept:
    """What `doctor` and `status` say of the go-bags that a city keeps."""

    @pytest.fixture
    def city(self, tmp_path: Path) -> Settings:
        path = tmp_path / "inventory" / "city.yaml"
        path.parent.mkdir()
        path.write_text("city: {name: havnby, title: Havnby}\n")
        policy = GoBagSettings(at_most=timedelta(days=7), keep_at=("stick",))
        return Settings(city=tmp_path, runs=tmp_path / "runs", go_bag=policy)

    @pytest.fixture
    def keep(self, city: Settings) -> Callable[..., None]:
        def kept(**more: object) -> None:
            members = dict(files_of(city.city))
            (city.city / "stick").mkdir(exist_ok=True)
            (city.city / "stick" / "havnby-go-bag.pyz").write_bytes(a_bag(members, **more))

        return kept

    def now(self, city: Settings, days: float = 1) -> tuple[bool, bool, str | None]:
        (one,) = go_bags_now(city, "havnby", MORNING + timedelta(days=days))
        return one.well, one.too_old, one.problem

    def test_a_young_one_of_the_city_as_it_is_is_well(self, city, keep):
        keep()
        assert self.now(city) == (True, False, None)

    def test_one_that_is_not_there_is_not(self, city):
        assert self.now(city) == (False, False, "there is none")

    def test_one_older_than_the_policy_of_today_is_not(self, city, keep):
        keep(good_for=timedelta(days=300))
        assert self.now(city, days=7.1) == (False, True, None)

    def test_one_of_which_the_city_has_changed_is_not(self, city, keep):
        keep()
        (city.city / "inventory" / "more.yaml").write_text("sites: {}\n")
        (one,) = go_bags_now(city, "havnby", MORNING)
        assert (one.well, one.changed) == (False, ("inventory/more.yaml",))

    def test_one_of_another_city_is_not(self, city, keep):
        keep(city="skovby")
        assert self.now(city) == (False, False, "it is of skovby")

    def test_one_that_is_no_go_bag_is_not(self, city):
        (city.city / "stick").mkdir()
        (city.city / "stick" / "havnby-go-bag.pyz").write_text("hello")
        assert self.now(city)[2] == "is no go-bag: it does not begin as one"

    def test_nothing_is_said_where_no_settings_say_that_one_is_kept(self, city):
        plain = city.model_copy(update={"go_bag": GoBagSettings()})
        assert list(go_bags_now(plain, "havnby", MORNING)) == []


def test_a_bag_remembers_nothing_but_what_was_read():
    assert {one.name for one in dataclasses.fields(Bag)} == {"path", "manifest", "members", "vouched"}
