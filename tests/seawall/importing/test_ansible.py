"""Hosts from an Ansible inventory, in INI and in YAML; what is vaulted, templated or a program is never read."""

from __future__ import annotations

import pytest

from seawall.importing.ansible import spelled_out
from tests.seawall.importing.made import city_of, refused

INI = """\
# all of it
mail.by.dk:2525
[web]
web[01:03].by.dk ansible_user="anna"
[db]
db-a ansible_host=192.0.2.11 ansible_port=2200   # a remark
db-b ansible_host=192.0.2.12
[all:vars]
ansible_user=seawall
ansible_ssh_private_key_file=/etc/keys/id
ansible_password=hunter2
[north:children]
web
[north:vars]
ansible_port=2222
"""
YAML = """\
all:
  vars: {ansible_user: seawall, ansible_ssh_private_key_file: /etc/keys/id, ansible_password: hunter2}
  hosts:
    mail.by.dk: {ansible_port: 2525}
  children:
    north:
      vars: {ansible_port: 2222}
      children:
        web:
          hosts:
            web[01:03].by.dk: {ansible_user: anna}
    db:
      hosts:
        db-a: {ansible_host: 192.0.2.11, ansible_port: 2200}
        db-b:
          ansible_host: 192.0.2.12
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "name"), [(INI, "hosts"), (INI, "hosts.ini"), (YAML, "hosts.yml"), (YAML, "inventory")]
)
def test_both_forms_give_the_same_hosts(tmp_path, written, text, name):
    made = city_of(tmp_path, written(text, name))
    told = {name: (one.address, one.port, one.user, one.key) for name, one in made.city.hosts.items()}
    assert told == {
        "mail-by-dk": ("mail.by.dk", 2525, "seawall", "file:/etc/keys/id"),
        "web01-by-dk": ("web01.by.dk", 2222, "anna", "file:/etc/keys/id"),
        "web02-by-dk": ("web02.by.dk", 2222, "anna", "file:/etc/keys/id"),
        "web03-by-dk": ("web03.by.dk", 2222, "anna", "file:/etc/keys/id"),
        "db-a": ("192.0.2.11", 2200, "seawall", "file:/etc/keys/id"),
        "db-b": ("192.0.2.12", 22, "seawall", "file:/etc/keys/id"),
    }
    assert "# in the groups web, north" in made.files["hosts.yaml"]
    assert "hunter2" not in str(made.files)


def test_what_is_vaulted_is_never_read_and_said(tmp_path, written):
    text = "all:\n  hosts:\n    a:\n      ansible_user: !vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        3061\n"
    made = city_of(tmp_path, written(text, "hosts.yml"))
    assert made.city.hosts["a"].user is None
    assert made.notes[0].endswith("not read: the user is vaulted")
    assert "3061" not in str(made)


def test_a_template_is_for_ansible_to_fill_and_is_left_out(tmp_path, written):
    made = city_of(tmp_path, written("[web]\na ansible_host='{{ secret_address }}'\n", "hosts.ini"))
    assert made.city.hosts["a"].address == "a"
    assert "is a template, which only Ansible can fill" in made.notes[0]


def test_the_machine_ansible_runs_on_is_no_host_of_the_city(tmp_path, written):
    made = city_of(tmp_path, written("localhost ansible_connection=local\nweb1\n", "hosts.ini"))
    assert list(made.city.hosts) == ["web1"]


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("$ANSIBLE_VAULT;1.1;AES256\n3061\n", "hosts.yml", "is encrypted by Ansible Vault"),
        ("#!/usr/bin/env python3\nprint()\n", "hosts", "is a program, and nothing is executed"),
        ('{"_meta": {}}\n', "hosts.yml", "is JSON, which is not read"),
        ("[a:children]\nb\n[b:children]\na\n", "hosts.ini", "groups hold one another in a circle: a -> b -> a"),
        ("a: {children: {b: {children: {a: }}}}", "h.yml", "groups hold one another in a circle: a -> b -> a"),
        ("[web]\nweb[3:1]\n", "hosts.ini", "'web[3:1]' holds a range that ends before it begins"),
        ("[web]\nweb[1:99999999]\n", "hosts.ini", "'web[1:99999999]' is more than 50,000 hosts"),
        ("[web]\nweb1 ansible_port=ssh\n", "hosts.ini", "'ssh' is no port"),
        ("[web]\nweb1 'ansible_host=1\n", "hosts.ini", "a quote on this line is not closed"),
        ("[web:hots]\nweb1\n", "hosts.ini", "this is no section"),
        ("all: [a, b]\n", "hosts.yml", "`all` must hold names with colons"),
        ("all:\n  host: {a: }\n", "hosts.yml", "`host` is not known in a group"),
        ("- a\n", "hosts.yml", "holds no groups"),
        ("all:\n  hosts: {a: , a: }\n", "hosts.yml", "`a` stands here for the second time"),
        ("all: &all\n  children: {a: *all, b: *all}\n", "hosts.yml", "groups are nested beyond measure"),
        ("# nothing\n[web]\n", "hosts.ini", "names no host"),
        ("a b c\n", "notes.txt", "it cannot be told what kind of file this is"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, written, text, name, problem):
    assert refused(tmp_path, written(text, name))[0].problem == problem


def test_ranges_are_spelled_out_as_ansible_does():
    assert list(spelled_out("r[1:2]-n[a:b:1].dk")) == ["r1-na.dk", "r1-nb.dk", "r2-na.dk", "r2-nb.dk"]
    assert list(spelled_out("x[008:011]")) == ["x008", "x009", "x010", "x011"]


def test_a_spreadsheet_and_an_inventory_name_the_same_machines_once(tmp_path, written):
    table = written("name;site;host;database host\nLogin;North;web01;db-a\n", "services.csv")
    city = city_of(tmp_path, table, written(INI.replace("[db]", "[north-db]\n[db]"), "hosts.ini")).city
    assert len(city.hosts) == 6
    assert city.services["login"].machines == {"north": ("web01-by-dk",)}
    assert city.hosts["db-a"].site == "north"
    assert city.hosts["web02-by-dk"].site == "north", "its group is called as the site is"
    assert city.hosts["mail-by-dk"].site is None
