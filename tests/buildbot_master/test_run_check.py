"""What the runner is told beside its item: facts, and where the check is from."""
from __future__ import annotations

from buildbot_master.parts.mirrors import Wanted
from buildbot_master.parts.run_check import known_of


def test_facts_of_the_event_become_options_and_nothing_else_does() -> None:
    properties = {"fact_task_id": "7", "fact_issuer": "a b=c; rm", "fact_odd": 7, "owner": "x", "check_revision": "abc"}

    assert known_of(properties, None) == ["--fact=issuer=a b=c; rm", "--fact=task_id=7"]


def test_a_check_of_a_repository_is_told_where_it_is_from() -> None:
    wanted = Wanted("https://src.example.org/rpms/xchat.git", "main", "tests")

    assert known_of({"check_revision": "5e0ae23a"}, wanted) == [
        "--check-repository=https://src.example.org/rpms/xchat.git", "--check-revision=5e0ae23a"]
    assert known_of({}, wanted) == ["--check-repository=https://src.example.org/rpms/xchat.git"]
