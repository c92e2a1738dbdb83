"""The manual and the code say the same."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from checks.item import ITEM_TYPES
from trigger.all_topics import TOPICS, topic_named
from trigger.bus import DELIVERY_LIMIT, BusSettings, queue_definition
from trigger.cli import COMMANDS
from trigger.consumer_settings import settings_of_table
from trigger.fact import FACTS
from trigger.query_compiler import _JOINS, _OPERATORS
from trigger.rule_order import ORDER_KEYS
from trigger.rules import read_rules

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULES = (DOCS / "rules.md").read_text()
TRIGGER = (DOCS / "trigger.md").read_text()


@pytest.mark.parametrize("word", [*FACTS, *ORDER_KEYS, *_OPERATORS, *_JOINS])
def test_the_manual_of_rules_names_everything_a_rule_may_say(word: str) -> None:
    assert f"`{word}`" in RULES or f"`{word}` " in RULES or f"({'`' + word}`" in RULES


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", RULES, re.DOTALL))
def test_every_example_of_the_manual_is_a_valid_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "critpath.txt").write_text("kernel\n")

    assert read_rules(text, "manual", ["rpmlint", "installability", "abi"], tmp_path).rules


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_manual(command: str) -> None:
    assert f"trigger {command}" in TRIGGER or f"`{command}`" in TRIGGER


def test_every_topic_is_in_the_manual() -> None:
    for topic in TOPICS:
        assert any(f"`{name}`" in TRIGGER or (topic_named(name) is topic and name.split(".")[-1] in TRIGGER)
                   for name in topic.names), topic.names


def test_the_example_configuration_is_what_our_command_declares() -> None:
    import tomllib

    config = tomllib.loads(re.findall(r"```toml\n(.*?)```", TRIGGER, re.DOTALL)[0])

    assert config["queues"]["checkotron.trigger"] == queue_definition(BusSettings("amqp://"))
    assert config["queues"]["checkotron.trigger"]["arguments"]["x-delivery-limit"] == DELIVERY_LIMIT
    assert settings_of_table(config["consumer_config"]).rules == Path("/etc/checkotron/rules.yml")


def test_the_packaged_rules_are_yaml_that_anybody_can_read() -> None:
    text = (Path(__file__).resolve().parents[2] / "trigger" / "default_rules.yml").read_text()

    assert yaml.safe_load(text)[0]["do"] == [{"check": "rpmlint", "reason": "a Koji build is complete"}]
    assert "koji_build" in ITEM_TYPES
