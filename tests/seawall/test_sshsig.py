"""Signatures in OpenSSH's format: what ssh-keygen signs counts here, what is signed here counts there, and no other."""

from __future__ import annotations

import base64
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from seawall.ssh_wire import NotASignature
from seawall.sshsig import (
    BEGIN,
    END,
    Signing,
    armor,
    fingerprint,
    key_from_line,
    read_signature,
    sign,
    verify,
)
from tests.seawall.keys import Key, SecurityKey, ecdsa_key, ed25519_key, rsa_key, string

SPACE = "seawall-approval"
WORDS = b'{"step":"fence"}'

MAKERS = {
    "ed25519": ed25519_key,
    "nistp256": lambda: ecdsa_key("nistp256"),
    "nistp384": lambda: ecdsa_key("nistp384"),
    "nistp521": lambda: ecdsa_key("nistp521"),
    "rsa": rsa_key,
}


@cache
def key(kind: str) -> Key:
    return MAKERS[kind]()


@cache
def security_key(kind: str, flags: int = 1) -> SecurityKey:
    if kind == "ed25519":
        return SecurityKey(ed25519.Ed25519PrivateKey.generate(), flags)
    return SecurityKey(ec.generate_private_key(ec.SECP256R1()), flags)


@cache
def signed(kind: str) -> str:
    by: Signing = security_key(kind[3:]) if kind.startswith("sk-") else key(kind)
    return sign(WORDS, SPACE, by)


KINDS = (*MAKERS, "sk-ed25519", "sk-ecdsa")


def ssh_keygen(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    words = ["ssh-keygen", *map(str, arguments)]
    return subprocess.run(words, input=given, capture_output=True, timeout=20, check=False)


@pytest.mark.slow  # starts ssh-keygen
@pytest.mark.parametrize("kind", KINDS)
def test_ssh_keygen_accepts_what_is_signed_here(kind: str, tmp_path: Path):
    one = read_signature(signed(kind))
    line = f"{key_kind(one.key)} {base64.b64encode(one.key).decode()}"
    (tmp_path / "allowed").write_text(f'bo namespaces="{SPACE}" {line}\n')
    (tmp_path / "signature").write_text(signed(kind))
    files = ("-f", tmp_path / "allowed", "-s", tmp_path / "signature")
    seen = ssh_keygen("-Y", "verify", *files, "-I", "bo", "-n", SPACE, given=WORDS)
    assert seen.returncode == 0, seen.stderr
    assert fingerprint(one.key).encode() in seen.stdout
    assert ssh_keygen("-Y", "verify", *files, "-I", "bo", "-n", SPACE, given=WORDS + b" ").returncode


@pytest.mark.slow  # starts ssh-keygen
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_what_ssh_keygen_signs_counts_here(kind: str, hash_name: str, tmp_path: Path):
    path = tmp_path / "key"
    path.write_bytes(key(kind).pem())
    path.chmod(0o600)
    made = ssh_keygen("-Y", "sign", "-O", f"hashalg={hash_name}", "-f", path, "-n", SPACE, given=WORDS)
    assert made.returncode == 0, made.stderr
    one = read_signature(made.stdout.decode())
    verify(one, WORDS, SPACE)
    assert (one.key, one.hash_name) == (key(kind).public_key, hash_name)
    assert armor(one) == made.stdout.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_holds_for_its_own_words_and_namespace_alone(kind: str):
    one = read_signature(signed(kind))
    verify(one, WORDS, SPACE)
    with pytest.raises(NotASignature, match="does not fit what was signed"):
        verify(one, WORDS.replace(b"fence", b"fences"), SPACE)
    with pytest.raises(NotASignature, match="was given for 'seawall-approval', and 'seawall-request'"):
        verify(one, WORDS, "seawall-request")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_security_key_that_nobody_touched_says_nothing(kind: str):
    untouched = read_signature(sign(WORDS, SPACE, security_key(kind, flags=4)))
    assert untouched.touched is False
    with pytest.raises(NotASignature, match="a person touched it"):
        verify(untouched, WORDS, SPACE)
    assert read_signature(signed(f"sk-{kind}")).touched
    assert read_signature(signed("ed25519")).touched is None


def test_short_rsa_keys_and_old_algorithms_are_refused():
    with pytest.raises(NotASignature, match="1024 bits"):
        read_signature(sign(WORDS, SPACE, rsa_key(1024)))

    class Sha1:
        public_key = key("rsa").public_key

        def sign(self, content: bytes) -> bytes:
            return string(b"ssh-rsa") + key("rsa").sign(content)[len(string(b"rsa-sha2-512")) :]

    with pytest.raises(NotASignature, match="'ssh-rsa', which is not taken"):
        verify(read_signature(sign(WORDS, SPACE, Sha1())), WORDS, SPACE)


def test_a_key_is_what_its_line_says():
    kind, text = key("ed25519").line.split()
    assert key_from_line(kind, text) == key("ed25519").public_key
    with pytest.raises(NotASignature, match="the line says ssh-rsa"):
        key_from_line("ssh-rsa", text)


def key_kind(blob: bytes) -> str:
    return blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode()


def blob_of(armored: str) -> bytes:
    return base64.b64decode("".join(armored.strip().splitlines()[1:-1]))


def armored(blob: bytes) -> str:
    return f"{BEGIN}\n{base64.b64encode(blob).decode()}\n{END}\n"


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_no_bit_of_a_signature_can_be_turned(kind: str, data: st.DataObject):
    blob = bytearray(blob_of(signed(kind)))
    bit = data.draw(st.integers(0, 8 * len(blob) - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotASignature):
        verify(read_signature(armored(bytes(blob))), WORDS, SPACE)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_no_part_of_a_signature_can_be_cut_off_or_put_in(kind: str, data: st.DataObject):
    blob = blob_of(signed(kind))
    place = data.draw(st.integers(0, len(blob) - 1))
    more = data.draw(st.binary(max_size=3))
    rest = data.draw(st.sampled_from([b"", blob[place + 1 :], blob[place:]]))
    if (changed := blob[:place] + more + rest) == blob:
        return
    with pytest.raises(NotASignature):
        verify(read_signature(armored(changed)), WORDS, SPACE)


@given(
    st.text()
    | st.binary(max_size=300).map(armored)
    | st.text(max_size=80).map(lambda s: f"{BEGIN}\n{s}\n{END}")
)
def test_whatever_is_no_signature_is_refused_in_words(text: str):
    with pytest.raises(NotASignature) as error:
        read_signature(text)
    assert error.value.problem
    assert error.value.remedy


@given(st.data())
def test_one_character_more_or_less_in_the_armor_never_changes_what_it_means(data: st.DataObject):
    text = signed("ed25519")
    place = data.draw(st.integers(0, len(text) - 1))
    changed = (
        text[:place]
        + data.draw(st.characters(max_codepoint=0x2FF))
        + text[place + data.draw(st.sampled_from([0, 1])) :]
    )
    try:
        one = read_signature(changed)
        verify(one, WORDS, SPACE)
    except NotASignature:
        return
    assert one == read_signature(text)


def test_what_is_reserved_is_empty_and_base64_is_written_one_way():
    blob = blob_of(signed("ed25519"))
    place = blob.index(string(SPACE.encode())) + len(string(SPACE.encode()))
    with pytest.raises(NotASignature, match="reserved part is not empty"):
        read_signature(armored(blob[:place] + string(b"more") + blob[place + 4 :]))
    longer = sign(WORDS, SPACE + "s" * next(n for n in range(3) if (len(blob) + n) % 3), key("ed25519"))
    text = "".join(longer.strip().splitlines()[1:-1])
    last = text.rstrip("=")[-1]
    other = text[: text.rindex(last)] + chr(ord(last) + 1) + text[text.rindex(last) + 1 :]
    assert base64.b64decode(other) == base64.b64decode(text)
    with pytest.raises(NotASignature, match="not written the one way"):
        read_signature(f"{BEGIN}\n{other}\n{END}\n")


def test_a_signature_without_an_end_or_with_another_version_says_so():
    blob = blob_of(signed("ed25519"))
    for changed, words in [
        (b"SSHSIK" + blob[6:], "does not begin with SSHSIG"),
        (blob[:6] + b"\0\0\0\2" + blob[10:], "is of version 2"),
        (blob + b"\0", "follow after the signature"),
        (blob[:-1], "cut short"),
    ]:
        with pytest.raises(NotASignature, match=words):
            read_signature(armored(changed))
    with pytest.raises(NotASignature, match="stand between"):
        read_signature(signed("ed25519").replace(END, ""))
    with pytest.raises(NotASignature, match="longer than"):
        read_signature(signed("ed25519") * 100)
