"""What stories of several machines begin with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from seawall import terms
from tests.seawall.machines import City


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


@pytest.fixture
def short_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "SHORTEST", timedelta(milliseconds=100))
    monkeypatch.setattr(terms, "MORE", timedelta(milliseconds=100))
    monkeypatch.setattr(terms, "MARGIN", timedelta())
    monkeypatch.setattr(terms, "LEAST_DRIFT", timedelta(milliseconds=10))
    monkeypatch.setattr(terms, "LONGEST_AT_ONCE", timedelta())
