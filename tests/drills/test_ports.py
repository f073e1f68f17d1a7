from __future__ import annotations

import json
import subprocess
import sys

import pytest

from connectors.rights.gathered import HERE, Rights, Way
from connectors.rights.ports import files
from seawall.targets import Endpoint

pytestmark = pytest.mark.root


def test_the_printed_rules_let_through_what_is_needed_and_nothing_else(tmp_path):
    endpoint = Endpoint(address="127.0.7.1", port=5432)
    rights = Rights(ways={Way(HERE, None, "north-db", endpoint, "PostgreSQL"): {"postgres.state": None}})
    ((name, text),) = files(rights, ["127.0.0.1"])
    written = tmp_path / name
    written.write_text(text)
    command = ["unshare", "--net", sys.executable, "-m", "tests.drills.behind_a_firewall"]
    ran = subprocess.run(
        [*command, written, endpoint.address, str(endpoint.port), "5433"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "before": False,
        "after": True,
        "from elsewhere": False,
        "another port": False,
    }
