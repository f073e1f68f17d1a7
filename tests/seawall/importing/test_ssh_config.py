"""Hosts from an ssh configuration: what ssh itself would use, and nothing ever executed."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from seawall.importing.patterns import fits_one
from tests.seawall.importing.made import city_of, refused

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICccrFNK7V5h1FHlSWzYTi+qk+UxYH0ifuDbqaRX2A1D"


@pytest.fixture
def config(tmp_path):
    (tmp_path / "home" / ".ssh" / "conf.d").mkdir(parents=True)

    def write(text, name="config"):
        path = tmp_path / "home" / ".ssh" / name
        path.write_text(text)
        return path

    return write


def hosts(tmp_path, path, **more):
    return city_of(tmp_path, path, kind="ssh-config", **more).city.hosts


def test_the_first_value_found_for_an_option_counts_as_it_does_for_ssh(tmp_path, config):
    path = config(
        "User everybody\n"
        'Host web1 "db1"\n  HostName %h.by.dk\n  Port=2222\n'
        "Host web*\n  Port 22\n  IdentityFile ~/.ssh/web\n"
        "Host * !db1\n  HostName wrong\n"
        "Host db1\n  User never\n"
    )
    found = hosts(tmp_path, path)
    assert (found["web1"].address, found["web1"].port, found["web1"].user) == (
        "web1.by.dk",
        2222,
        "everybody",
    )
    assert found["web1"].key == f"file:{tmp_path}/home/.ssh/web"
    assert (found["db1"].address, found["db1"].user, found["db1"].key) == ("db1.by.dk", "everybody", None)
    assert set(found) == {"web1", "db1"}, "a pattern names no host"


def test_files_are_included_where_they_are_written_and_under_what_they_stand_in(tmp_path, config):
    config("HostName 192.0.2.9\nHost inner\n  HostName 192.0.2.7\n", "conf.d/a")
    config("Host far\n  HostName 192.0.2.8\n", "conf.d/b")
    path = config(
        "Host web1\n  Include conf.d/a\nHost *\n  Include ~/.ssh/conf.d/[b]\nHost web1 web2\n  HostName 192.0.2.1\n"
    )
    found = hosts(tmp_path, path)
    assert {name: one.address for name, one in found.items()} == {
        "web1": "192.0.2.9",
        "web2": "192.0.2.1",
        "inner": "inner",
        "far": "192.0.2.8",
    }


def test_files_that_include_one_another_in_a_circle_are_refused_by_name(tmp_path, config):
    config("Include b\n", "a")
    config("Include a\n", "b")
    (one,) = refused(tmp_path, config("Include a\nHost x\n"), kind="ssh-config")
    assert one.problem == "files include one another in a circle: config -> a -> b -> a"


def test_a_match_that_only_ssh_can_tell_is_left_out_and_said_and_never_executed(tmp_path, config):
    trace = tmp_path / "executed"
    path = config(
        f'Match exec "touch {trace}"\n  User exec\n'
        f"Match !exec=true host web1\n  User exec\n"
        f"Host web1\n  HostName 192.0.2.1\n  ProxyCommand touch {trace}\n"
        "Match originalhost web1 host 192.0.2.*\n  Port 2200\n"
        "Match final all\n  User final\n"
        "Match user nobody\n  User somebody\n"
        "Match all\n  User everybody\n"
    )
    made = city_of(tmp_path, path, kind="ssh-config")
    assert (made.city.hosts["web1"].port, made.city.hosts["web1"].user) == (2200, "everybody")
    assert not trace.exists()
    assert [note.rpartition("/")[2].partition(" ")[0] for note in made.notes] == [
        "config:1:",
        "config:3:",
        "config:10:",
        "config:7:",
    ]
    assert "nothing is executed for it" in made.notes[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Host *\n  User x\n", "names no host in full"),
        ("Host web1\n  Port 70000\n", "'70000' is no port"),
        ('Host "web1\n', "this is no line of an ssh configuration"),
        ("Host web1\n  HostName a\nHost web_1\n", "web_1 and a host at"),
        ("Host\n", "`Host` names nothing"),
        ("Host 日本\n  User x\n", "nothing of '日本' can stand in a name"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(tmp_path, config, text, problem):
    text = text.replace("web_1", "web-1").replace(
        "Host web-1\n", "Host web.1\n  User x\nHost web-1\n  User y\n"
    )
    assert any(
        one.problem.startswith(problem.replace("web_1", "web-1"))
        for one in refused(tmp_path, config(text), kind="ssh-config")
    )


def test_two_names_of_one_machine_are_one_host(tmp_path, config):
    made = city_of(tmp_path, config("Host web1 old-web\n  HostName 192.0.2.1\n"), kind="ssh-config")
    assert list(made.city.hosts) == ["web1"]
    assert "old-web is at the address of web1" in made.notes[0]


def hashed(name):
    salt = b"01234567890123456789"
    digest = hmac.digest(salt, name.encode(), hashlib.sha1)
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("line", "pinned"),
    [
        (f"192.0.2.1 {KEY}", True),
        (f"web1,192.0.2.77 {KEY} a comment", True),
        (f"{hashed('192.0.2.1')} {KEY}", True),
        (f"{hashed('192.0.2.2')} {KEY}", False),
        (f"192.0.2.* {KEY}", True),
        (f"*,!192.0.2.1,!web1 {KEY}", False),
        (f"[192.0.2.1]:2222 {KEY}", False),
        (f"192.0.2.1 {KEY}\n@revoked * {KEY}", False),
        (f"@cert-authority *.dk {KEY}", False),
        (f"192.0.2.1 {KEY}\nweb1 {OTHER}", False),
    ],
)
def test_a_key_is_pinned_only_when_known_hosts_names_that_machine_and_one_key(tmp_path, config, line, pinned):
    known = config(f"# known\n{line}\n", "known_hosts")
    found = hosts(tmp_path, config("Host web1\n  HostName 192.0.2.1\n"), known_hosts=[known])
    assert found["web1"].host_key == (KEY if pinned else None)


def test_a_host_on_another_port_has_the_key_of_that_port(tmp_path, config):
    known = config(f"{hashed('[web1]:2222')} {KEY}\n", "known_hosts")
    path = config("Host web1\n  HostName 192.0.2.1\n  Port 2222\n")
    assert hosts(tmp_path, path, known_hosts=[known])["web1"].host_key == KEY


def test_one_key_is_not_pinned_to_two_machines(tmp_path, config):
    known = config(f"* {KEY}\n", "known_hosts")
    found = hosts(tmp_path, config("Host a b\n"), known_hosts=[known])
    assert [one.host_key for one in found.values()] == [KEY, None]


@pytest.mark.parametrize("line", ["web1", "web1 ssh-ed25519 AAAA", "|1|x|y " + KEY, "@what web1 " + KEY])
def test_a_line_that_is_none_of_known_hosts_is_refused(tmp_path, config, line):
    known = config(f"{line}\n", "known_hosts")
    (one,) = refused(tmp_path, config("Host web1\n"), kind="ssh-config", known_hosts=[known])
    assert one.where.endswith("known_hosts:1")


def test_a_pattern_of_many_stars_takes_no_time_to_speak_of():
    assert not fits_one("*a" * 2_000 + "b", "a" * 3_000)
    assert fits_one("*a" * 50 + "*", "a" * 50)
