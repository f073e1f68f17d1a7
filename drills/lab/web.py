"""The login service at one site: what citizens use, what the ledger's writers write to, and a health check that writes.

It answers for a write only after the commit. Writing the same number twice is one row, so a writer whose answer was
lost may ask again. Each site's service has its own site's database, and finds out by using it whether it takes writes.

Run as `python -m drills.lab.web --address ... `, started by the machine's supervisor.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import uvicorn
from pydantic import AwareDatetime, BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

CONNECTS_WITHIN = 1.0
ANSWERS_WITHIN = 2.0
MOST_CONNECTIONS = 20

T = TypeVar("T")


class Write(BaseModel):
    """One write of the ledger."""

    writer: str | int
    seq: int
    at: AwareDatetime


class Down(Exception):
    """The database did not do it; `why` names no person and no password."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Broken(Down):
    """The connection broke, or there is nobody to connect to."""


class Records:
    """The site's database: a few connections, kept while they work and made anew at once when they do not."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._idle: list[psycopg.AsyncConnection[Any]] = []
        self._allowed = asyncio.Semaphore(MOST_CONNECTIONS)
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own, and return its rows once it is committed.

        Raises:
            Down: it was not done, or it cannot be told whether it was.
        """
        async with self._allowed:
            had_idle = bool(self._idle)
            try:
                return await self._once(sql, values)
            except Broken as broken:
                if not had_idle:
                    raise Down(broken.why) from broken
            # A connection that broke while it was idle says nothing about the server as it is now.
            while self._idle:
                self._idle.pop().pgconn.finish()
            try:
                return await self._once(sql, values)
            except Broken as broken:
                raise Down(broken.why) from broken

    async def _once(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        connection = self._idle.pop() if self._idle else await self._connect()
        try:
            rows = await self._limited(self._execute(connection, sql, values), ANSWERS_WITHIN)
        except psycopg.errors.ReadOnlySqlTransaction as error:
            self._idle.append(connection)  # it will take writes when its server is promoted
            raise Down(_reason(error)) from error
        except psycopg.OperationalError as error:
            connection.pgconn.finish()
            raise Broken(_reason(error)) from error
        except (psycopg.Error, TimeoutError) as error:
            # Closed without a word: a server that is stopped would not answer to a farewell either.
            connection.pgconn.finish()
            raise Down(_reason(error)) from error
        except BaseException:
            connection.pgconn.finish()
            raise
        self._idle.append(connection)
        return rows

    async def _execute(
        self, connection: psycopg.AsyncConnection[Any], sql: str, values: Sequence[object]
    ) -> list[tuple[Any, ...]]:
        cursor = await connection.execute(sql.encode(), values)
        return await cursor.fetchall() if cursor.description else []

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        try:
            connecting = psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
            return await self._limited(connecting, CONNECTS_WITHIN)
        except (psycopg.Error, TimeoutError) as error:
            raise Down(_reason(error)) from error

    async def _limited(self, doing: Coroutine[Any, Any, T], seconds: float) -> T:
        # Not cancelled when it is late: psycopg would first try to cancel at the server, which may not answer either.
        task = asyncio.ensure_future(doing)
        finished, _ = await asyncio.wait({task}, timeout=seconds)
        if finished:
            return task.result()
        self._abandoned.add(task)
        task.add_done_callback(self._let_go)
        raise TimeoutError

    def _let_go(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled() and task.exception() is None:
            late = task.result()
            if isinstance(late, psycopg.AsyncConnection):
                late.pgconn.finish()


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "the database does not answer"
        case psycopg.errors.ReadOnlySqlTransaction():
            return "the database is a standby"
        case psycopg.OperationalError():
            return "the database cannot be reached"
        case _:
            return f"the database says {type(error).__name__}"


class Login:
    """The service's pages."""

    def __init__(self, site: str, records: Records) -> None:
        self._site, self._records = site, records

    async def healthz(self, _request: Request) -> Response:
        """Tell whether the service works, by writing: a full server says it is well until it is written to."""
        sql = (
            "INSERT INTO heartbeat VALUES (%s, clock_timestamp())"
            " ON CONFLICT (site) DO UPDATE SET at = EXCLUDED.at RETURNING at"
        )
        (row,) = await self._records.run(sql, self._site)
        at: datetime = row[0]
        return JSONResponse({"status": "ok", "site": self._site, "wrote": at.isoformat()})

    async def ledger(self, request: Request) -> Response:
        """Write one line of the ledger."""
        try:
            line = Write.model_validate_json(await request.body())
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, one["loc"])) or "body" for one in error.errors())
            return JSONResponse({"error": f"not a write: {wrong}"}, 400)
        sql = "INSERT INTO ledger (writer, seq, at, site) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
        await self._records.run(sql, str(line.writer), line.seq, line.at, self._site)
        return JSONResponse({"seq": line.seq, "site": self._site})

    async def login(self, _request: Request) -> Response:
        """Greet a citizen by first name."""
        sql = "SELECT split_part(name, ' ', 1) FROM citizens OFFSET floor(random() * 2000) LIMIT 1"
        rows = await self._records.run(sql)
        name = rows[0][0] if rows else "citizen"
        return HTMLResponse(
            f"<!doctype html><html lang=da><title>Log ind</title><h1>Hej, {name}</h1><p>{self._site}</p></html>"
        )


async def _down(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Down)
    return JSONResponse({"error": error.why}, 503, headers={"Retry-After": "1"})


def make(site: str, conninfo: str) -> Starlette:
    """Make the service of one site."""

    @contextlib.asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        login = Login(site, Records(conninfo))
        app.routes.extend(
            (
                Route("/healthz", login.healthz),
                Route("/ledger", login.ledger, methods=["POST"]),
                Route("/login", login.login),
            )
        )
        yield

    return Starlette(lifespan=living, exception_handlers={Down: _down})


def main(argv: Sequence[str]) -> None:
    """Serve until the machine is turned off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--database", required=True, help="a connection string without a password")
    parser.add_argument("--password-file", type=Path, required=True)
    given = parser.parse_args(argv)
    conninfo = psycopg.conninfo.make_conninfo(
        given.database, password=given.password_file.read_text().strip()
    )
    uvicorn.run(
        make(given.site, conninfo),
        host=given.address,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=60,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
