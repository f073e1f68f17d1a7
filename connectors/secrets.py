"""Secrets are fetched when they are needed and never written down.

A reference says where a secret is kept: `env:NAME`, `file:/path`, `keyring:service/name`, `vault:path#key`. What was
handed out is remembered, so that it can be taken out of everything that is shown or stored.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from seawall.actions import CheckUp, Vault
from seawall.errors import CallError, DidNothing, Unreachable

REDACTED = "[secret]"
SHORTEST = 4
"""Shorter secrets are not looked for: they would take letters out of every sentence."""
SHORTEST_LINE = 16
"""A line of a longer secret, such as a private key, is looked for by itself from this length on."""
_AT_HAND, _ELSEWHERE = ("env:", "file:"), "vault:"
_IN_HTML = frozenset("&<>\"'")
"""Characters that HTML writes otherwise."""
SIDE_BY_SIDE = 8
"""Secrets that are read at the same time: a vault that is gone is waited for, and each wait has its limit."""
VAULT_ANSWERS = 5.0
"""Seconds a vault server has for its answer."""


class Secrets:
    """Where secret references are turned into secrets; the core's `Vault`.

    Each reference is looked up once and then remembered: what keeps the secrets may be lost in the middle of a run.
    What a go-bag brought is taken before anything is looked up.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, brought: Mapping[str, str] | None = None
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._brought = brought or {}
        self._known: dict[str, str] = {}
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def secret(self, reference: str) -> str:
        """Return the secret.

        Raises:
            DidNothing: there is none, it is empty, or the reference is of no known kind.
            Unreachable: the vault server did not answer.
        """
        with self._lock:
            if reference in self._known:
                return self._known[reference]
        kind, _, rest = reference.partition(":")
        look = self._kinds().get(kind)
        if look is None:
            kinds = ", ".join(f"{kind}:" for kind in self._kinds())
            raise DidNothing(
                "this is no secret reference", where=reference, remedy=f"Begin it with one of {kinds}"
            )
        found = self._brought.get(reference) or look(rest, reference)
        if not found:
            raise DidNothing("the secret is empty", where=reference, remedy="Put the secret there")
        self.remember(found)
        with self._lock:
            return self._known.setdefault(reference, found)

    def remember(self, secret: str) -> None:
        """Take `secret`, and what it looks like inside JSON, URLs and HTML, out of every text from now on."""
        lines = [line.strip() for line in secret.splitlines() if not line.startswith("-----")]
        words = [secret, secret.strip(), *(line for line in lines if len(line) >= SHORTEST_LINE)]
        with self._lock:
            self._forms |= {form for word in words if len(word) >= SHORTEST for form in _forms(word)}
            # Longest first, so that a secret inside another does not leave the rest of it standing.
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def redact(self, text: str) -> str:
        """Return `text` with every secret handed out so far replaced."""
        pattern = self._pattern
        return text if pattern is None else pattern.sub(REDACTED, text)

    def check(self, references: Iterable[str]) -> Iterator[CheckUp]:
        """Tell for each reference whether there is a secret behind it, and never what it is."""
        for reference in references:
            try:
                self.secret(reference)
            except DidNothing as error:
                yield CheckUp(f"secret {reference}", well=False, saw=error.problem, remedy=error.remedy)
                continue
            yield _kept_close(reference)

    def _kinds(self) -> dict[str, Callable[[str, str], str]]:
        return {
            "env": self._from_environment,
            "file": _from_file,
            "keyring": _from_keyring,
            "vault": self._from_vault,
        }

    def _from_environment(self, name: str, reference: str) -> str:
        if name not in self._environment:
            raise DidNothing(f"{name} is not set", where=reference, remedy=f"Set {name} in the environment")
        return self._environment[name]

    def _from_vault(self, rest: str, reference: str) -> str:
        """Read one key over HTTP, from either version of the key-value store.

        Source: developer.hashicorp.com/vault/api-docs/secret/kv, read 2026-11.
        """
        path, _, key = rest.partition("#")
        address, token = self._environment.get("VAULT_ADDR"), self._environment.get("VAULT_TOKEN")
        if not address or not token:
            raise DidNothing(
                "no vault server is set",
                where=reference,
                remedy="Set VAULT_ADDR and VAULT_TOKEN in the environment",
            )
        self.remember(token)
        answer = _vault_answer(f"{address.rstrip('/')}/v1/{path.lstrip('/')}", token, reference)
        inner = answer.get("data")
        values = inner["data"] if isinstance(inner, dict) and isinstance(inner.get("data"), dict) else inner
        if not isinstance(values, dict) or not isinstance(values.get(key), str):
            raise DidNothing(
                f"the vault has no {key} there", where=reference, remedy="Check the path and the key"
            )
        return str(values[key])


def unreadable(
    vault: Vault, references: Iterable[str], *, connecting: bool = True
) -> Mapping[str, CallError]:
    """Tell behind which references no secret can be read here, and why; never what is behind the others.

    `connecting` False leaves out those that another machine would have to be asked for.
    """
    asked = [one for one in dict.fromkeys(references) if connecting or not one.startswith(_ELSEWHERE)]

    def why(reference: str) -> CallError | None:
        try:
            vault.secret(reference)
        except CallError as error:
            return error
        return None

    found = {one: why(one) for one in asked if one.startswith(_AT_HAND)}
    if others := [one for one in asked if one not in found]:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="secret") as at_once:
            found.update(zip(others, at_once.map(why, others), strict=True))
    return {one: error for one in asked if (error := found[one])}


def _from_file(path: str, reference: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise DidNothing(
            f"the file cannot be read: {why}", where=reference, remedy="Check its path and who may read it"
        ) from error


def _from_keyring(rest: str, reference: str) -> str:
    import keyring
    import keyring.errors

    service, _, name = rest.rpartition("/")
    try:
        found = keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        raise DidNothing(
            f"the keyring cannot be opened: {error}",
            where=reference,
            remedy="Unlock it, or keep the secret in a file",
        ) from error
    if found is None:
        raise DidNothing(
            "the keyring has no such secret", where=reference, remedy=f"Run keyring set {service} {name}"
        )
    return found


def _vault_answer(url: str, token: str, reference: str) -> dict[str, object]:
    import httpx

    try:
        answer = httpx.get(url, headers={"X-Vault-Token": token}, timeout=VAULT_ANSWERS, trust_env=False)
        body = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unreachable(
            f"the vault server did not answer: {type(error).__name__}",
            where=reference,
            remedy="Check VAULT_ADDR",
        ) from error
    if not answer.is_success or not isinstance(body, dict):
        raise DidNothing(
            f"the vault server said {answer.status_code}",
            where=reference,
            remedy="Check the path and VAULT_TOKEN",
        )
    return body


def _forms(word: str) -> Iterator[str]:
    yield word
    yield json.dumps(word)[1:-1]
    yield json.dumps(word, ensure_ascii=False)[1:-1]
    yield quote(word, errors="surrogatepass")
    yield quote(word, safe="", errors="surrogatepass")
    yield quote_plus(word, errors="surrogatepass")
    yield repr(word)[1:-1]
    if not _IN_HTML.isdisjoint(word):
        import html

        yield html.escape(word)


def _kept_close(reference: str) -> CheckUp:
    kind, _, rest = reference.partition(":")
    if kind == "file" and Path(rest).expanduser().stat().st_mode & 0o077:
        return CheckUp(
            f"secret {reference}",
            well=False,
            saw="others on this machine can read the file",
            remedy=f"Run chmod 600 {rest}",
        )
    return CheckUp(f"secret {reference}", well=True, saw="there")
