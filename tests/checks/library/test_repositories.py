"""installability, reverse_dependencies and upgradepath over real packages in real repositories."""
from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import rpm_packages
from tests.support.library_script import load_script
from tests.support.repositories import build_of, repository
from tests.support.rpm_packages import PackageSpec
from tests.support.web_server import files_below, web_server

installability = load_script("installability", "run_installability.py")
reverse_dependencies = load_script("reverse_dependencies", "run_reverse_dependencies.py")
upgradepath = load_script("upgradepath", "run_upgradepath.py")

LIBFOO_1 = PackageSpec(name="libfoo", version="1", header=("Provides: libfoo.so.1",))
LIBFOO_2 = PackageSpec(name="libfoo", version="2", header=("Provides: libfoo.so.2",))
USER = PackageSpec(name="user", header=("Requires: libfoo.so.1",))
BROKEN_ALREADY = PackageSpec(name="broken-already", header=("Requires: libfoo.so.1", "Requires: never-there"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return repository(tmp_path_factory.mktemp("base"), LIBFOO_1, USER, BROKEN_ALREADY)


def outcome_and_summary(result: dict[str, Any]) -> tuple[str, str]:
    return result["outcome"], result["summary"]


def test_packages_that_need_each_other_and_the_repository_can_be_installed(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="one", header=("Requires: two = 1.0", "Requires: (libfoo or nothing)")),
                    PackageSpec(name="two", header=("Requires: libfoo.so.1",)))

    [result] = installability.run(rpms, item="one-1.0-1.fc43", repositories={"base": base}, arch="x86_64")

    assert outcome_and_summary(result) == ("PASSED", "2 of 2 packages can be installed")
    assert result["arch"] == "x86_64"


def test_what_is_missing_is_named_with_all_that_is_missing(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="needy", header=("Requires: nobody-has-this", "Requires: libfoo >= 7")))

    [result] = installability.run(rpms, item="needy-1.0-1.fc43", repositories={"base": base})

    assert outcome_and_summary(result) == (
        "FAILED", "1 of 1 packages cannot be installed: needy-1.0-1.fc43.noarch")
    assert result["details"]["output"].splitlines() == [
        "needy-1.0-1.fc43.noarch cannot be installed:",
        "  nothing provides libfoo >= 7 needed by needy-1.0-1.fc43.noarch",
        "  nothing provides nobody-has-this needed by needy-1.0-1.fc43.noarch",
    ]


def test_who_lost_a_provide_is_told(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, LIBFOO_2, PackageSpec(name="foo-tools", header=("Requires: libfoo.so.1",)))

    [result] = installability.run(rpms, item="libfoo-2-1.fc43", repositories={"base": base})

    assert result["outcome"] == "FAILED"
    assert ("    libfoo-1-1.fc43.noarch from `base` provided it; libfoo-2-1.fc43.noarch replaces it and does not"
            in result["details"]["output"].splitlines())


def test_a_file_that_only_the_file_lists_know_is_found(tmp_path: Path) -> None:
    there = repository(tmp_path / "base", PackageSpec(name="data", files={"/usr/share/data/table": "1\n"}))
    rpms = build_of(tmp_path / "new", PackageSpec(name="reader", header=("Requires: /usr/share/data/table",)))

    [result] = installability.run(rpms, item="reader-1.0-1.fc43", repositories={"base": there})

    assert result["outcome"] == "PASSED"


def test_a_conflict_is_a_reason_too(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="torn", header=("Requires: libfoo", "Conflicts: libfoo")))

    [result] = installability.run(rpms, item="torn-1.0-1.fc43", repositories=[base])

    assert result["outcome"] == "FAILED"
    assert "conflicts with libfoo provided by libfoo-1-1.fc43.noarch" in result["details"]["output"]


def test_what_a_build_breaks_is_named_and_what_was_broken_before_is_not(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, LIBFOO_2)

    [result] = reverse_dependencies.run(rpms, item="libfoo-2-1.fc43", repositories={"base": base})

    assert outcome_and_summary(result) == (
        "FAILED", "breaks user-1.0-1.fc43.noarch (1 of 2 packages that depend on it)")
    assert result["details"]["output"].splitlines()[:2] == [
        "user-1.0-1.fc43.noarch could be installed, and cannot any more:",
        "  nothing provides libfoo.so.1 needed by user-1.0-1.fc43.noarch",
    ]
    assert "broken-already" not in result["details"]["output"]


def test_a_build_that_keeps_its_provides_breaks_nothing(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="libfoo", version="1.1", header=("Provides: libfoo.so.1",)))

    [result] = reverse_dependencies.run(rpms, item="libfoo-1.1-1.fc43", repositories={"base": base})

    assert outcome_and_summary(result) == ("PASSED", "breaks none of 2 packages that depend on it")


def test_a_build_that_obsoletes_a_package_breaks_who_needed_it(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="newfoo", header=("Obsoletes: libfoo < 9",)))

    [result] = reverse_dependencies.run(rpms, item="newfoo-1.0-1.fc43", repositories={"base": base})

    assert result["outcome"] == "FAILED"
    assert "libfoo-1-1.fc43.noarch from `base` provided it; it is obsoleted" in result["details"]["output"]


def test_a_new_package_replaces_nothing(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="fresh"))

    [result] = reverse_dependencies.run(rpms, item="fresh-1.0-1.fc43", repositories={"base": base})

    assert outcome_and_summary(result) == ("PASSED", "replaces nothing in the repositories")


def test_a_package_that_cannot_be_read_needs_inspection(tmp_path: Path, base: str) -> None:
    rpm_packages.broken(tmp_path)

    for check in (installability, reverse_dependencies):
        [result] = check.run(str(tmp_path), item="broken-1.0-1.fc43", repositories={"base": base})
        assert outcome_and_summary(result) == ("NEEDS_INSPECTION", "1 of 1 packages cannot be read")


@pytest.mark.parametrize(("place", "told"), [
    ("/nowhere/at/all", "repodata/repomd.xml: cannot be fetched"),
    ("gopher://example.org/", "expected a folder or a URL of http, https or file"),
])
def test_a_repository_that_does_not_answer_is_no_verdict(tmp_path: Path, place: str, told: str) -> None:
    rpms = build_of(tmp_path, PackageSpec())

    with pytest.raises(RuntimeError, match=told):
        installability.run(rpms, item="good-1.0-1.fc43", repositories={"gone": place})


def test_metadata_of_another_moment_is_refused(tmp_path: Path) -> None:
    there = repository(tmp_path / "base", LIBFOO_1)
    for primary in Path(there, "repodata").glob("*primary.xml*"):
        primary.write_bytes(primary.read_bytes() + b"x")
    rpms = build_of(tmp_path / "new", PackageSpec())

    with pytest.raises(RuntimeError, match=r"its checksum is not that of repomd\.xml"):
        installability.run(rpms, item="good-1.0-1.fc43", repositories={"base": there})


def test_metadata_cannot_lead_out_of_its_repository(tmp_path: Path) -> None:
    there = Path(repository(tmp_path / "base", LIBFOO_1))
    repomd = there / "repodata" / "repomd.xml"
    repomd.write_text(repomd.read_text().replace('href="repodata/', 'href="../../etc/'), encoding="utf-8")
    rpms = build_of(tmp_path / "new", PackageSpec())

    with pytest.raises(RuntimeError, match="lie outside the repository"):
        installability.run(rpms, item="good-1.0-1.fc43", repositories={"base": str(there)})


def test_no_repository_at_all_says_what_to_give(tmp_path: Path) -> None:
    rpms = build_of(tmp_path, PackageSpec())

    with pytest.raises(RuntimeError, match="no repositories to look into; give `repositories`"):
        installability.run(rpms, item="good-1.0-1.fc43", repositories={})


@pytest.mark.parametrize(("older", "newer", "outcome", "line"), [
    ("1", "3", "PASSED", "libfoo.noarch: f42 has 1-1.fc43, this build is 2-1.fc43: kept"),
    ("3", "4", "FAILED", "libfoo.noarch: f42 has already 3-1.fc43, this build is 2-1.fc43"),
    ("1", "1", "FAILED", "libfoo.noarch: f44 has only 1-1.fc43, this build is 2-1.fc43"),
    ("2", "2", "PASSED", "libfoo.noarch: f44 has 2-1.fc43, this build is 2-1.fc43: kept"),
    ("2~rc1", "2^git1", "PASSED", "libfoo.noarch: f42 has 2~rc1-1.fc43, this build is 2-1.fc43: kept"),
])
def test_the_upgrade_path_is_kept_or_broken(tmp_path: Path, older: str, newer: str, outcome: str, line: str) -> None:
    below = repository(tmp_path / "older", PackageSpec(name="libfoo", version=older))
    above = repository(tmp_path / "newer", PackageSpec(name="libfoo", version=newer))
    rpms = build_of(tmp_path / "new", LIBFOO_2)

    [result] = upgradepath.run(rpms, item="libfoo-2-1.fc43", older={"f42": {"a": below}}, newer={"f44": {"b": above}})

    assert result["outcome"] == outcome
    assert line in result["details"]["output"].splitlines()


def test_an_epoch_beats_every_version(tmp_path: Path) -> None:
    above = repository(tmp_path / "newer", PackageSpec(name="libfoo", version="9"))
    rpms = build_of(tmp_path / "new", PackageSpec(name="libfoo", version="1", epoch=1))

    [result] = upgradepath.run(rpms, item="libfoo-1-1.fc43", newer={"f44": {"above": above}})

    assert outcome_and_summary(result) == ("FAILED", "1 broken upgrade path (compared with f44)")
    assert "f44 has only 9-1.fc43, this build is 1:1-1.fc43" in result["details"]["output"]


def test_a_package_that_gave_up_its_architecture_is_still_the_same(tmp_path: Path) -> None:
    neighbour = repository(tmp_path / "newer", PackageSpec(name="libfoo", version="1", arch="x86_64"))
    rpms = build_of(tmp_path / "new", LIBFOO_2)

    [path] = upgradepath.run(rpms, item="libfoo-2-1.fc43", newer={"f44": {"a": neighbour}})
    [broken] = reverse_dependencies.run(rpms, item="libfoo-2-1.fc43", repositories={"a": neighbour})

    assert path["outcome"] == "FAILED"
    assert "replaced: libfoo-1-1.fc43.x86_64 from `a`" in broken["details"]["output"]


def test_a_package_that_a_neighbour_lacks_breaks_no_path(tmp_path: Path, base: str) -> None:
    rpms = build_of(tmp_path, PackageSpec(name="fresh"))

    [result] = upgradepath.run(rpms, item="fresh-1.0-1.fc43", newer={"f44": {"base": base}})

    assert result["outcome"] == "PASSED"
    assert result["details"]["output"] == "fresh.noarch: f44 does not have it"


def test_versions_are_compared_exactly_as_rpms_own_binding_compares_them() -> None:
    parts = ["1", "10", "2.0", "1.0~rc1", "1.0^git2", "a", "1a", "1.0-1", "2:1-1", "0:1-1", "1.0-1.fc43", "1%x-1", "~",
             "^"]
    pairs = [random.Random(7).sample(parts, 2) for _ in range(30)] + [[part, part] for part in parts]
    code = ("import rpm, sys, json\n"
            "def split(t):\n e, _, r = t.rpartition(':'); v, _, l = r.partition('-'); return (e or '0', v, l or None)\n"
            "print(json.dumps([rpm.labelCompare(split(a), split(b)) for a, b in json.load(sys.stdin)]))")
    wanted = json.loads(subprocess.run(["/usr/bin/python3", "-c", code], input=json.dumps(pairs), capture_output=True,
                                       text=True, check=True).stdout)

    assert [upgradepath.compared(first, second) for first, second in pairs] == wanted


@pytest.mark.parametrize("evr", ['1", os.execute("touch pwned"), "2', "%(touch pwned)", "1 2", ""])
def test_a_version_that_is_none_reaches_no_macro(evr: str) -> None:
    with pytest.raises(RuntimeError, match="is no epoch:version-release"):
        upgradepath.compared(evr, "1-1")


def test_a_repository_over_http_is_fetched_once_where_there_is_a_cache(tmp_path: Path) -> None:
    there = Path(repository(tmp_path / "base", LIBFOO_1))
    rpms = build_of(tmp_path / "new", PackageSpec(name="needy", header=("Requires: libfoo.so.1",)))

    with web_server(files_below(there)) as server:
        for _ in range(2):
            [result] = installability.run(rpms, item="needy-1.0-1.fc43", repositories={"web": server.url},
                                          cache=str(tmp_path / "cache"))
            assert result["outcome"] == "PASSED"

        names = [path.rsplit("-", 1)[-1] for path in server.paths]
    assert names == ["/repodata/repomd.xml", "primary.xml.gz", "/repodata/repomd.xml"]
