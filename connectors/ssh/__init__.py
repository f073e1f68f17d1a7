"""Commands on hosts over SSH: the pinned machine or none, one limit over everything, nothing sent twice.

`command` what is wrapped round every command · `link` one connection · `conversation` one command on it ·
`shell` warm connections and the core's `Shell` · `actions` what a runbook can ask for.
"""

from __future__ import annotations

from connectors.ssh.shell import Ssh

__all__ = ["Ssh"]
