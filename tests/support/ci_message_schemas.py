"""
CI messages of ours against the schemas themselves, which are not ours to keep.

    python -m tests.support.ci_message_schemas FOLDER

FOLDER has them as JSON: a checkout of pagure.io/fedora-ci/messages after `make convert`, or what Fedora's package
installs into /usr/share/message-schemas/ci. Each of ours is validated by the schema of its topic, with `$ref`s.
"""
from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from checks.item import ITEM_TYPES
from checks.outcome import Outcome
from reporting.ci_message import ARTIFACTS, CIMessage, Contact, message_of, message_of_progress
from reporting.progress import STATUSES, Progress
from reporting.reporter import ReportedRun
from tests.reporting.runs import BUILD_ID, PASSED, execution_report

CONTACT = Contact("Checkotron", "QA", "https://docs.example.org", "qa@example.org", "https://qa.example.org", "#qa")
FACTS = {"task_id": 14546276, "issuer": "alice"}
LOG = "https://artifacts.example.org/1/"


def messages() -> Iterator[CIMessage]:
    """Yield a message of every kind: artifact, state, outcome, with and without what may be left out."""
    for item_type in ARTIFACTS:
        plain = PASSED.with_changes(item=ITEM_TYPES[item_type].example, item_type=item_type)
        for outcome in Outcome:
            for result in (replace(plain, outcome=outcome),
                           plain.with_changes(outcome=outcome, output="x" * 9000, arch="x86_64",
                                              extra={"scenario": ("kde",)})):
                run = ReportedRun(BUILD_ID, execution_report(), (result,), datetime.now(UTC), log_url=LOG)
                yield message_of(run, result, CONTACT, FACTS, LOG)
        for status in STATUSES:
            progress = Progress.from_dict({
                "build_id": BUILD_ID, "item": plain.item, "item_type": item_type, "testcase": plain.testcase,
                "status": status})
            yield message_of_progress(progress, CONTACT, FACTS, LOG)


def main(folder: str) -> int:
    """Print a line a message and each fault; exit 1 where there is a fault, or no schema at all."""
    root = Path(folder)
    registry: Registry = Registry(retrieve=lambda uri: Resource.from_contents(  # type: ignore[call-arg]
        _schema(root / uri.rpartition("/")[2]), default_specification=DRAFT7))
    validated = faults = 0
    for message in messages():
        path = root / f"{message.topic.removeprefix('ci.')}.json"
        if not path.exists():
            continue
        validator = jsonschema.Draft7Validator(_schema(path), registry=registry,
                                               format_checker=jsonschema.FormatChecker())
        found = [f"{'.'.join(map(str, fault.path))}: {fault.message[:200]}"
                 for fault in validator.iter_errors(json.loads(json.dumps(message.body)))]
        validated += 1
        faults += len(found)
        print(f"{'valid  ' if not found else 'INVALID'} {message.topic} {message.body['test'].get('result', '')}")
        for line in found:
            print(f"    {line}")
    print(f"{validated} messages, {faults} faults")
    return 0 if validated and not faults else 1


def _schema(path: Path) -> dict[str, Any]:
    """Return a schema as it is meant: its `$id` is no address, and the slash of a pointer is missing in the files."""
    schema: dict[str, Any] = json.loads(path.read_text().replace(".json#properties/", ".json#/properties/"))
    schema.pop("$id", None)
    return schema


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
