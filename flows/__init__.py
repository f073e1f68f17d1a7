"""Prefect: thin flows that hand the core its hands. Importing this package imports no Prefect; its modules do.

What must stand in the environment before anything imports Prefect is set here: it reports to nobody, and it never
starts a hidden server of its own, which takes 8 to 20 seconds that a run does not have.
"""

from __future__ import annotations

import os

ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    # The shortest Prefect takes, so that the zombie rule (flows.automations) can tell within two minutes.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}

for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
