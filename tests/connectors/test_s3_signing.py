"""The one signer of requests to S3: held to Amazon's examples, to botocore's signer, and to what a guard may import.

Real stores judge it too, in the contract of the places (test_places.py).
"""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.s3_signing import Asked, Keys, host_of, once, path_of, signed

ROOT = Path(__file__).parents[2]
# Amazon's example of a secret key; the name it goes by is no part of a signature.
KEYS = Keys("an-access-key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
HOST, WHEN = "examplebucket.s3.amazonaws.com", datetime(2013, 5, 24, tzinfo=UTC)


def signature(headers: dict[str, str]) -> str:
    return headers["authorization"].rpartition("Signature=")[2]


# Amazon S3 API Reference, "Examples: Signature Calculations in AWS Signature Version 4" (read 2026-11).
@pytest.mark.parametrize(
    ("asked", "target", "expected"),
    [
        (
            Asked("GET", HOST, "/test.txt", headers={"Range": "bytes=0-9"}),
            "/test.txt",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Asked(
                "PUT",
                HOST,
                "/test$file.text",
                headers={
                    "Date": "Fri, 24 May 2013 00:00:00 GMT",
                    "x-amz-storage-class": "REDUCED_REDUNDANCY",
                },
                body=b"Welcome to Amazon S3.",
            ),
            "/test%24file.text",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            Asked("GET", HOST, "/", query={"lifecycle": ""}),
            "/?lifecycle=",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            Asked("GET", HOST, "/", query={"prefix": "J", "max-keys": "2"}),
            "/?max-keys=2&prefix=J",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["part-of-an-object", "an-object-is-put", "a-word-without-a-value", "a-listing"],
)
def test_amazons_own_examples_are_signed_as_amazon_signs_them(
    asked: Asked, target: str, expected: str
) -> None:
    path, headers = signed(asked, KEYS, WHEN)
    assert (path, signature(headers)) == (target, expected)


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
VALUES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)


@pytest.mark.slow  # loads botocore
@given(
    method=st.sampled_from(["GET", "PUT", "DELETE"]),
    key=NAMES,
    query=st.dictionaries(NAMES, NAMES, max_size=4),
    headers=st.dictionaries(st.sampled_from(["If-None-Match", "Range", "x-amz-meta-by"]), VALUES),
    body=st.binary(max_size=40),
)
def test_whatever_is_asked_is_signed_as_botocore_signs_it(
    method: str, key: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    now = datetime.now(UTC)
    asked = Asked(method, HOST, path_of("places", key), query, headers, body)
    path, said = signed(asked, KEYS, now)
    assert signature(said) == by_botocore(method, path, headers, body, said)


def by_botocore(method: str, path: str, headers: dict[str, str], body: bytes, said: dict[str, str]) -> str:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request: Any = AWSRequest(method, f"https://{HOST}{path}", headers, body)
    request.context["timestamp"] = said["x-amz-date"]
    request.headers["X-Amz-Date"] = said["x-amz-date"]
    request.headers["X-Amz-Content-SHA256"] = said["x-amz-content-sha256"]
    auth = S3SigV4Auth(Credentials(KEYS.access_key, KEYS.secret_key), "s3", KEYS.region)
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))


def test_a_condition_is_signed_so_that_nobody_takes_it_out_on_the_way() -> None:
    _, headers = signed(Asked("PUT", HOST, "/a", headers={"If-None-Match": "*"}), KEYS, WHEN)
    assert "SignedHeaders=host;if-none-match;x-amz-content-sha256;x-amz-date," in headers["authorization"]


def test_a_put_says_by_what_its_content_is_known_to_be_whole() -> None:
    # RFC 1321, A.5: the digest of "abc".
    assert once(b"abc") == {
        "If-None-Match": "*",
        "Content-MD5": b64encode(bytes.fromhex("900150983cd24fb0d6963f7d28e17f72")).decode(),
    }


def test_no_secret_is_shown() -> None:
    assert KEYS.secret_key not in repr(KEYS)


def test_a_password_in_an_address_is_not_sent_as_its_host() -> None:
    assert host_of("https://anna:secret@store.example:9000/x") == "store.example:9000"


@pytest.mark.slow
def test_it_needs_no_package_and_nothing_else_of_ours() -> None:
    """Beside a database stands Python alone, and a guard there begins fast."""
    code = "import sys; import connectors.s3_signing; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded - {"connectors"} <= sys.stdlib_module_names | {"__main__"}
    ours = {name for name in done.stdout.split() if name.startswith("connectors")}
    assert ours == {"connectors", "connectors.s3_signing"}
