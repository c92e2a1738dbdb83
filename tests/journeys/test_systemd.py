"""
The units of docs/systemd, started by systemd itself on a machine that was set up as docs/operation.md says.

Results database on PostgreSQL, RabbitMQ as the bus, master, worker, deliverer and trigger: six services, four users,
with everything that the units take away from them.
"""
from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.support.systemd_machine import Machine, running_machine

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

PARTS = ("results", "master", "deliver", "worker@builder7", "trigger")
SOURCE = "/usr/src/checkotron"
#: As in docs/operation.md, "Installing", with passwords in place of what an operator chooses.
INSTALL = f"""
cd {SOURCE}
useradd --system --home-dir /var/lib/checkotron --create-home checkotron
useradd --system --home-dir /var/lib/checkotron-worker --create-home checkotron-worker
useradd --system --home-dir /var/lib/checkotron-results --create-home checkotron-results
install -d /etc/checkotron && cp docs/systemd/* /etc/systemd/system/ && systemctl daemon-reload
runuser -u postgres -- psql -q -c "CREATE ROLE results LOGIN PASSWORD 'r'" -c "CREATE DATABASE results OWNER results"
umask 077
echo CHECKOTRON_DATABASE=postgresql://results:r@127.0.0.1/results > /etc/checkotron/results
checkotron results token create deliver --scope '*' --database postgresql://results:r@127.0.0.1/results \
    > /etc/checkotron/results.token
systemctl enable --now checkotron-results
umask 022
runuser -u checkotron -- /opt/checkotron/bin/checkotron master init /var/lib/checkotron
systemctl enable --now checkotron-master checkotron-deliver
runuser -u checkotron -- /opt/checkotron/bin/checkotron master add-worker /var/lib/checkotron builder7 --slots 2
install -o checkotron-worker -m 0600 /var/lib/checkotron/secrets/workers/builder7.password \
    /etc/checkotron/builder7.password
runuser -u checkotron-worker -- /opt/checkotron/bin/checkotron worker-init /var/lib/checkotron-worker/builder7 \
    --name builder7 --slots 2 --master 127.0.0.1:9989 --password-file /etc/checkotron/builder7.password
systemctl reload checkotron-master
systemctl enable --now checkotron-worker@builder7
umask 077
echo CHECKOTRON_BUS=amqp://guest:guest@127.0.0.1:5672/%2F > /etc/checkotron/bus
"""
RULES = """
- when: {message_type: KojiBuildPackageCompleted}
  do: [{tasks: [rpmlint, caged]}]
"""
#: Runs in bubblewrap, inside the worker's unit.
CAGED = """
name: caged
namespace: dist
description: Says what it sees.
maintainer: tests
environment: {executor: sandbox}
run: {using: command, command: "test ! -e /etc/checkotron && echo 'TAP version 13' && echo 'ok 1' && echo 1..1"}
"""
SEND = """
import json, sys
from fedora_messaging import api, config, message
config.conf.load_config()
config.conf["amqp_url"] = "amqp://guest:guest@127.0.0.1:5672/%2F"
told = json.load(open(sys.argv[1]))
told["body"]["build_id"] = int(sys.argv[2])
api.publish(message.Message(topic=told["topic"], body=told["body"]))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with running_machine(tmp_path_factory.mktemp("systemd")) as found:
        found.run(INSTALL, seconds=300)
        (found.tree / "etc/checkotron/rules.yml").write_text(RULES)
        checks = found.tree / "srv/checks/caged"
        checks.mkdir(parents=True)
        (checks / "caged.yml").write_text(CAGED)
        (found.tree / "root/send.py").write_text(SEND)
        settings = found.tree / "var/lib/checkotron/settings.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {
            "check_folders": ["/srv/checks"], "runner_environment": {"CHECKOTRON_KOJI_STORE": "/srv/store"}}))
        found.run(f"cp -r {SOURCE}/buildbot-master/stack/demo/store /srv/store && chmod -R a+rX /srv "
                  "&& chmod 644 /etc/checkotron/rules.yml && systemctl reload checkotron-master "
                  "&& systemctl enable --now checkotron-trigger")
        # a message of before that has nowhere to wait
        found.wait_for("journalctl --no-pager -o cat -u checkotron-trigger", "listening")
        yield found


def send(machine: Machine, number: int) -> None:
    """Publish that a build is complete; another number is another event."""
    machine.run(f"/opt/checkotron/bin/python /root/send.py {SOURCE}/buildbot-master/stack/demo/message.json {number}")


def verdicts(machine: Machine) -> list[str]:
    rows = json.loads(machine.run("curl -s 'http://127.0.0.1:5001/api/v2.0/results?outcome=PASSED&limit=100'"))["data"]
    return sorted(row["testcase"]["name"] for row in rows)


def wait_for_verdicts(machine: Machine, count: int) -> list[str]:
    deadline = time.monotonic() + 120
    while len(found := verdicts(machine)) < count and time.monotonic() < deadline:
        time.sleep(0.3)
    assert len(found) == count, machine.journal()
    return found


def test_one_message_becomes_results_through_all_units(machine: Machine) -> None:
    for part in PARTS:
        machine.wait_for(f"systemctl is-active checkotron-{part}", "active")

    send(machine, 1)

    assert wait_for_verdicts(machine, 2) == ["dist.caged", "dist.rpmlint"]


@pytest.mark.parametrize("part", PARTS)
def test_a_unit_that_is_restarted_goes_on(machine: Machine, part: str) -> None:
    before = len(verdicts(machine))

    machine.run(f"systemctl restart checkotron-{part}")
    machine.wait_for("curl -s http://127.0.0.1:5001/api/v2.0/results?limit=1", "data")
    send(machine, 100 + PARTS.index(part))

    wait_for_verdicts(machine, before + 2)


@pytest.mark.parametrize("part", PARTS)
def test_a_unit_that_is_killed_comes_back(machine: Machine, part: str) -> None:
    machine.run(f"systemctl kill --kill-whom=main --signal=KILL checkotron-{part}")

    machine.wait_for(f"systemctl show -P NRestarts checkotron-{part}", "1")
    machine.wait_for(f"systemctl is-active checkotron-{part}", "active")


def test_no_unit_runs_as_root_and_none_can_become_it(machine: Machine) -> None:
    for part in PARTS:
        process = machine.run(f"systemctl show -P MainPID checkotron-{part}").strip()
        status = machine.run(f"cat /proc/{process}/status")

        assert "\nUid:\t0\t" not in status
        assert "\nNoNewPrivs:\t1\n" in status
        assert "\nCapBnd:\t0000000000000000\n" in status


def test_everything_stops_in_order_and_nothing_is_left(machine: Machine) -> None:
    machine.run("systemctl stop checkotron-trigger checkotron-master 'checkotron-worker@*' checkotron-deliver "
                "checkotron-results", seconds=200)

    assert machine.run("systemctl list-units --failed --no-legend").strip() == ""
    assert machine.run("pgrep -u checkotron,checkotron-worker,checkotron-results || true").strip() == ""


def test_the_one_unit_for_everything_starts_too(machine: Machine) -> None:
    machine.run("systemctl stop 'checkotron-*' && rm -rf /var/lib/checkotron/* "
                "&& cp /etc/checkotron/bus /etc/checkotron/environment && systemctl start checkotron")
    machine.wait_for("curl -s http://127.0.0.1:8010/api/v2.0/results", "data", 120)
    machine.wait_for("systemctl is-active checkotron", "active")
