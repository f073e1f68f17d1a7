"""Whose keys may say what: read as OpenSSH reads it, from a folder that nobody else can write."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import signers
from seawall.errors import BadInput
from seawall.signers import NotAllowed, parse_signers, read_signers, read_trust
from seawall.ssh_wire import NotASignature
from seawall.sshsig import read_signature, sign
from tests.seawall.keys import ed25519_key

ANNA, BO = ed25519_key(), ed25519_key()
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SPACE = "seawall-approval"
WORDS = b"yes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "trust"
    made.mkdir(mode=0o700)
    (made / "allowed_signers").write_text(f"anna {ANNA.line}\nbo {BO.line} Bo's laptop\n")
    return made


def test_a_key_speaks_for_whom_its_line_names(folder: Path):
    trust = read_signers(folder)
    one = read_signature(sign(WORDS, SPACE, ANNA))
    trust.check(one, WORDS, SPACE, "anna", NOW)
    with pytest.raises(NotAllowed, match="it is the key of anna, and not of bo"):
        trust.check(one, WORDS, SPACE, "bo", NOW)
    with pytest.raises(NotASignature, match="does not fit"):
        trust.check(one, b"no", SPACE, "anna", NOW)
    stranger = read_signature(sign(WORDS, SPACE, ed25519_key()))
    with pytest.raises(NotAllowed, match="is nobody's here"):
        trust.check(stranger, WORDS, SPACE, "anna", NOW)


LINES = [
    ("anna", "", True),
    ("bo,anna", "", True),
    ("a*a", "", True),
    ("ann?", "", True),
    ("*,!anna", "", False),
    ("!anna,*", "", False),
    ("annab", "", False),
    ('"anna"', "", True),
    ("anna", 'namespaces="seawall-approval" ', True),
    ("anna", 'namespaces="file,seawall-*" ', True),
    ("anna", 'namespaces="file" ', False),
    ("anna", 'valid-after="20261122Z" ', True),
    ("anna", 'valid-after="202611220301Z" ', False),
    ("anna", 'valid-before="20261122030001Z" ', True),
    ("anna", 'valid-before="202611220259Z" ', False),
    ("anna", 'namespaces="seawall-*",valid-after="20260101Z",valid-before="20270101Z" ', True),
]


@pytest.mark.slow  # starts ssh-keygen
@pytest.mark.parametrize(("principals", "options", "counts"), LINES)
def test_a_line_means_here_what_it_means_to_ssh_keygen(
    principals: str, options: str, counts: bool, tmp_path: Path
):
    text = f"{principals} {options}{ANNA.line}\n"
    (signer,) = parse_signers(text, "file")
    assert (signer.why_not("anna", SPACE, NOW) is None) is counts
    (tmp_path / "allowed").write_text(text)
    (tmp_path / "signature").write_text(sign(WORDS, SPACE, ANNA))
    words = ["ssh-keygen", "-Y", "verify", "-f", f"{tmp_path}/allowed", "-I", "anna", "-n", SPACE]
    words += ["-s", f"{tmp_path}/signature", "-O", f"verify-time={NOW:%Y%m%d%H%M%S}Z"]
    seen = subprocess.run(words, input=WORDS, capture_output=True, timeout=20, check=False)
    assert (seen.returncode == 0) is counts, seen.stderr


def test_a_time_without_a_z_is_by_this_hosts_clock(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Europe/Copenhagen")
    import time

    time.tzset()
    try:
        (signer,) = parse_signers(f'anna valid-after="202607011200" {ANNA.line}', "file")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert signer.since == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


def test_every_line_that_is_none_is_named():
    text = "\n".join(
        [
            "# whoever keeps this: the security officer",
            "anna",
            f"anna cert-authority {ANNA.line}",
            f"anna no-touch-required {ANNA.line}",
            f'anna valid-after="tomorrow" {ANNA.line}',
            f'anna valid-after="20261340" {ANNA.line}',
            "anna ssh-ed25519 AAAA",
            "anna ssh-dss AAAAB3NzaC1kc3M=",
            f"bo {BO.line}",
        ]
    )
    with pytest.raises(BadInput) as error:
        parse_signers(text, "allowed_signers")
    assert [one.where for one in error.value.mistakes] == [f"allowed_signers:{n}" for n in range(2, 9)]
    assert "takes keys, and no certificates" in error.value.mistakes[1].problem


@given(st.text(max_size=120) | st.text(max_size=30).map(lambda more: f"anna {more}{ANNA.line}"))
def test_whatever_the_file_holds_it_is_read_or_refused_in_words(text: str):
    try:
        read = parse_signers(text, "file")
    except BadInput:
        return
    assert all(one.principals and one.key for one in read)


@pytest.mark.parametrize(
    ("name", "mode"), [("", 0o770), ("", 0o707), ("allowed_signers", 0o664), ("allowed_signers", 0o646)]
)
def test_what_others_may_write_is_no_trust_root(folder: Path, name: str, mode: int):
    (folder / name).chmod(mode)
    with pytest.raises(BadInput, match="may write it, and so let any key count"):
        read_signers(folder)


def test_what_belongs_to_somebody_else_is_no_trust_root(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    if folder.stat().st_uid == 0:
        os.chown(folder / "allowed_signers", 12, -1)
    with pytest.raises(BadInput, match="belongs to user"):
        read_signers(folder)


def test_taking_the_file_away_does_not_turn_signatures_into_typed_yeses(folder: Path):
    environ = {"SEAWALL_TRUST": str(folder)}
    assert read_trust(environ) is not None
    (folder / "allowed_signers").unlink()
    with pytest.raises(BadInput, match="No such file"):
        read_trust(environ)


def test_a_host_without_the_file_has_no_trust_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signers, "HERE", tmp_path)
    assert read_trust({}) is None
    (tmp_path / "allowed_signers").write_text(f"anna {ANNA.line}\n")
    tmp_path.chmod(0o700)
    trust = read_trust({})
    assert trust is not None
    assert [one.principals for one in trust.keys_of("anna", SPACE, NOW + timedelta(days=1))] == [("anna",)]
