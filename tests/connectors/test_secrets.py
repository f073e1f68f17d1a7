"""What every keeper of secrets must do, and what only the real one can."""

from __future__ import annotations

import html
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote, quote_plus

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend

from connectors.memory.secrets import SecretsInMemory
from connectors.secrets import REDACTED, Secrets
from seawall.errors import DidNothing, Unreachable

PASSWORD = 'p"w/ø&<d>\\ 7'
KEY = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmU
AAAABG5vbmUAAAAAAAAAAQ
-----END OPENSSH PRIVATE KEY-----"""


class SecretsContract:
    @pytest.fixture
    def secrets(self, tmp_path):
        raise NotImplementedError

    @pytest.fixture
    def reference(self):
        raise NotImplementedError

    def test_a_reference_leads_to_its_secret(self, secrets, reference):
        assert secrets.secret(reference("password")) == PASSWORD
        assert secrets.secret(reference("key")) == KEY

    def test_a_secret_that_is_not_there_is_named_by_its_reference(self, secrets, reference):
        with pytest.raises(DidNothing) as refusal:
            secrets.secret(reference("missing"))
        assert refusal.value.where == reference("missing")
        assert refusal.value.remedy

    def test_nothing_is_redacted_before_it_is_handed_out(self, secrets):
        assert secrets.redact(f"a {PASSWORD} b") == f"a {PASSWORD} b"

    @pytest.mark.parametrize(
        "form",
        [
            str,
            json.dumps,
            lambda word: json.dumps(word, ensure_ascii=False),
            quote,
            quote_plus,
            lambda word: quote(word, safe=""),
            html.escape,
            repr,
        ],
        ids=["plain", "json", "json with letters", "url", "form", "url all", "html", "repr"],
    )
    def test_a_secret_is_taken_out_in_every_form_it_is_written_in(self, secrets, reference, form):
        secrets.secret(reference("password"))
        redacted = secrets.redact(f"before {form(PASSWORD)} after")
        assert REDACTED in redacted
        assert "7" not in redacted
        assert redacted.startswith("before ")
        assert redacted.endswith(" after")

    def test_each_line_of_a_private_key_is_taken_out(self, secrets, reference):
        secrets.secret(reference("key"))
        text = secrets.redact(f"key: {KEY!r}; {json.dumps(KEY)}; first line {KEY.splitlines()[1]} alone")
        assert "b3BlbnNzaC1r" not in text
        assert "AAAABG5vbmUAAAAA" not in text

    def test_a_secret_inside_another_leaves_nothing_standing(self, secrets):
        secrets.remember("hunter")
        secrets.remember("hunter-two-and-more")
        assert secrets.redact("x hunter-two-and-more y hunter z") == f"x {REDACTED} y {REDACTED} z"

    def test_very_short_secrets_do_not_eat_the_text(self, secrets):
        secrets.remember("abc")
        assert secrets.redact("abc abcd") == "abc abcd"


class TestMemory(SecretsContract):
    @pytest.fixture
    def secrets(self, tmp_path):
        return SecretsInMemory({"env:PASSWORD": PASSWORD, "env:KEY": KEY})

    @pytest.fixture
    def reference(self):
        return lambda name: f"env:{name.upper()}"


class TestEnvironment(SecretsContract):
    @pytest.fixture
    def secrets(self, tmp_path):
        return Secrets({"PASSWORD": PASSWORD, "KEY": KEY})

    @pytest.fixture
    def reference(self):
        return lambda name: f"env:{name.upper()}"


class TestFile(SecretsContract):
    @pytest.fixture
    def secrets(self, tmp_path):
        (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")
        (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
        return Secrets({})

    @pytest.fixture
    def reference(self, tmp_path):
        return lambda name: f"file:{tmp_path / name}"


class Ring(KeyringBackend):
    """A keyring of its own for the test, as the keyring library lets one register."""

    priority = 1

    def get_password(self, service, username):
        return {("city", "password"): PASSWORD, ("city", "key"): KEY}.get((service, username))

    def set_password(self, service, username, password):
        raise NotImplementedError

    def delete_password(self, service, username):
        raise NotImplementedError


class TestKeyring(SecretsContract):
    @pytest.fixture
    def secrets(self, tmp_path):
        before = keyring.get_keyring()
        keyring.set_keyring(Ring())
        yield Secrets({})
        keyring.set_keyring(before)

    @pytest.fixture
    def reference(self):
        return lambda name: f"keyring:city/{name}"


class VaultAnswers(BaseHTTPRequestHandler):
    """Answers as a vault with both versions of its key-value store."""

    def do_GET(self) -> None:
        kept = {"password": PASSWORD, "key": KEY}
        bodies = {
            "/v1/kv/data/city": {"data": {"data": kept, "metadata": {}}},
            "/v1/old/city": {"data": kept},
        }
        allowed = self.headers["X-Vault-Token"] == "a-good-token"
        body = json.dumps(bodies.get(self.path, {})).encode()
        self.send_response(403 if not allowed else 200 if self.path in bodies else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def vault():
    with HTTPServer(("127.0.0.1", 0), VaultAnswers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class TestVault(SecretsContract):
    @pytest.fixture
    def secrets(self, vault):
        return Secrets({"VAULT_ADDR": vault, "VAULT_TOKEN": "a-good-token"})

    @pytest.fixture(params=["kv/data/city", "old/city"], ids=["version 2", "version 1"])
    def reference(self, request):
        return lambda name: f"vault:{request.param}#{name}"


def test_a_vault_that_refuses_says_its_status_and_shows_no_token(vault):
    secrets = Secrets({"VAULT_ADDR": vault, "VAULT_TOKEN": "a-wrong-token"})
    with pytest.raises(DidNothing, match="403") as refusal:
        secrets.secret("vault:kv/data/city#password")
    assert "a-wrong-token" not in str(refusal.value)


def test_a_vault_that_is_gone_is_unreachable(vault):
    secrets = Secrets({"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "a-good-token"})
    with pytest.raises(Unreachable, match="did not answer"):
        secrets.secret("vault:kv/data/city#password")


def test_no_vault_server_is_said_plainly():
    with pytest.raises(DidNothing, match="no vault server is set"):
        Secrets({}).secret("vault:kv/data/city#password")


def test_an_unknown_kind_of_reference_names_the_known_ones():
    with pytest.raises(DidNothing, match="env:, file:, keyring:, vault:"):
        Secrets({}).secret("plain:hunter2")


def test_an_empty_secret_is_refused():
    with pytest.raises(DidNothing, match="empty"):
        Secrets({"EMPTY": ""}).secret("env:EMPTY")


def test_a_secret_is_asked_for_once_even_when_its_keeper_is_lost(tmp_path):
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    secrets = Secrets({})
    reference = f"file:{tmp_path / 'password'}"
    secrets.secret(reference)
    (tmp_path / "password").unlink()
    assert secrets.secret(reference) == PASSWORD


def test_a_file_that_others_can_read_is_a_finding(tmp_path):
    open_file, closed_file = tmp_path / "open", tmp_path / "closed"
    for path, mode in ((open_file, 0o644), (closed_file, 0o600)):
        path.write_text(PASSWORD, encoding="utf-8")
        path.chmod(mode)
    found = {
        one.what: one for one in Secrets({}).check([f"file:{open_file}", f"file:{closed_file}", "env:GONE"])
    }
    assert found[f"secret file:{open_file}"].well is False
    assert "chmod 600" in found[f"secret file:{open_file}"].remedy
    assert found[f"secret file:{closed_file}"].well is True
    assert found["secret env:GONE"].well is False


@given(
    st.text(st.characters(min_codepoint=1), min_size=4, max_size=40),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_secret_survives_redaction(secret, before, after):
    secrets = Secrets({})
    secrets.remember(secret)
    for form in (secret, json.dumps(secret)[1:-1], quote_plus(secret, errors="surrogatepass")):
        assert form not in secrets.redact(f"{before} {form} {after}").replace(REDACTED, "\0")
