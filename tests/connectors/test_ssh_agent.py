"""Signing with one's own SSH key: by a real ssh-agent, or from a file; nothing of it is kept."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.ssh import agent
from connectors.ssh.agent import agent_keys, key_from_file
from seawall.errors import BadInput, DidNothing, SeawallError, Unreachable
from seawall.sshsig import read_signature, sign, verify
from tests.seawall.keys import Key, ecdsa_key, ed25519_key, rsa_key

SPACE, WORDS = "seawall-approval", b"yes"
KINDS = {"ed25519": ed25519_key, "nistp384": lambda: ecdsa_key("nistp384"), "rsa": rsa_key}


def never() -> str:
    pytest.fail("no passphrase is wanted here")


def laid(folder: Path, key: Key, passphrase: str | None = None) -> Path:
    path = folder / "id"
    path.write_bytes(key.pem(passphrase))
    path.chmod(0o600)
    path.with_suffix(".pub").write_text(f"{key.line} somebody\n")
    return path


@pytest.fixture
def held(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A real ssh-agent that holds nothing yet; its environment."""
    path = tmp_path / "agent"
    running = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(500):
            if path.exists():
                break
            threading.Event().wait(0.01)
        yield os.environ | {"SSH_AUTH_SOCK": str(path)}
    finally:
        running.terminate()
        running.wait(10)


@pytest.mark.slow  # starts OpenSSH's programs
@pytest.mark.parametrize("kind", KINDS)
def test_an_agent_signs_with_the_key_that_it_holds(kind: str, held: dict[str, str], tmp_path: Path):
    key = KINDS[kind]()
    assert agent_keys(held) == ()
    subprocess.run(["ssh-add", laid(tmp_path, key)], env=held, check=True, capture_output=True)
    (one,) = agent_keys(held)
    assert one.public_key == key.public_key
    verify(read_signature(sign(WORDS, SPACE, one)), WORDS, SPACE)
    by_name = key_from_file(tmp_path / "id.pub", never, (one,))
    assert by_name is one


@pytest.mark.slow  # starts OpenSSH's programs
def test_an_agent_that_lost_the_key_or_locked_it_says_so(held: dict[str, str], tmp_path: Path):
    subprocess.run(["ssh-add", laid(tmp_path, ed25519_key())], env=held, check=True, capture_output=True)
    (one,) = agent_keys(held)
    subprocess.run(["ssh-add", "-D"], env=held, check=True, capture_output=True)
    with pytest.raises(DidNothing, match="did not sign"):
        sign(WORDS, SPACE, one)
    with pytest.raises(BadInput, match="does not hold this key"):
        key_from_file(tmp_path / "id.pub", never, agent_keys(held))


def test_without_an_agent_there_are_no_keys_and_a_dead_one_is_named(tmp_path: Path):
    assert agent_keys({}) == ()
    with pytest.raises(Unreachable, match="ssh-agent does not answer"):
        agent_keys({"SSH_AUTH_SOCK": str(tmp_path / "gone")})


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0\0\0\5\x0c\0\0\0\3", b"\0\0\0\x0a\x0c\0\0\0\1\xff\xff\xff\xff\0", b"\xff\xff\xff\xff\x0c"],
)
def test_whatever_an_agent_answers_it_is_no_traceback(answer: bytes, tmp_path: Path):
    path = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def talk() -> None:
            other, _ = server.accept()
            with other:
                other.recv(1000)
                other.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(SeawallError) as error:
            agent_keys({"SSH_AUTH_SOCK": str(path)})
        thread.join()
    assert error.value.remedy


def test_an_agent_that_says_nothing_is_not_waited_for_without_end(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(agent, "ANSWERS_WITHIN", timedelta(milliseconds=50))
    path = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with pytest.raises(Unreachable, match="timed out"):
            agent_keys({"SSH_AUTH_SOCK": str(path)})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("passphrase", [None, "ærlig talt"])
def test_a_key_in_a_file_signs_and_asks_for_its_passphrase_if_it_has_one(
    kind: str, passphrase: str | None, tmp_path: Path
):
    key = KINDS[kind]()
    asked = []

    def ask() -> str:
        asked.append(1)
        return passphrase or ""

    one = key_from_file(laid(tmp_path, key, passphrase), ask)
    assert one.public_key == key.public_key
    assert len(asked) == (passphrase is not None)
    verify(read_signature(sign(WORDS, SPACE, one)), WORDS, SPACE)


@pytest.mark.slow  # starts OpenSSH's programs
def test_a_key_that_ssh_keygen_made_signs(tmp_path: Path):
    path = tmp_path / "id"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "long enough", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    verify(read_signature(sign(WORDS, SPACE, key_from_file(path, lambda: "long enough"))), WORDS, SPACE)
    with pytest.raises(BadInput, match="the passphrase is another"):
        key_from_file(path, lambda: "wrong")


@pytest.mark.parametrize(
    "content", [b"", b"ssh-ed25519 AAAA", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", b"\xff"]
)
def test_what_is_no_key_is_refused_in_words(content: bytes, tmp_path: Path):
    path = tmp_path / "id"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"is no (private )?SSH key"):
        key_from_file(path, never)
