"""Every server of the lab answers a real client as the real thing would, and refuses what it must."""

from __future__ import annotations

import json
import os
import smtplib
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import dns.query
import dns.tsig
import dns.update
import httpx
import paramiko
import psycopg
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from drills.lab.layout import LabLayout
from drills.lab.postgres import CITIZENS
from drills.lab.remote import connect, run_on
from drills.lab.status import lab_status


def sql(lab: LabLayout, server: str, query: str, *, user: str = "seawall") -> list[tuple[Any, ...]]:
    at = lab.servers[server]
    with psycopg.connect(
        host=at.host.address,
        port=at.port,
        dbname=at.database,
        user=user,
        password=lab.credentials.read(f"db_{user}"),
        connect_timeout=60,
    ) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def until(holds, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_every_server_answers(lab):
    status = lab_status(lab.folder)
    silent = [
        (each.name, one.name, one.saw) for each in status.machines for one in each.services if not one.answers
    ]
    assert silent == []
    assert (status.state, status.leftovers, status.all_answer) == ("up", (), True)


class TestPostgres:
    def test_north_is_the_primary_and_south_streams_from_it_over_the_link(self, lab):
        assert sql(lab, "north-db/login", "SELECT pg_is_in_recovery()") == [(False,)]
        assert sql(lab, "south-db/login", "SELECT pg_is_in_recovery()") == [(True,)]
        (way,) = (one.enter for one in lab.routes if one.site == "south" and one.to == "north-db/postgres")
        sender = "SELECT sender_host, sender_port, slot_name, status FROM pg_stat_wal_receiver"
        assert sql(lab, "south-db/login", sender) == [(way.address, way.port, "south", "streaming")]

    def test_both_are_what_the_layout_says_they_are(self, lab):
        identifiers = set()
        for name, server in lab.servers.items():
            identity = (
                "SELECT system_identifier::text, current_setting('cluster_name') FROM pg_control_system()"
            )
            ((identifier, cluster),) = sql(lab, name, identity)
            assert (identifier, cluster) == (server.system_identifier, server.cluster_name)
            identifiers.add(identifier)
        assert len(identifiers) == 1

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("data_checksums", "on"),
            ("wal_log_hints", "on"),
            ("wal_retrieve_retry_interval", "100ms"),
            ("fsync", "on"),
            ("password_encryption", "scram-sha-256"),
        ],
    )
    def test_the_settings_that_recovery_rests_on(self, lab, setting, value):
        for name in lab.servers:
            assert sql(lab, name, f"SHOW {setting}") == [(value,)]

    def test_a_password_is_asked_for(self, lab):
        at = lab.servers["north-db/login"]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host=at.host.address,
                port=at.port,
                dbname="login",
                user="seawall",
                password="wrong",
            )

    def test_seawall_may_not_read_what_citizens_trusted_the_city_with(self, lab):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(lab, "north-db/login", "SELECT * FROM citizens")

    def test_seawall_may_do_what_a_failover_needs(self, lab):
        granted = "SELECT has_function_privilege('pg_promote(boolean, integer)', 'EXECUTE')"
        assert sql(lab, "south-db/login", granted) == [(True,)]
        sql(lab, "north-db/login", "CHECKPOINT")

    def test_the_citizens_are_there_and_one_is_a_canary(self, lab):
        assert sql(lab, "south-db/login", "SELECT count(*) FROM citizens", user="app") == [(CITIZENS,)]
        found = f"SELECT count(*) FROM citizens WHERE number = '{lab.credentials.read('canary')}'"
        assert sql(lab, "south-db/login", found, user="app") == [(1,)]

    def test_no_program_of_it_runs_as_root(self, lab):
        for site in ("north", "south"):
            pid = run_on(lab, f"{site}-db", "head -1 pgdata/login/postmaster.pid", within=60)
            assert Path("/proc", pid).stat().st_uid != 0

    def test_on_its_own_machine_the_superuser_needs_no_password(self, lab):
        said = run_on(
            lab,
            "north-db",
            "psql -h $HOME/run -p $(sed -n 4p pgdata/login/postmaster.pid) "
            "-U postgres -Atc 'SELECT current_user'",
            within=60,
        )
        assert said == "postgres"

    def test_a_standby_can_be_made_and_rewound_with_what_is_on_the_machine(self, lab):
        assert (
            run_on(lab, "south-db", "command -v pg_rewind pg_basebackup pg_controldata", within=60).count(
                "/bin/"
            )
            == 3
        )


class TestSsh:
    def test_it_shows_its_own_key_and_name(self, lab):
        assert len({host.host_key for host in lab.hosts.values()}) == 4
        for name in lab.hosts:
            assert run_on(lab, name, "hostname", within=60) == name

    def test_another_key_another_account_and_a_password_are_refused(self, lab):
        host = lab.hosts["north-db"]
        own = paramiko.Ed25519Key.from_private_key_file(lab.ssh_key.removeprefix("file:"))
        for user, how in (
            ("seawall", {"pkey": paramiko.ECDSAKey.generate()}),
            ("root", {"pkey": own}),
            ("seawall", {"password": "seawall"}),
        ):
            with paramiko.SSHClient() as client:
                client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
                with pytest.raises(paramiko.AuthenticationException):
                    client.connect(
                        host.address,
                        host.port,
                        user,
                        **how,
                        allow_agent=False,
                        look_for_keys=False,
                        timeout=60,
                    )

    def test_status_and_both_outputs_come_back_apart(self, lab):
        with connect(lab, "north-web", within=60) as client:
            _, out, err = client.exec_command("echo out; echo err >&2; exit 7", timeout=60)
            assert (out.read(), err.read(), out.channel.recv_exit_status()) == (b"out\n", b"err\n", 7)

    def test_one_output_may_end_long_before_the_other(self, lab):
        with connect(lab, "north-web", within=60) as client:
            for ends_first, goes_on in ((1, 2), (2, 1)):
                command = f"exec {ends_first}>&-; sleep 0.1; echo late >&{goes_on}"
                _, out, err = client.exec_command(command, timeout=60)
                assert [out, err][goes_on - 1].read() == b"late\n"

    def test_much_goes_in_and_out_whole(self, lab):
        sent = os.urandom(3_000_000)
        with connect(lab, "north-web", within=60) as client:
            to, out, _ = client.exec_command("cat", timeout=30)
            to.write(sent)
            to.channel.shutdown_write()
            assert out.read() == sent

    def test_a_command_that_wants_nothing_of_what_is_sent_still_ends(self, lab):
        with connect(lab, "north-web", within=60) as client:
            to, out, _ = client.exec_command("exit 3", timeout=60)
            assert out.channel.recv_exit_status() == 3
            to.close()
            assert client.exec_command("echo still here", timeout=60)[1].read() == b"still here\n"

    def test_a_command_outlives_the_connection_it_came_over(self, lab):
        begun, over, mark = (lab.places.home("north-web") / name for name in ("begun", "over", "outlived"))
        with connect(lab, "north-web", within=60) as client:
            client.exec_command(f"touch {begun}; until [ -e {over} ]; do sleep 0.05; done; echo yes > {mark}")
            until(begun.exists)
        over.touch()
        until(mark.exists)

    def test_a_command_killed_by_a_signal_says_so(self, lab):
        with connect(lab, "north-web", within=60) as client:
            channel = client.exec_command("kill -9 $$", timeout=60)[1].channel
            assert channel.recv_exit_status() == -1

    def test_commands_do_not_run_as_root(self, lab):
        assert run_on(lab, "north-db", "id -u", within=60) != "0"


class TestLogin:
    def test_a_users_write_goes_through_the_front_into_the_database_and_over_to_the_standby(self, lab):
        line = {"writer": "w", "seq": time.time_ns(), "at": datetime.now(UTC).isoformat()}
        answer = httpx.post(f"http://{lab.front}/ledger", json=line, timeout=60)
        assert (answer.status_code, answer.json()) == (200, {"seq": line["seq"], "site": "north"})
        found = f"SELECT writer, site FROM ledger WHERE seq = {line['seq']}"
        until(lambda: sql(lab, "south-db/login", found) == [("w", "north")])

    def test_the_same_write_twice_is_one_row(self, lab):
        line = {"writer": 1, "seq": time.time_ns(), "at": datetime.now(UTC).isoformat()}
        for _ in range(2):
            assert httpx.post(f"http://{lab.front}/ledger", json=line, timeout=60).status_code == 200
        assert sql(lab, "north-db/login", f"SELECT count(*) FROM ledger WHERE seq = {line['seq']}") == [(1,)]

    def test_what_is_no_write_is_refused(self, lab):
        for body in (b"", b"[]", b'{"seq": 1}', b'{"seq": "x", "writer": 1, "at": "now"}'):
            answer = httpx.post(f"http://{lab.front}/ledger", content=body, timeout=60)
            assert answer.status_code == 400, body

    def test_the_health_check_writes_and_so_fails_at_the_standby(self, lab):
        assert httpx.get(f"http://{lab.webs['north']}/healthz", timeout=60).json()["site"] == "north"
        refused = httpx.get(f"http://{lab.webs['south']}/healthz", timeout=60)
        assert (refused.status_code, refused.json()) == (503, {"error": "the database is a standby"})

    def test_a_citizen_is_greeted_at_both_sites(self, lab):
        for web in lab.webs.values():
            assert "<h1>Hej, " in httpx.get(f"http://{web}/login", timeout=60).text


class TestStores:
    @pytest.fixture(params=["north", "south", "witness"])
    def s3(self, lab, request):
        client = self.client(lab, request.param, lab.credentials.read(f"s3_{request.param}_secret"))
        yield client
        client.close()

    @staticmethod
    def client(lab, place, secret):
        return boto3.client(
            "s3",
            endpoint_url=lab.stores[f"{place}-store"].url,
            region_name="eu-north-1",
            aws_access_key_id=lab.credentials.read(f"s3_{place}_access"),
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def test_every_version_is_kept(self, s3):
        versions = {
            s3.put_object(Bucket="backups", Key="twice", Body=body)["VersionId"] for body in (b"1", b"2")
        }
        listed = s3.list_object_versions(Bucket="backups", Prefix="twice")["Versions"]
        assert versions <= {one["VersionId"] for one in listed}

    def test_an_object_is_put_only_where_there_is_none(self, s3):
        key = f"once-{time.time_ns()}"
        s3.put_object(Bucket="backups", Key=key, Body=b"1", IfNoneMatch="*")
        with pytest.raises(ClientError) as refusal:
            s3.put_object(Bucket="backups", Key=key, Body=b"2", IfNoneMatch="*")
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412

    def test_a_locked_version_cannot_be_deleted(self, s3):
        until_then = datetime.now(UTC) + timedelta(minutes=1)
        version = s3.put_object(
            Bucket="backups",
            Key="locked",
            Body=b"1",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=until_then,
        )["VersionId"]
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket="backups", Key="locked", VersionId=version)

    def test_a_wrong_secret_is_refused(self, lab):
        client = self.client(lab, "north", "wrong")
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            client.list_objects_v2(Bucket="backups")
        client.close()


class TestFront:
    def ask(self, lab, command):
        with socket.create_connection((lab.balancer.runtime.address, lab.balancer.runtime.port), 5) as line:
            line.sendall(command.encode() + b"\n")
            return line.makefile().read()

    def test_north_serves_and_south_is_in_maintenance(self, lab):
        rows = [row.split(",") for row in self.ask(lab, "show stat").splitlines() if row.startswith("login,")]
        assert {row[1]: row[17] for row in rows if row[1] in lab.webs} == {
            "north": "no check",
            "south": "MAINT",
        }

    def test_its_runtime_socket_takes_orders(self, lab):
        try:
            assert self.ask(lab, "set server login/north state maint").strip() == ""
            assert httpx.get(f"http://{lab.front}/login", timeout=60).status_code == 503
        finally:
            assert self.ask(lab, "set server login/north state ready").strip() == ""
        assert httpx.get(f"http://{lab.front}/login", timeout=60).status_code == 200

    def test_it_also_listens_on_a_unix_socket(self, lab):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(lab.front_socket))
            line.sendall(b"show info\n")
            assert "HAProxy" in line.makefile().readline()


class TestNames:
    def key(self, lab, secret=None):
        return dns.tsig.Key(lab.zone.key_name, secret or lab.credentials.read("tsig"), dns.tsig.HMAC_SHA256)

    def look_up(self, lab, name="login.city.example"):
        question = dns.message.make_query(name, "A")
        server = lab.zone.server
        answers = [
            ask(question, server.address, port=server.port, timeout=60)
            for ask in (dns.query.udp, dns.query.tcp)
        ]
        assert answers[0].answer == answers[1].answer
        return answers[0].answer[0][0].address

    def test_a_signed_update_moves_a_name_and_back(self, lab):
        before = self.look_up(lab)
        for address in ("198.51.100.80", before):
            update = dns.update.UpdateMessage("city.example", keyring=self.key(lab))
            update.replace("login", 5, "A", address)
            reply = dns.query.tcp(update, lab.zone.server.address, port=lab.zone.server.port, timeout=60)
            assert reply.rcode() == 0
            assert self.look_up(lab) == address

    def test_an_unsigned_update_is_refused(self, lab):
        update = dns.update.UpdateMessage("city.example")
        update.replace("login", 5, "A", "198.51.100.80")
        reply = dns.query.udp(update, lab.zone.server.address, port=lab.zone.server.port, timeout=60)
        assert reply.rcode() == dns.rcode.REFUSED

    def test_another_key_is_refused_by_name(self, lab):
        update = dns.update.UpdateMessage("city.example", keyring=self.key(lab, "b3RoZXI="))
        update.replace("login", 5, "A", "198.51.100.80")
        with pytest.raises(dns.tsig.PeerBadSignature):
            dns.query.tcp(update, lab.zone.server.address, port=lab.zone.server.port, timeout=60)


class TestPost:
    def test_a_letter_is_delivered_with_its_envelope(self, lab):
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = (
            lab.mail.sender,
            "karla@example.dk",
            "ØVELSE / EXERCISE",
        )
        letter.set_content("Log ind virker igen.")
        before = set(lab.mailbox.glob("*.eml"))
        with smtplib.SMTP(lab.mail.address, lab.mail.port, timeout=60) as client:
            client.send_message(letter, to_addrs=["karla@example.dk", "bo@example.dk"])
        (delivered,) = set(lab.mailbox.glob("*.eml")) - before
        assert b"X-Envelope-To: karla@example.dk, bo@example.dk" in delivered.read_bytes()

    def test_what_is_no_address_is_refused(self, lab):
        with (
            smtplib.SMTP(lab.mail.address, lab.mail.port, timeout=60) as client,
            pytest.raises(smtplib.SMTPRecipientsRefused),
        ):
            client.sendmail(lab.mail.sender, ["nobody"], "Subject: x\n\nx")


class TestSlack:
    def client(self, lab, token=None):
        return WebClient(token or lab.credentials.read("slack_token"), base_url=lab.slack.url)

    def test_the_vendors_client_posts(self, lab):
        channel = lab.slack_channels[0]
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*ØVELSE*"}}]
        first, second = (
            self.client(lab).chat_postMessage(channel=channel, text=f"Ø{n}", blocks=blocks) for n in (1, 2)
        )
        assert first["ok"]
        assert first["ts"] < second["ts"]
        lines = [json.loads(line) for line in lab.slack_messages.read_text().splitlines()]
        kept = next(line for line in lines if line["ts"] == second["ts"])
        assert (kept["channel"], kept["text"], kept["blocks"]) == (channel, "Ø2", blocks)

    def test_who_it_is_can_be_asked(self, lab):
        assert self.client(lab).auth_test()["user"] == "seawall"

    @pytest.mark.parametrize(
        ("token", "message", "error"),
        [
            ("xoxb-wrong", {"channel": "C0COORDINATE", "text": "x"}, "invalid_auth"),
            (None, {"channel": "C0NOWHERE000", "text": "x"}, "channel_not_found"),
            (None, {"channel": "C0COORDINATE", "text": ""}, "no_text"),
            (None, {"channel": "C0COORDINATE", "text": "x" * 40_001}, "msg_too_long"),
            (None, {"channel": "C0COORDINATE", "text": "x", "blocks": [{}] * 51}, "invalid_blocks"),
        ],
    )
    def test_errors_are_named_as_slack_names_them(self, lab, token, message, error):
        with pytest.raises(SlackApiError) as refusal:
            self.client(lab, token).api_call("chat.postMessage", json=message)
        assert refusal.value.response["error"] == error


class TestPower:
    @pytest.fixture
    def redfish(self, lab):
        password = lab.credentials.read("power_password")
        with httpx.Client(base_url=f"http://{lab.power}", auth=("seawall", password), timeout=30) as client:
            yield client

    def test_the_machines_of_both_sites_are_found_from_the_root(self, lab, redfish):
        systems = redfish.get(redfish.get("/redfish/v1/").json()["Systems"]["@odata.id"]).json()
        names = {member["@odata.id"].rpartition("/")[2] for member in systems["Members"]}
        assert names == {f"{site}-{kind}" for site in ("north", "south") for kind in ("db", "web", "store")}

    def test_a_machine_is_on_and_known_by_its_uuid(self, lab, redfish):
        system = redfish.get("/redfish/v1/Systems/north-db").json()
        assert (system["PowerState"], system["HostName"]) == ("On", "north-db")
        assert system["UUID"] == lab.hosts["north-db"].power.uuid

    def test_nobody_gets_in_without_the_password(self, lab):
        for auth in (None, ("seawall", "wrong")):
            answer = httpx.get(f"http://{lab.power}/redfish/v1/Systems/north-db", auth=auth, timeout=60)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic")

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("nobody/Actions/ComputerSystem.Reset", {"ResetType": "ForceOff"}, 404),
            ("north-db/Actions/ComputerSystem.Reset", {"ResetType": "Nmi"}, 400),
            ("north-db/Actions/ComputerSystem.Reset", [], 400),
            ("north-db", {}, 405),
        ],
    )
    def test_what_it_cannot_do_it_refuses(self, redfish, path, body, status):
        answer = redfish.post(f"/redfish/v1/Systems/{path}", json=body)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]
        assert redfish.get("/redfish/v1/Systems/north-db").json()["PowerState"] == "On"

    def test_off_means_that_nothing_of_it_runs_and_on_brings_it_back(self, lab, redfish):
        reset = "/redfish/v1/Systems/south-web/Actions/ComputerSystem.Reset"
        host = lab.hosts["south-web"]
        try:
            assert redfish.post(reset, json={"ResetType": "ForceOff"}).status_code == 204
            assert redfish.get("/redfish/v1/Systems/south-web").json()["PowerState"] == "Off"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host.address, host.port), 5)
        finally:
            assert redfish.post(reset, json={"ResetType": "On"}).status_code == 204
        assert redfish.get("/redfish/v1/Systems/south-web").json()["PowerState"] == "On"
        until(lambda: lab_status(lab.folder).all_answer, 20)

    def test_a_graceful_shutdown_ends_in_off(self, lab, redfish):
        reset = "/redfish/v1/Systems/south-web/Actions/ComputerSystem.Reset"
        try:
            assert redfish.post(reset, json={"ResetType": "GracefulShutdown"}).status_code == 204
            assert redfish.get("/redfish/v1/Systems/south-web").json()["PowerState"] == "Off"
        finally:
            redfish.post(reset, json={"ResetType": "On"})
        until(lambda: lab_status(lab.folder).all_answer, 20)


def test_no_secret_stands_in_the_list_of_processes(lab):
    listed = subprocess.check_output(["ps", "-eo", "args"], text=True)
    for secret in lab.places.secrets.iterdir():
        if not secret.name.endswith(".pub"):
            assert secret.read_text().strip() not in listed, secret.name


def test_secrets_are_for_their_owner_alone(lab):
    assert lab.places.secrets.stat().st_mode & 0o777 == 0o700
    for secret in lab.places.secrets.iterdir():
        assert secret.stat().st_mode & 0o777 == 0o600
