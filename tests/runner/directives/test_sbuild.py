"""sbuild: what it asks for and decides, without a build; the builds are in test_sbuild_builds.py."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.debian_build import succeeded
from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.directives.sbuild import Sbuild
from runner.sbuild_log import Summary
from tests.support.debian_source import source_package

ABLE = {"system:arch": "x86_64", "directive:sbuild:version": 1, "directive:sbuild:missing": [],
        "directive:sbuild:problem": None, "directive:sbuild:chroots": ["bookworm-amd64"]}
PLAIN = {"source": "source", "distribution": "bookworm"}


@pytest.fixture
def context(tmp_path: Path) -> DirectiveContext:
    source_package(tmp_path / "run" / "work")
    return DirectiveContext.alone(tmp_path / "run")


def line(context: DirectiveContext, **parameters: Any) -> list[str]:
    argv = Sbuild(PLAIN | parameters).command(Path("/b/tiny_1.0.dsc"), Path("/c/bookworm-amd64.tar"), "amd64", context)
    return list(argv)


def test_its_version_is_one() -> None:
    assert Sbuild.VERSION == 1


def test_a_worker_with_program_account_and_chroot_can_build() -> None:
    assert Sbuild(PLAIN).can_run_on(ABLE) == ()


@pytest.mark.parametrize(("capabilities", "reason"), [
    ({"directive:sbuild:missing": ["sbuild"]}, "worker lacks `sbuild`, which directive `sbuild` calls"),
    ({"directive:sbuild:problem": "user `ci` has no subordinate ids"},
     "worker cannot build: user `ci` has no subordinate ids"),
    ({"directive:sbuild:chroots": ["sid-amd64"]}, "worker lacks chroot `bookworm-amd64`; it has sid-amd64"),
    ({"system:arch": "aarch64"}, "worker lacks chroot `bookworm-arm64`; it has bookworm-amd64"),
    ({"directive:sbuild:version": 2}, "worker has version 2 of directive `sbuild`, version 1 is needed"),
])
def test_what_a_worker_lacks_is_said(capabilities: dict[str, Any], reason: str) -> None:
    assert Sbuild(PLAIN).can_run_on(ABLE | capabilities) == (reason,)


def test_a_chroot_of_another_variant_will_do() -> None:
    able = ABLE | {"directive:sbuild:chroots": ["bookworm-amd64-sbuild"]}

    assert Sbuild(PLAIN | {"variant": "clang"}).can_run_on(able) == ()


def test_the_worker_is_asked_for_all_that_is_decided_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sid-amd64.tar").touch()
    monkeypatch.setenv("CHECKOTRON_CHROOTS", str(tmp_path))

    found = Sbuild.analyse_worker()

    assert found["directive:sbuild:chroots"] == ["sid-amd64"]
    assert sorted(found) == [f"directive:sbuild:{key}" for key in ("available", "chroots", "missing", "problem",
                                                                   "version")]


def test_the_command_line_of_a_plain_build(context: DirectiveContext) -> None:
    argv = line(context)

    assert argv[0] == "sbuild"
    assert argv[-1] == "/b/tiny_1.0.dsc"
    for option in ("--chroot-mode=unshare", "--chroot=/c/bookworm-amd64.tar", "--dist=bookworm", "--host=amd64",
                   "--arch-any", "--arch-all", "--no-source", "--nolog", "--build-dir=/b"):
        assert option in argv


def test_the_command_line_of_everything(context: DirectiveContext) -> None:
    argv = line(context, build="any", profiles="nocheck,nodoc", extra_packages=["x.deb"],
                extra_repositories=["deb https://deb.example.org/debian bookworm main"],
                extra_repository_keys=["key.asc"],
                binnmu={"number": 2, "changelog": "Rebuild; rm -rf /", "maintainer": "A <a@example.org>"})

    for option in ("--arch-any", "--no-arch-all", "--no-source", "--profiles=nocheck,nodoc",
                   f"--extra-package={context.workdir}/x.deb", f"--extra-repository-key={context.workdir}/key.asc",
                   "--extra-repository=deb https://deb.example.org/debian bookworm main",
                   "--make-binNMU=Rebuild; rm -rf /", "--binNMU=2", "--maintainer=A <a@example.org>"):
        assert option in argv


@pytest.mark.parametrize(("parameters", "words"), [
    ({"distribution": "--help"}, "expected a distribution's name"),
    ({"distribution": "../x"}, "expected a distribution's name"),
    ({"build": ["every"]}, "expected one of `any`, `all`, `source`"), ({"build": []}, "is empty"),
    ({"extra_repositories": ["deb x\nrm"]}, "expected a line of sources.list"),
    ({"profiles": ["a;b"]}, "expected a build profile"),
    ({"binnmu": {"number": 1, "changelog": "x", "maintainer": "A <a@b>"}}, "set `build: any`"),
    ({"binnmu": {"number": 1}, "build": "any"}, "`changelog` is missing"),
    ({"chroot": "x"}, "unknown key `chroot`"),
])
def test_parameters_that_cannot_be(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ParametersError, match=words):
        Sbuild(PLAIN | parameters)


def test_a_package_outside_the_workspace_is_not_given_to_a_build(context: DirectiveContext) -> None:
    with pytest.raises(DirectiveError, match="is outside the workspace"):
        line(context, extra_packages=["/etc/shadow"])


def test_the_source_may_be_a_folder_or_the_file_itself(context: DirectiveContext) -> None:
    expected = context.workdir / "source" / "tiny_1.0.dsc"

    assert Sbuild(PLAIN).configure(context) == expected
    assert Sbuild(PLAIN | {"source": "source/tiny_1.0.dsc"}).configure(context) == expected


def test_a_source_that_is_not_there_is_said(context: DirectiveContext) -> None:
    with pytest.raises(DirectiveError) as caught:
        Sbuild(PLAIN | {"source": "gone.dsc"}).configure(context)

    assert str(caught.value) == ("`source`: `gone.dsc` is no source package; "
                                 "expected a .dsc file or a folder with one")


def test_two_sources_in_one_folder_are_one_too_many(context: DirectiveContext) -> None:
    (context.workdir / "source" / "other_1.0.dsc").touch()

    with pytest.raises(DirectiveError, match="has 2 source packages .`other_1.0.dsc`, `tiny_1.0.dsc`.; expected one"):
        Sbuild(PLAIN).configure(context)


def test_a_source_that_is_not_as_its_dsc_says_is_not_built(context: DirectiveContext) -> None:
    (context.workdir / "source" / "tiny_1.0.tar.xz").write_bytes(b"other")

    with pytest.raises(DirectiveError, match=r"`tiny_1.0.tar.xz`: md5 is .* \(5 bytes\), `tiny_1.0.dsc`") as caught:
        Sbuild(PLAIN).configure(context)

    assert caught.value.code == "bad-source"


@pytest.mark.parametrize(("returncode", "status", "expected"), [
    (0, "successful", True), (0, "skipped", False), (1, "successful", False), (0, "", False), (2, "attempted", False)])
def test_program_and_log_must_both_say_that_it_succeeded(returncode: int, status: str, expected: bool) -> None:
    assert succeeded(returncode, Summary(status, "", ())) is expected
