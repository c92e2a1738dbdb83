"""Artifacts: plain files only, held to limits, each one left out is said. (Links and pipes: test_hostile_checks.py)"""
from __future__ import annotations

import os
import socket
from pathlib import Path

from runner.artifacts import Collector
from runner.limits import Limits, LimitsReached


def collect(source: Path, target: Path, patterns: tuple[str, ...] | None = None,
            limits: Limits | None = None) -> tuple[list[str], list[str]]:
    target.mkdir(exist_ok=True)
    reached = LimitsReached()
    collector = Collector(target, limits or Limits(), reached)
    collector.collect(source, patterns)
    return collector.collected.names, reached.sentences


def test_folders_are_kept_with_their_files(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x.log").write_text("hello")
    (tmp_path / "a" / "y.bin").write_bytes(b"\0\xff")

    names, said = collect(tmp_path / "a", tmp_path / "out")

    assert (sorted(names), said) == (["b/x.log", "y.bin"], [])
    assert (tmp_path / "out" / "b" / "x.log").read_text() == "hello"


def test_patterns_choose(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("x.log", "x.txt", "b/y.log", "b/z.txt"):
        (tmp_path / "a" / name).touch()

    assert sorted(collect(tmp_path / "a", tmp_path / "o1", ("*.log",))[0]) == ["b/y.log", "x.log"]
    assert sorted(collect(tmp_path / "a", tmp_path / "o2", ("b/*.txt",))[0]) == ["b/z.txt"]


def test_count_size_and_total_are_limited_and_said(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for index in range(5):
        (tmp_path / "a" / f"{index}").write_bytes(b"x" * 10)
    (tmp_path / "a" / "big").write_bytes(b"x" * 100)

    _, many = collect(tmp_path / "a", tmp_path / "o1", limits=Limits(artifacts_count=2))
    _, big = collect(tmp_path / "a", tmp_path / "o2", limits=Limits(artifact_bytes=50))
    names, total = collect(tmp_path / "a", tmp_path / "o3", limits=Limits(artifacts_bytes=25))

    assert many == ["artifacts: more than 2 files; the rest is left out"]
    assert big == ["artifact `big` is left out: 100 B, at most 50 B are kept"]
    assert len(names) == 2
    assert total[0] == "artifact `2` is left out: all together are larger than 25 B"


def test_sockets_and_unreadable_names_do_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "sock"))
        (folder / "esc\033[2J").write_text("x")
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text("y")
        names, said = collect(folder, tmp_path / "out")

    assert sorted(names) == ["\\xff", "esc_x1b[2J"]
    assert said == ["artifact `sock` is left out: a socket"]


def test_a_sparse_giant_is_left_out_without_reading_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with open(tmp_path / "a" / "giant", "wb") as file:
        file.truncate(10**12)

    assert "artifact `giant` is left out: 931 GiB" in collect(tmp_path / "a", tmp_path / "out")[1][0]


def test_a_link_in_place_of_the_folder_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/etc")

    assert collect(tmp_path / "a", tmp_path / "out") == ([], [])


def test_ten_thousand_links_do_not_fill_the_report(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    reached = LimitsReached()
    for index in range(1000):
        (tmp_path / "a" / f"{index}").symlink_to("/etc/shadow")

    Collector(tmp_path, Limits(), reached).collect(tmp_path / "a")

    assert len(reached.lines()) == 101
    assert reached.lines()[-1] == "900 more limits were reached"
