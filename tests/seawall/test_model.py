"""Values read back what they write, and refuse what they cannot mean."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.model import Text, duration, duration_text, size


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36500)))
def test_a_duration_reads_back_what_it_writes_to_the_millisecond(span):
    written = timedelta(milliseconds=round(span.total_seconds() * 1000))
    assert duration(duration_text(span)) == written


@pytest.mark.parametrize("text", ["", "5", 5, "1 hour", "-5m", "m5", None, "9" * 400 + "d", "99999999999d"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a duration|is longer than"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "count"), [("512 kB", 512_000), ("16 MB", 16_000_000), ("1.5GB", 1_500_000_000), (7, 7)]
)
def test_sizes_are_powers_of_a_thousand(text, count):
    assert size(text) == count


@pytest.mark.parametrize("text", ["", "16 MiB", "MB", True, None, "9" * 400 + " TB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a size|is larger than"):
        size(text)


def test_a_text_without_danish_is_shown_in_english():
    assert Text.model_validate("Login").in_("da") == "Login"
    assert Text(en="Login", da="Log ind").in_("da") == "Log ind"
