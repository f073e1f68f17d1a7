"""Making plans: what is rendered, what is refused, and that every mistake is told at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from seawall.actions import Action, Effect, Proof, Seen
from seawall.binding import facts_to_read, make_plan
from seawall.errors import BadInput
from seawall.ground import Ground
from seawall.inventory import Inventory
from seawall.messages import Message
from seawall.model import Bytes, Frozen, Text
from seawall.runbook import Runbook
from seawall.targets import Host


class LookArgs(Frozen):
    host: Host


class Looked(Seen):
    up: bool | None
    behind: Bytes | None = None


class TurnArgs(Frozen):
    host: Host
    looked: Looked | None = None
    times: int = 1


class Turned(Seen):
    turns: int


class SayArgs(Frozen):
    message: Message


def never(_args, _occasion):
    raise AssertionError


ACTIONS = {
    one.name: one
    for one in (
        Action("lamp.look", Effect.READS, LookArgs, Looked, never, "Look"),
        Action("lamp.is-on", Effect.READS, LookArgs, Proof, never, "Is it on"),
        Action("lamp.off", Effect.CHANGES, LookArgs, Turned, never, "Off"),
        Action(
            "lamp.on", Effect.CHANGES, TurnArgs, Turned, never, "On", undone_by="lamp.off", proof="lamp.is-on"
        ),
        Action("lamp.break", Effect.CHANGES, LookArgs, Turned, never, "Break"),
        Action("say.it", Effect.CHANGES, SayArgs, Seen, never, "Say"),
    )
}

SITE = {"title": {"en": "North", "da": "Nord"}, "address": "Quay 1", "coordinates": [55.7, 12.6]}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr"
HOST = {"site": "north", "address": "192.0.2.1", "user": "ops", "key": "file:/secret/key", "host_key": KEY}
INVENTORY = Inventory.model_validate(
    {
        "city": {"name": "havn", "title": "Havn"},
        "sites": {"north": SITE, "south": SITE},
        "hosts": {"lamp-1": HOST, "lamp-2": HOST},
    }
)
LIT = Message(
    subject=Text(en="{{ host.name }} is lit"), body=Text(en="At {{ site.title }}", da="På {{ site.title }}")
)


def ground(**runbooks: Any) -> Ground:
    made = {
        name: Runbook.model_validate({"runbook": name, "title": name, "why": "because", **one})
        for name, one in runbooks.items()
    }
    return Ground(INVENTORY, made, {"lit": LIT}, ACTIONS)


def look(**more) -> dict[str, Any]:
    return {"id": "look", "does": "Look", "uses": "lamp.look", "with": {"host": "{{ host }}"}, **more}


def light(**more) -> dict[str, Any]:
    return {
        "id": "light",
        "does": "Light {{ host.name }}",
        "uses": "lamp.on",
        "with": {"host": "{{ host }}"},
        **more,
    }


HOSTS = {"host": {"type": "host"}}


def plan_of(*steps: Any, parameters=HOSTS, **given):
    on = ground(book={"parameters": parameters, "steps": list(steps)})
    return make_plan("book", on, given or {"host": "lamp-1"}, exercise=True)


def mistakes_of(*steps: Any, **more) -> list[str]:
    with pytest.raises(BadInput) as refused:
        plan_of(*steps, **more)
    return [f"{one.where}: {one.problem}" for one in refused.value.mistakes]


def test_arguments_hold_the_target_whole_and_secrets_by_reference_only():
    step = plan_of(look()).by_id["look"]
    assert step.args["host"]["address"] == "192.0.2.1"
    assert step.args["host"]["key"] == "file:/secret/key"
    assert step.lanes == ("host:lamp-1",)


def test_the_same_inputs_give_the_same_digest_and_other_inputs_another():
    assert plan_of(look()).digest == plan_of(look()).digest
    assert plan_of(look()).digest != plan_of(look(), host="lamp-2").digest
    on = ground(book={"parameters": HOSTS, "steps": [look()]})
    real = make_plan("book", on, {"host": "lamp-1"}, exercise=False)
    assert real.digest != plan_of(look()).digest


def test_every_mistake_is_told_at_once():
    told = mistakes_of(
        {"id": "one", "does": "{{ nobody }}", "uses": "lamp.lokk", "with": {}},
        {"id": "two", "does": "x", "uses": "lamp.look", "with": {"hosst": "{{ host }}"}},
        {"id": "three", "does": "x", "uses": "lamp.on", "with": {"host": "{{ host.gone }}", "times": "many"}},
        look(id="four", expect={"upp": True, "behind_at_most": "many"}),
    )
    text = "\n".join(told)
    for words in ("nobody", "lamp.lokk", "hosst", "needs 'host'", "gone", "times", "upp", "behind_at_most"):
        assert words in text


def test_a_change_without_a_way_back_or_a_reason_is_refused():
    assert "nothing says what takes it back" in mistakes_of(look(uses="lamp.break"))[0]
    assert plan_of(look(uses="lamp.break", no_way_back="Broken is broken")).steps[0].undo is None


def test_undo_and_proof_come_from_the_action_with_the_arguments_they_share():
    step = plan_of(light()).by_id["light"]
    assert step.undo is not None
    assert step.undo.uses == "lamp.off"
    assert set(step.undo.args) == {"host"}
    assert step.proof is not None
    assert step.proof.uses == "lamp.is-on"


def test_a_reference_is_kept_open_and_must_fit_and_be_waited_for():
    refers = light(**{"with": {"host": "{{ host }}", "looked": {"from": "look"}}})
    assert plan_of(look(), {**refers, "after": ["look"]}).by_id["light"].args["looked"] == {"from": "look"}
    assert "does not wait for it" in mistakes_of(look(), refers)[0]
    wrong = light(**{"with": {"host": "{{ host }}", "times": {"from": "look"}}, "after": ["look"]})
    assert "is a Looked, and times takes a int" in mistakes_of(look(), wrong)[0]


def test_what_a_step_saw_is_never_written_by_hand():
    written = light(**{"with": {"host": "{{ host }}", "looked": {"up": True, "name": "lamp-1"}}})
    assert "looked of lamp.on is what a step saw, never written" in mistakes_of(look(), written)[0]


def test_until_may_only_repeat_what_reads():
    assert "changes the world" in mistakes_of(light(until={"turns": 1}))[0]


def test_when_leaves_a_step_out_and_the_steps_after_it_still_wait_in_order():
    plan = plan_of(
        look(), light(after=["look"], when="host.name == 'lamp-2'"), look(id="end", after=["light"])
    )
    assert plan.by_id["light"].skipped == "not so: host.name == 'lamp-2'"
    assert plan.by_id["end"].after == ("light",)


def test_another_runbook_is_laid_in_whole_and_what_follows_waits_for_its_ends():
    inner = {"parameters": HOSTS, "steps": [look(), look(id="again", after=["look"])]}
    outer = {
        "parameters": HOSTS,
        "steps": [
            look(),
            {
                "id": "sub",
                "does": "Inner",
                "runbook": "inner",
                "with": {"host": "{{ host }}"},
                "after": ["look"],
            },
            look(id="end", after=["sub"]),
        ],
    }
    plan = make_plan("outer", ground(outer=outer, inner=inner), {"host": "lamp-1"}, exercise=True)
    assert [step.id for step in plan.steps] == ["look", "sub/look", "sub/again", "end"]
    assert plan.by_id["sub/look"].after == ("look",)
    assert plan.by_id["end"].after == ("sub/again",)


def test_runbooks_that_use_one_another_without_end_are_refused():
    book = {
        "parameters": HOSTS,
        "steps": [{"id": "a", "does": "x", "runbook": "book", "with": {"host": "{{ host }}"}}],
    }
    with pytest.raises(BadInput, match="deep"):
        make_plan("book", ground(book=book), {"host": "lamp-1"}, exercise=True)


def test_for_each_makes_one_step_of_each_and_what_follows_waits_for_all():
    step = {"id": "each", "does": "Say {{ each }}", "uses": "lamp.look", "with": {"host": "{{ host }}"}}
    plan = plan_of({**step, "for_each": "{{ ['a', 'b'] }}"}, look(after=["each"]))
    assert [one.id for one in plan.steps] == ["each@a", "each@b", "look"]
    assert plan.by_id["look"].after == ("each@a", "each@b")


def test_messages_are_rendered_in_both_languages():
    say: dict[str, Any] = {"id": "say", "does": "Say", "uses": "say.it", "no_way_back": "Said is said"}
    say["with"] = {"message": "{{ message('lit', site=site) }}"}
    parameters = {**HOSTS, "site": {"type": "site"}}
    plan = plan_of(say, parameters=parameters, host="lamp-1", site="north")
    message = plan.by_id["say"].args["message"]
    assert message["subject"]["en"] == "lamp-1 is lit"
    assert message["body"] == {"en": "At North", "da": "På Nord"}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "host is missing"),
        ({"host": "lamp-3"}, "'lamp-3' is no host that fits here"),
        ({"host": "lamp-1", "hots": "x"}, "book takes no hots"),
    ],
)
def test_a_wrong_parameter_is_named(given, problem):
    on = ground(book={"parameters": HOSTS, "steps": [look()]})
    with pytest.raises(BadInput) as refused:
        make_plan("book", on, given, exercise=True)
    assert [one.problem for one in refused.value.mistakes] == [problem]


def test_a_cycle_is_named_as_a_path():
    told = mistakes_of(look(after=["light"]), light(after=["look"]))
    assert "look -> light -> look" in told[0] or "light -> look -> light" in told[0]


@pytest.mark.parametrize(
    "dangerous", ["{{ host.__class__ }}", "{{ ''.__class__.__mro__ }}", "{% import 'os' %}"]
)
def test_expressions_cannot_leave_the_sandbox(dangerous):
    assert mistakes_of(look(does=dangerous))


def test_facts_are_read_by_reading_actions_only():
    book: dict[str, Any] = {
        "parameters": HOSTS,
        "steps": [look()],
        "facts": {"lamp": {"uses": "lamp.look", "with": {"host": "{{ host }}"}}},
    }
    (fact,) = facts_to_read("book", ground(book=book), {"host": "lamp-1"})
    assert fact.uses == "lamp.look"
    assert fact.within == timedelta(seconds=2)
    book["facts"]["lamp"]["uses"] = "lamp.off"
    with pytest.raises(BadInput, match="changes the world"):
        facts_to_read("book", ground(book=book), {"host": "lamp-1"})


def test_a_reference_may_name_a_step_that_is_waited_for_through_others():
    refers = light(**{"with": {"host": "{{ host }}", "looked": {"from": "look"}}, "after": ["between"]})
    plan = plan_of(look(), look(id="between", after=["look"]), refers)
    assert plan.by_id["light"].args["looked"] == {"from": "look"}


def test_a_run_that_changes_claims_what_it_names_unless_its_runbook_says_that_it_harms_no_other():
    assert plan_of(light()).claims == ("host:lamp-1",)
    assert plan_of(look()).claims == ()
    on = ground(book={"parameters": HOSTS, "steps": [light()], "claims": False})
    assert make_plan("book", on, {"host": "lamp-1"}, exercise=True).claims == ()
