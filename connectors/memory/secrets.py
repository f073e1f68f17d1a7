"""Secrets in memory: what a test or a pretend world hands out instead of asking where real ones are kept."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.secrets import Secrets
from seawall.errors import DidNothing


class SecretsInMemory(Secrets):
    """Hands out what it was given, by reference, and redacts it like the real one."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        super().__init__(environment={})
        self._kept = kept

    def secret(self, reference: str) -> str:
        """Return what is kept under `reference`. Raises: DidNothing when there is nothing."""
        found = self._kept.get(reference)
        if not found:
            raise DidNothing("there is no such secret", where=reference, remedy="Put the secret there")
        self.remember(found)
        return found
