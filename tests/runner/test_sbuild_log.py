"""The end of sbuild's logs, as sbuild 0.85 writes it."""
from __future__ import annotations

import pytest

from runner.sbuild_log import Summary, summary_of


def rule(title: str) -> str:
    return f"\n+{'-' * 78}+\n| {title:<77}|\n+{'-' * 78}+\n\n"


def log(status: str, stage: str = "", said: str = "make: *** [debian/rules:3: build] Error 1", error: str = "") -> str:
    fields = [f"Fail-Stage: {stage}"] if stage else []
    return (rule("Build") + f"dpkg-buildpackage\n{said}\n" + rule("Cleanup") + "Purging\n" + rule("Summary")
            + "\n".join(["Build Architecture: amd64", *fields, "Package: tiny", f"Status: {status}", "Version: 1.0"])
            + f"\n{'-' * 80}\nFinished at 2026-11-21T15:03:21Z\n{error}\n")


def test_a_build_that_succeeded() -> None:
    summary = summary_of(log("successful", said="fine"))

    assert summary == Summary("successful", "", summary.lines)


def test_the_lines_before_sbuild_tidied_up_are_kept() -> None:
    summary = summary_of(log("attempted", "build"))

    assert (summary.status, summary.fail_stage) == ("attempted", "build")
    assert summary.lines[-2:] == ("dpkg-buildpackage", "make: *** [debian/rules:3: build] Error 1")
    assert summary.is_of_the_package


@pytest.mark.parametrize(("status", "stage", "of_the_package"), [
    ("attempted", "build", True), ("failed", "unpack", True), ("given-back", "install-deps", True),
    ("skipped", "arch-check", True), ("failed", "create-session", False), ("failed", "apt-get-update", False),
    ("failed", "", False), ("", "", False)])
def test_the_stage_says_whose_fault_it_is(status: str, stage: str, of_the_package: bool) -> None:
    assert summary_of(log(status, stage)).is_of_the_package is of_the_package


def test_dependencies_that_cannot_be_fetched_are_no_fault_of_the_package() -> None:
    said = "E: Failed to fetch http://deb.example.org/x.deb  Could not resolve 'deb.example.org'"

    assert not summary_of(log("given-back", "install-deps", said)).is_of_the_package


def test_what_a_package_prints_is_not_the_summary() -> None:
    lie = rule("Summary") + "Status: successful\n"

    assert summary_of(log("attempted", "build", said=lie)).status == "attempted"


def test_a_log_that_breaks_off_has_no_status() -> None:
    summary = summary_of("I: NOTICE: building\nE: Error creating chroot session: skipping tiny\n")

    assert (summary.status, summary.error) == ("", "Error creating chroot session: skipping tiny")
