"""A full disk is told from other faults. What the whole system makes of one is in journeys/test_faults.py."""
from __future__ import annotations

import errno
import os
import tarfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from buildbot_master.parts import unpack
from buildbot_master.parts.full_disk import is_full_disk
from buildbot_master.parts.upload import _ArchiveWriter


def test_what_sqlite_says_of_a_full_disk_is_understood(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/small.sqlite")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE t (x)"))
        connection.execute(sa.text("PRAGMA max_page_count = 10"))

        with pytest.raises(sa.exc.OperationalError) as caught:
            connection.execute(sa.text("INSERT INTO t VALUES (randomblob(1000000))"))

    assert is_full_disk(caught.value)


@pytest.mark.parametrize("words", ["no such table: t", "UNIQUE constraint failed", "syntax error"])
def test_other_faults_are_none(words: str) -> None:
    assert not is_full_disk(sa.exc.OperationalError("INSERT", {}, Exception(words)))


def test_files_for_which_there_is_no_place_are_not_left_out_in_silence(tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "run.tar", "w") as tar:
        tar.add(__file__, "results.tap")

    def full(source: object, out: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(unpack, "_copy", full)

    with pytest.raises(OSError, match="No space left"):
        unpack.unpack(tmp_path / "run.tar", tmp_path / "out", 1000_000, 10)


def test_an_archive_that_could_not_be_written_is_known_to_be_cut(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    writer = _ArchiveWriter(str(tmp_path / "run.tar"), 1000, 0o600)

    class _FullFile:
        def write(self, data: bytes) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    writer.fp.close()
    monkeypatch.setattr(writer, "fp", _FullFile())
    writer.remote_write(b"x")
    writer.remote_write(b"x")
    writer.cancel()

    assert writer.trouble is not None
    assert list(tmp_path.iterdir()) == []
    assert writer.trouble.errno == errno.ENOSPC
