"""Secrets sealed to people's SSH keys: their own key opens them, nobody else's does, and nothing is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sealing import seal, unseal
from seawall.errors import BadInput
from tests.seawall.keys import Key, ecdsa_key, ed25519_key, rsa_key

SECRET = b'{"env:X": "canary-4711"}'
ANNA, BO = ed25519_key(), rsa_key()


def no_passphrase(_key: Path) -> str | None:
    return None


def kept(folder: Path, key: Key, name: str = "key", passphrase: str | None = None) -> Path:
    path = folder / name
    path.write_bytes(key.pem(passphrase))
    return path


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return seal(SECRET, {"anna": [ANNA.line], "bo": [BO.line]})


@pytest.mark.parametrize("key", [ANNA, BO], ids=["ed25519", "rsa"])
def test_each_persons_own_key_opens_it(sealed, key, tmp_path):
    assert unseal(sealed, kept(tmp_path, key), no_passphrase, sealed_to="anna, bo") == SECRET


def test_nothing_of_it_stands_in_the_clear(sealed):
    assert b"canary" not in sealed
    assert b"env:X" not in sealed


def test_it_is_never_sealed_twice_to_the_same_bytes(sealed):
    assert seal(SECRET, {"anna": [ANNA.line], "bo": [BO.line]}) != sealed


def test_another_key_is_told_for_whom_it_is(sealed, tmp_path):
    path = kept(tmp_path, ed25519_key())
    with pytest.raises(BadInput, match=r"cannot be opened with .*/key; they are sealed to anna, bo"):
        unseal(sealed, path, no_passphrase, sealed_to="anna, bo")


def test_a_key_under_a_passphrase_is_opened_in_memory(sealed, tmp_path):
    path = kept(tmp_path, ANNA, passphrase="river")
    before = path.read_bytes()
    assert unseal(sealed, path, lambda _: "river", sealed_to="anna") == SECRET
    assert [path.read_bytes(), *tmp_path.iterdir()] == [before, path]


def test_a_wrong_passphrase_is_said(sealed, tmp_path):
    path = kept(tmp_path, ANNA, passphrase="river")
    with pytest.raises(BadInput, match="the passphrase is wrong"):
        unseal(sealed, path, lambda _: "lake", sealed_to="anna")


def test_where_nobody_can_be_asked_for_a_passphrase_that_is_said(sealed, tmp_path):
    path = kept(tmp_path, ANNA, passphrase="river")
    with pytest.raises(BadInput, match="has a passphrase, and nobody can be asked"):
        unseal(sealed, path, no_passphrase, sealed_to="anna")


def test_the_usual_keys_of_a_home_are_tried_and_others_passed_over(sealed, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(BadInput, match=r"there is no key in ~/.ssh"):
        unseal(sealed, None, no_passphrase, sealed_to="bo")
    (tmp_path / ".ssh").mkdir()
    kept(tmp_path / ".ssh", ed25519_key(), "id_ed25519")
    kept(tmp_path / ".ssh", BO, "id_rsa")
    assert unseal(sealed, None, no_passphrase, sealed_to="bo") == SECRET


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", b"\xff" * 99]
)
def test_what_is_no_private_key_is_said_to_be_none(sealed, content, tmp_path):
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="no private key"):
        unseal(sealed, path, no_passphrase, sealed_to="anna")


def test_a_key_that_can_only_sign_is_refused_on_both_sides(sealed, tmp_path):
    signs = ecdsa_key("nistp256")
    with pytest.raises(BadInput, match=r"eve has no key that opens something \(ecdsa-sha2-nistp256\)"):
        seal(SECRET, {"eve": [signs.line]})
    with pytest.raises(BadInput, match="a key of this kind opens nothing"):
        unseal(sealed, kept(tmp_path, signs), no_passphrase, sealed_to="anna")


@pytest.mark.parametrize("cut", [0, 1, 100, 300, -1])
def test_what_was_cut_off_opens_nothing(sealed, cut, tmp_path):
    with pytest.raises(BadInput, match="cannot be opened"):
        unseal(sealed[:cut], kept(tmp_path, ANNA), no_passphrase, sealed_to="anna")
