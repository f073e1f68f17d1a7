"""Services that are no database: a website of files and a program of systemd's, moved in the lab and back again."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from drills.lab.faults import heal
from drills.lab.remote import run_on
from seawall.errors import ExitCode
from seawall.run_folder import RunFolder, read_state
from tests.end_to_end.scene import Said, Scene, outcome

pytestmark = pytest.mark.lab


@pytest.fixture
def city(scene: Scene) -> Iterator[Scene]:
    """Both services at home in the north before the story, and after it."""
    assert [serves(scene, name) for name in ("www", "tid")] == ["north", "north"]
    yield scene
    heal(scene.lab.folder)
    for runbook, service in (
        ("static-site-failover", "website"),
        ("stateless-service-failover", "appointments"),
    ):
        _, said = move(scene, runbook, service, to="north", mode="planned")
        assert said.code == ExitCode.DONE, said.all


def move(scene: Scene, runbook: str, service: str, **given: str) -> tuple[RunFolder, Said]:
    """Carry a runbook out, as an exercise."""
    before = scene.known()
    words = [f"{name}={value}" for name, value in {"service": service, **given}.items()]
    command = scene.begin("run", runbook, *words, "--exercise", "--yes", service)
    run = scene.opened(before, command)
    return run, command.ended()


def serves(scene: Scene, name: str) -> str | None:
    """Ask as a user does, by the service's name through the balancer, and return which site answered."""
    request = urllib.request.Request(
        f"http://{scene.lab.front}/", headers={"Host": f"{name}.{scene.lab.zone.name}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.headers["X-Site"])
    except urllib.error.HTTPError as error:
        error.close()
        return None


def leads_to(scene: Scene, name: str) -> str:
    """Ask the zone's own server where a name leads."""
    question = dns.message.make_query(f"{name}.{scene.lab.zone.name}", "A")
    at = scene.lab.zone.server
    reply = dns.query.udp(question, at.address, timeout=60, port=at.port)
    return str(reply.answer[0][0])


def page(scene: Scene, site: str, name: str = "index.html") -> Path:
    return Path(scene.lab.web_roots[f"{site}-web/website"].path, name)


def unit(scene: Scene, site: str) -> str:
    words = "systemctl show --property=ActiveState appointments.service"
    return run_on(scene.lab, f"{site}-web", words, within=60).removeprefix("ActiveState=")


def test_a_website_is_brought_up_to_date_shown_from_its_copy_and_brought_back(city: Scene):
    page(city, "north", "nyt.html").write_text("<h1>Nyt</h1>")
    page(city, "south", "kun-her.html").write_text("kept")
    run, said = move(city, "static-site-failover", "website", mode="planned")
    assert (said.code, outcome(run)) == (ExitCode.DONE, "done"), said.all
    assert serves(city, "www") == "south"
    assert leads_to(city, "www") == city.lab.hosts["south-web"].address
    assert page(city, "south", "nyt.html").read_text() == "<h1>Nyt</h1>"
    assert page(city, "south", "kun-her.html").read_text() == "kept"  # nothing is deleted
    back, said = move(city, "static-site-failover", "website", to="north", mode="planned")
    assert (said.code, outcome(back)) == (ExitCode.DONE, "done"), said.all
    assert serves(city, "www") == "north"
    assert page(city, "north", "kun-her.html").read_text() == "kept"
    assert leads_to(city, "www") == city.lab.hosts["north-web"].address


def test_a_website_is_shown_from_its_copy_when_its_machine_is_lost(city: Scene):
    city.lab_break("kill-host", "north-web")
    assert serves(city, "www") is None
    run, said = move(city, "static-site-failover", "website")
    assert (said.code, outcome(run)) == (ExitCode.DONE, "done"), said.all
    assert serves(city, "www") == "south"
    assert read_state(run).steps["bring-up-to-date"].failure is None


def test_where_the_copy_is_gone_no_run_is_opened_and_nobody_is_sent_there(city: Scene):
    folder = page(city, "south").parent
    away = folder.with_name("away")
    folder.rename(away)
    try:
        said = city.refused("static-site-failover", "service=website")
    finally:
        away.rename(folder)
    assert "expected exists is true" in said
    assert serves(city, "www") == "north"


def test_a_program_is_started_awaited_served_from_and_stopped_where_it_was(city: Scene):
    assert (unit(city, "north"), unit(city, "south")) == ("active", "inactive")
    run, said = move(city, "stateless-service-failover", "appointments", mode="planned")
    assert (said.code, outcome(run)) == (ExitCode.DONE, "done"), said.all
    assert serves(city, "tid") == "south"
    assert leads_to(city, "tid") == city.lab.hosts["south-web"].address
    assert (unit(city, "north"), unit(city, "south")) == ("inactive", "active")
    back, said = move(city, "stateless-service-failover", "appointments", to="north", mode="planned")
    assert (said.code, outcome(back)) == (ExitCode.DONE, "done"), said.all
    assert (serves(city, "tid"), unit(city, "south")) == ("north", "inactive")


def test_a_program_whose_machine_is_lost_runs_at_the_other_site(city: Scene):
    city.lab_break("kill-host", "north-web")
    run, said = move(city, "stateless-service-failover", "appointments")
    assert (said.code, outcome(run)) == (ExitCode.DONE, "done"), said.all
    assert (serves(city, "tid"), unit(city, "south")) == ("south", "active")


def test_a_program_that_does_not_start_sends_nobody_there(city: Scene):
    configuration = city.lab.places.home("south-web") / "units" / "appointments.cfg"
    text = configuration.read_text()
    configuration.write_text("nonsense\n")
    try:
        run, said = move(city, "stateless-service-failover", "appointments")
    finally:
        configuration.write_text(text)
    assert (said.code, outcome(run)) == (ExitCode.FAILED, "failed"), said.all
    assert "Job for appointments.service failed" in " ".join(said.out.split())
    assert (serves(city, "tid"), unit(city, "north")) == ("north", "active")


def test_a_name_is_switched_alone_and_back(city: Scene):
    there, back = (city.lab.hosts[f"{site}-web"].address for site in ("south", "north"))
    for to, address in (("south", there), ("north", back)):
        run, said = move(city, "dns-switch", "website", to=to)
        assert (said.code, outcome(run)) == (ExitCode.DONE, "done"), said.all
        assert leads_to(city, "www") == address
        assert serves(city, "www") == "north"


def test_a_name_that_somebody_else_led_elsewhere_is_left_alone(city: Scene):
    elsewhere = city.lab.hosts["north-db"].address
    run, said = move(city, "dns-switch", "website", to="south")
    assert said.code == ExitCode.DONE
    runbook = city.city / "runbooks" / "lead-astray.yaml"
    runbook.write_text(ASTRAY.format(address=elsewhere))
    try:
        _, said = move(city, "lead-astray", "website")
        assert said.code == ExitCode.DONE, said.all
        run, said = move(city, "dns-switch", "website", to="north")
        assert (said.code, outcome(run)) == (ExitCode.FAILED, "failed"), said.all
        assert leads_to(city, "www") == elsewhere
    finally:
        runbook.unlink()


ASTRAY = """\
runbook: lead-astray
title: {{en: Lead astray, da: Før vild}}
why: {{en: Somebody else did, da: En anden gjorde det}}
parameters: {{service: {{type: service, has: zone}}}}
steps:
  - id: point
    does: {{en: Point, da: Peg}}
    uses: dns.point
    with: {{zone: "{{{{ service.zone }}}}", name: "{{{{ service.dns_name }}}}", to: {address}}}
    no_way_back: {{en: It is a test, da: Det er en prøve}}
"""


def test_what_was_done_can_be_read(city: Scene):
    run, _ = move(city, "stateless-service-failover", "appointments", mode="planned")
    said = city.seawall("report", run.id, "--md")
    assert said.code == ExitCode.DONE
    # One that once did not start is called failed until it runs again.
    before = r"(inactive \(dead\)|failed \(failed\))"
    assert re.search(rf"appointments\.service is active \(running\), before {before}", said.out)
