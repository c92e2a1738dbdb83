"""The compose file: keys that exist, command lines of ours as they are today, and names that fit together."""
from __future__ import annotations

import re
import shlex
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.units import DOCS, parse

FOLDER = DOCS / "compose"
#: Of the Compose specification, as far as the file may use them (github.com/compose-spec/compose-spec, 05-services.md).
SERVICE_KEYS = {"image", "build", "restart", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "hostname",
                "environment", "volumes", "healthcheck", "secrets", "command", "entrypoint", "ports", "depends_on",
                "stop_grace_period", "working_dir"}
CONDITIONS = {"service_started", "service_healthy"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / "compose.yml").read_text()))


def _ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in compose["services"].items() if "checkotron" in one["image"]}


def _commands(service: dict[str, Any]) -> list[list[str]]:
    """Return each command line that a container runs, one after the other."""
    words = [str(word) for word in service["command"]]
    program = service.get("entrypoint", ["checkotron"])
    if program != ["sh", "-c"]:
        return [[*program, *words]]
    (script,) = words
    return [shlex.split(part.strip().removeprefix("exec ")) for part in script.split("&&")]


def test_the_keys_are_those_of_the_specification(compose: dict[str, Any]) -> None:
    assert set(compose) - {"x-part"} == {"name", "services", "volumes", "secrets"}
    for name, service in compose["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        assert set(service.get("healthcheck", {})) <= {"test", "interval", "timeout", "retries"}


def test_every_part_of_the_chain_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"rabbitmq", "postgresql", "results", "master", "worker", "deliver", "trigger"}


def test_every_command_is_understood(compose: dict[str, Any]) -> None:
    for name, service in _ours(compose).items():
        for command in _commands(service):
            context = parse(command, service.get("environment"))
            assert context or command[0] == "twistd", (name, command)


def test_the_image_is_built_once(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "build" in service] == ["results"]


def test_services_volumes_and_secrets_that_are_named_are_there(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS
            target = compose["services"][other]
            assert how["condition"] != "service_healthy" or "healthcheck" in target, (name, other)
            # podman 4 cannot start what depends on a container that has ended
            assert target["restart"] == "unless-stopped", (name, other)
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or (FOLDER / source).exists(), (name, source)
        assert set(service.get("secrets", ())) <= set(compose["secrets"])


def test_hosts_in_addresses_are_services(compose: dict[str, Any]) -> None:
    for name, service in _ours(compose).items():
        words = [word for command in _commands(service) for word in command]
        given = [re.sub(r"\$\{[^}]*\}", "x", str(one)) for one in [*words, *service.get("environment", {}).values()]]
        hosts = {urlsplit(one).hostname for one in given if "://" in one}
        hosts |= {one.partition(":")[0] for one in given if re.fullmatch(r"[a-z]+:\d+", one)}
        assert hosts <= set(compose["services"]), name


def test_the_ports_that_are_published_are_served(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert services["results"]["ports"] == ["5001:5001"]
    assert services["master"]["ports"] == ["8010:8010", "8012:8012"]


def test_what_the_image_copies_is_what_it_needs() -> None:
    text = (FOLDER / "Containerfile").read_text()
    left_out = (FOLDER / "Containerfile.dockerignore").read_text().split()

    assert "USER checkotron" in text
    assert 'ENTRYPOINT ["checkotron"]' in text
    # `.*`: .git, .venv, and whatever else tools leave beside the checkout
    assert {".*", "docs/compose/secrets", "docs/compose/.env"} <= set(left_out)
    assert not {"checks", "runner", "reporting", "trigger", "buildbot-master", "setup.cfg"} & set(left_out)
