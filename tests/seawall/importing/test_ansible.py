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


@pytest.fixture
def beside(tmp_path):
    """Write what stands beside an inventory."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / "ansible" / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "ansible" / "hosts"

    return write


def test_what_stands_beside_the_inventory_goes_before_what_it_says_itself(tmp_path, beside):
    made = city_of(
        tmp_path,
        beside(
            hosts="[web]\na\nb ansible_port=1\nc\n[all:vars]\nansible_user=file\n[web:vars]\nansible_port=2\n",
            group_vars__all="ansible_user: beside\nansible_password: hunter2\n",
            group_vars__web="ansible_port: 3\n",
            host_vars__b="ansible_port: 4\n",
            host_vars__c="ansible_host: 192.0.2.3\nansible_user: c\n",
        ),
    )
    told = {name: (one.address, one.port, one.user) for name, one in made.city.hosts.items()}
    assert told == {"a": ("a", 3, "beside"), "b": ("b", 4, "beside"), "c": ("192.0.2.3", 3, "c")}
    assert "hunter2" not in str(made)
    assert made.read[0].endswith("with 4 files of group_vars and host_vars")


def test_a_folder_of_a_name_is_read_in_order_without_what_is_hidden(tmp_path, beside):
    hosts = beside(hosts="[web]\na\n")
    folder = hosts.parent / "group_vars" / "web"
    (folder / "deeper").mkdir(parents=True)
    for name, port in {
        "1.yml": 1,
        "deeper/2.yaml": 2,
        ".hidden.yml": 3,
        "old.yml~": 4,
        "note.txt": 5,
    }.items():
        (folder / name).write_text(f"ansible_port: {port}\n")
    (hosts.parent / "group_vars" / "web.yml").write_text("ansible_port: 6\n")
    assert city_of(tmp_path, hosts).city.hosts["a"].port == 2


def test_what_is_vaulted_beside_the_inventory_is_not_read_and_said(tmp_path, beside):
    hosts = beside(
        hosts="[web]\na\n",
        group_vars__web__vault="$ANSIBLE_VAULT;1.1;AES256\n3061\n",
        group_vars__web__plain="ansible_user: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3061\n",
        group_vars__gone="ansible_user: x\n",
    )
    made = city_of(tmp_path, hosts)
    assert made.city.hosts["a"].user is None
    assert "3061" not in str(made)
    said = " ".join(made.notes)
    assert "group_vars/web/vault: not read: it is vaulted" in said
    assert "group_vars/web/plain:1:1: not read: the user is vaulted" in said
    assert "group_vars/gone: not read: the inventory has no group gone" in said


def test_no_name_of_a_group_leads_out_of_the_folder(tmp_path, beside):
    (tmp_path / "secret.yml").write_text("ansible_user: stolen\n")
    made = city_of(tmp_path, beside(hosts="[../../secret]\na\n", group_vars__web="ansible_user: x\n"))
    assert made.city.hosts["a"].user is None


@pytest.mark.parametrize(("text", "problem"), [("- a\n", "holds no variables"), ("a: [\n", "is not YAML")])
def test_a_mistake_beside_the_inventory_is_told_with_its_place(tmp_path, beside, text, problem):
    mistakes = refused(tmp_path, beside(hosts="[web]\na\n", group_vars__web=text))
    assert problem in mistakes[0].problem
    assert "group_vars/web:" in mistakes[0].where


def test_of_two_groups_the_deeper_counts_and_of_two_as_deep_the_last_in_the_alphabet(tmp_path, written):
    text = (
        "[zulu]\na\n[alpha]\na\nb\n[deep]\nb\n[up:children]\ndeep\n"
        "[zulu:vars]\nansible_port=1\n[alpha:vars]\nansible_port=2\n[deep:vars]\nansible_port=3\n"
    )
    made = city_of(tmp_path, written(text, "hosts.ini"))
    assert {name: one.port for name, one in made.city.hosts.items()} == {"a": 1, "b": 3}


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
