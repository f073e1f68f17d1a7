"""What each `postgres.*` action needs, derived from what it says over SQL and runs beside the server; no more.

`owner(...)` names words of the server's own program: where Seawall logs in as the account the server runs as, that
login is all it takes; elsewhere sudo lets those words be said and no other.
"""

from __future__ import annotations

from connectors import grants
from seawall.needs import AsOwner, AtController, AtThePlaces, Login, Need, OnHost, Replicating

_CONTROL = ("pg_controldata", "postgres")
_PROGRAMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "look": ((), _CONTROL),
    "history": ((), _CONTROL),
    "divergence": (("awk", "mktemp", "tail", "rm"), (*_CONTROL, "pg_waldump")),
    "fence": (("sync", "sleep"), _CONTROL),
    "unfence": (("sync", "sleep", "rm", "tail"), (*_CONTROL, "pg_ctl")),
    "start-standby": (("sleep", "tail"), (*_CONTROL, "pg_ctl")),
    "keep": (
        (
            "awk",
            "mktemp",
            "tail",
            "rm",
            "sync",
            "sleep",
            "cut",
            "sort",
            "sed",
            "tr",
            "wc",
            "cp",
            "mkdir",
            "cat",
        ),
        (*_CONTROL, "pg_waldump", "pg_ctl", "psql"),
    ),
    "rewind": (("sync", "sleep", "cp", "mkdir", "rm"), (*_CONTROL, "pg_rewind", "pg_receivewal")),
    "start-following": (
        ("sync", "sleep", "sed", "grep", "mv", "touch", "tail", "rm"),
        (*_CONTROL, "pg_ctl", "pg_receivewal"),
    ),
    "rebuild": (
        ("sync", "sleep", "sed", "grep", "mv", "touch", "tail", "ls", "cp", "rm"),
        (*_CONTROL, "pg_ctl", "pg_receivewal", "pg_basebackup"),
    ),
}
"""By word: programs on the PATH, and programs of PostgreSQL, that its scripts run. A test reads the scripts."""


def owner(of: str, *words: str) -> tuple[Need, ...]:
    """Return what these words need on the machine of the server `of`: a login, and work as its account."""
    programs = dict.fromkeys(name for word in words for name in _PROGRAMS[word][0])
    binaries = dict.fromkeys(name for word in words for name in _PROGRAMS[word][1])
    return OnHost(f"{of}.host"), AsOwner(of, words, tuple(programs), tuple(binaries))


ASK = (Login("server", grants.ASK),)
STANDBY = (Login("server", (*grants.ASK, grants.STATS)), Login("primary", grants.ASK))
STANDBY_OF = (
    *(Login(of, (*grants.ASK, grants.STATS)) for of in ("server", "primary")),
    *owner("server", "look"),
)
CHECKPOINT = (Login("server", (*grants.ASK, grants.CHECKPOINT)),)
PROBE = (Login("server", (*grants.ASK, *grants.PROBE)),)
PROMOTE = (Login("server", (*grants.ASK, grants.PROMOTE, *grants.PROBE)),)
DIVERGENCE = (Login("primary", grants.ASK), *owner("primary", "history"), *owner("server", "divergence"))
IS_FENCED = (
    *owner("server", "look"),
    AtController("server.host"),
    AtThePlaces(prefix="lease/", means="lease-expired"),
)
FENCE = (
    *owner("server", "look", "fence"),
    AtController("server.host", resets=True),
    AtThePlaces(prefix="lease/", writes=True, means="lease-expired"),
)
UNFENCE = (Login("peer", grants.ASK), *owner("server", "unfence", "fence"))
START = owner("server", "start-standby")
FOLLOWS = Replicating("server", "primary", (grants.REPLICATION,))
REJOIN = (
    *STANDBY_OF,
    Login("primary", (grants.CHECKPOINT,)),
    *owner("primary", "history"),
    *owner("server", "keep", "rewind", "start-following"),
    Replicating("server", "primary", (grants.CONNECT, grants.REPLICATION, *grants.REWIND)),
)
REBUILD = (*STANDBY_OF, *owner("server", "rebuild"), FOLLOWS)
