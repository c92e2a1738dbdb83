"""A tar file that a stranger made gives plain files below its folder, and says what it left out."""
from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from buildbot_master.parts.unpack import unpack


def archive(path: Path, *members: tuple[str, bytes | None, dict]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content, fields in members:
            member = tarfile.TarInfo(name)
            member.size = len(content or b"")
            for field, value in fields.items():
                setattr(member, field, value)
            tar.addfile(member, io.BytesIO(content or b""))
    return path


def test_files_and_folders_come_out(tmp_path: Path) -> None:
    tar = archive(tmp_path / "a.tar", ("", None, {"type": tarfile.DIRTYPE}), ("logs", None, {"type": tarfile.DIRTYPE}),
                  ("logs/run.log", b"text", {"mode": 0o4777}))

    done = unpack(tar, tmp_path / "out", 1000, 10)

    assert (done.files, done.size_bytes, done.left_out) == (1, 4, 0)
    assert (tmp_path / "out/logs/run.log").read_bytes() == b"text"
    assert (tmp_path / "out/logs/run.log").stat().st_mode & 0o7777 == 0o644


@pytest.mark.parametrize(("name", "fields"), [
    ("../out.txt", {}),
    ("/etc/out.txt", {}),
    ("a/../../out.txt", {}),
    ("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
    ("link", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}),
    ("device", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
    ("pipe", {"type": tarfile.FIFOTYPE}),
    ("new\nline", {}),
    ("right\u202eleft", {}),
    ("x" * 300, {}),
    ("/".join("d" * 20), {}),
])
def test_what_is_no_plain_file_of_the_run_is_left_out(tmp_path: Path, name: str, fields: dict) -> None:
    tar = archive(tmp_path / "a.tar", (name, b"", fields), ("good", b"x", {}))

    done = unpack(tar, tmp_path / "out", 1000, 10)

    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["good"]
    assert done.left_out == 1
    assert len(done.reasons) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar", "out"]


def test_a_link_does_not_lead_a_later_file_out(tmp_path: Path) -> None:
    tar = archive(tmp_path / "a.tar", ("way", b"", {"type": tarfile.SYMTYPE, "linkname": str(tmp_path)}),
                  ("way/out.txt", b"x", {}))

    unpack(tar, tmp_path / "out", 1000, 10)

    assert not (tmp_path / "out.txt").exists()


def test_sizes_and_numbers_are_limited(tmp_path: Path) -> None:
    tar = archive(tmp_path / "a.tar", ("big", b"x" * 900, {}), ("bigger", b"x" * 200, {}), ("c", b"1", {}),
                  ("d", b"1", {}))

    done = unpack(tar, tmp_path / "out", 1000, 2)

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["big", "c"]
    assert done.reasons == ["bigger: more than 1000 bytes in all", "d: more than 2 files"]


def test_a_second_member_of_a_name_does_not_write_over_the_first(tmp_path: Path) -> None:
    tar = archive(tmp_path / "a.tar", ("results.tap", b"first", {}), ("./results.tap", b"second", {}))

    done = unpack(tar, tmp_path / "out", 1000, 10)

    assert (tmp_path / "out/results.tap").read_bytes() == b"first"
    assert done.left_out == 1


@pytest.mark.parametrize("keep", [0, 100, 511, 700, 1536])
def test_a_stream_that_is_cut_gives_what_was_whole(tmp_path: Path, keep: int) -> None:
    tar = archive(tmp_path / "a.tar", ("a", b"x" * 512, {}), ("b", b"x" * 512, {}))
    tar.write_bytes(tar.read_bytes()[:keep])

    done = unpack(tar, tmp_path / "out", 10_000, 10)

    assert done.left_out >= 1
    assert sum(path.read_bytes() == b"x" * 512 for path in (tmp_path / "out").iterdir()) == int(keep > 1024)


def test_garbage_gives_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"\xff" * 4096)

    done = unpack(tmp_path / "a.tar", tmp_path / "out", 1000, 10)

    assert (done.files, done.left_out) == (0, 1)
