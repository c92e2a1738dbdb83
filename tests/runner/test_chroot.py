"""Who builds, and in which chroot."""
from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from runner.chroot import Account, ChrootError, build_account, chroot_names, chroots_in, find_chroot


def test_the_chroot_for_the_variant_goes_before_the_one_for_sbuild_and_the_plain_one(tmp_path: Path) -> None:
    names = chroot_names("bookworm", "amd64", "clang")
    found = []
    for name in reversed(names):
        (tmp_path / f"{name}.tar.zst").touch()
        found.append(find_chroot(names, tmp_path).name)

    assert found == ["bookworm-amd64.tar.zst", "bookworm-amd64-sbuild.tar.zst", "bookworm-amd64-clang.tar.zst"]


def test_what_is_no_tarball_is_passed_over(tmp_path: Path) -> None:
    for name in ("sid-amd64.tar", "README", ".hidden.tar", "x.tar.part"):
        (tmp_path / name).touch()
    (tmp_path / "folder.tar").mkdir()

    assert list(chroots_in(tmp_path)) == ["sid-amd64"]


def test_a_chroot_that_is_not_there_is_told_how_to_make(tmp_path: Path) -> None:
    (tmp_path / "sid-amd64.tar").touch()

    with pytest.raises(ChrootError) as caught:
        find_chroot(chroot_names("bookworm", "arm64", None), tmp_path)

    assert str(caught.value) == (
        f"no chroot `bookworm-arm64` in `{tmp_path}`; there are: sid-amd64; make it with "
        f"`mmdebstrap --variant=buildd bookworm {tmp_path}/bookworm-arm64.tar`")


def test_root_does_not_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("runner.chroot._names_with_ids", lambda: ["root", "gone-user", "nobody"])
    nobody = pwd.getpwnam("nobody")

    assert build_account({}) == Account("nobody", nobody.pw_uid, nobody.pw_gid)


def test_the_operator_names_who_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("runner.chroot._names_with_ids", lambda: ["daemon", "nobody"])

    assert build_account({"build_user": "nobody"}).name == "nobody"
    with pytest.raises(ChrootError, match="user `bin` has no subordinate ids"):
        build_account({"build_user": "bin"})


def test_a_user_without_ids_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwnam("nobody")
    monkeypatch.setattr(os, "geteuid", lambda: nobody.pw_uid)
    monkeypatch.setattr("runner.chroot._names_with_ids", lambda: [])

    with pytest.raises(ChrootError) as caught:
        build_account({})

    assert str(caught.value) == ("user `nobody` has no subordinate ids; "
                                 "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 nobody`")


def test_without_anybody_who_has_ids_root_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("runner.chroot._names_with_ids", lambda: ["root"])

    with pytest.raises(ChrootError, match="no user has subordinate ids, and root does not build; `useradd"):
        build_account({})
