"""Manifests of Debian, against folders that are as they say and folders that are not."""
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from runner.manifest import ManifestError, listed_in, verify_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files and the .changes that lists them."""
    files = {"tiny_1.0_all.deb": b"package", "tiny_1.0_amd64.buildinfo": b"how"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    def lines(algorithm: str, between: str = "") -> str:
        return "".join(f" {hashlib.new(algorithm, data).hexdigest()} {len(data)} {between}{name}\n"
                       for name, data in files.items())

    (tmp_path / "tiny_1.0_amd64.changes").write_text(
        "Format: 1.8\nSource: tiny\nChecksums-Sha1:\n" + lines("sha1") + "Checksums-Sha256:\n" + lines("sha256")
        + "Files:\n" + lines("md5", "misc optional "))
    return tmp_path


def check(folder: Path) -> list[str]:
    return verify_manifest(folder, sorted(folder.glob("*.changes")))


def test_a_folder_that_is_as_listed_has_no_fault(folder: Path) -> None:
    assert check(folder) == []


def test_a_changed_file_is_told_with_hashes_and_sizes(folder: Path) -> None:
    (folder / "tiny_1.0_all.deb").write_bytes(b"package!")

    faults = check(folder)

    assert len(faults) == 3
    assert faults[2] == (
        f"`tiny_1.0_all.deb`: sha256 is {hashlib.sha256(b'package!').hexdigest()} (8 bytes), "
        f"`tiny_1.0_amd64.changes` says {hashlib.sha256(b'package').hexdigest()} (7 bytes)")
    assert all(fault.endswith("(7 bytes)") for fault in faults)


@pytest.mark.parametrize("field", ["Checksums-Sha1", "Checksums-Sha256", "Files"])
def test_each_of_the_three_hashes_counts(folder: Path, field: str) -> None:
    path = folder / "tiny_1.0_amd64.changes"
    head, name, rest = path.read_text().partition(f"{field}:\n ")
    path.write_text(head + name + ("1" if rest[0] == "0" else "0") + rest[1:])

    assert len(check(folder)) == 1


def test_a_wrong_size_counts_where_every_hash_is_right(folder: Path) -> None:
    path = folder / "tiny_1.0_amd64.changes"
    path.write_text(path.read_text().replace(" 7 misc", " 8 misc"))

    assert check(folder)[0].endswith("(8 bytes)")


def test_a_missing_file_is_told(folder: Path) -> None:
    (folder / "tiny_1.0_all.deb").unlink()

    assert check(folder) == ["`tiny_1.0_all.deb` is listed in `tiny_1.0_amd64.changes`, and is not there"]


def test_a_file_that_nothing_lists_is_told(folder: Path) -> None:
    (folder / "stray.deb").touch()

    assert check(folder) == ["`stray.deb` is there, and no manifest lists it"]
    assert verify_manifest(folder, sorted(folder.glob("*.changes")), {"stray.deb"}) == []


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo, Path.mkdir])
def test_what_is_no_plain_file_is_not_read(folder: Path, make: object) -> None:
    (folder / "tiny_1.0_all.deb").unlink()
    make(folder / "tiny_1.0_all.deb")  # type: ignore[operator]

    assert check(folder) == ["`tiny_1.0_all.deb` is listed in `tiny_1.0_amd64.changes`, and is no plain file"]


@pytest.mark.parametrize("text", ["", "no: files\n", "Files:\n nonsense\n", "Files:\n x y misc optional name\n",
                                  "Files:\n 0 1 misc optional ../../etc/passwd\n",
                                  "Files:\n 0 1 misc optional /etc/passwd\n",
                                  "\0\0", "-----BEGIN PGP SIGNED MESSAGE-----\n"])
def test_a_manifest_that_is_none_is_a_fault_and_no_traceback(tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "x.changes"
    manifest.write_text(text)

    with pytest.raises(ManifestError, match=r"^`x.changes`: "):
        listed_in(manifest)
    assert len(verify_manifest(tmp_path, [manifest])) == 1


def test_a_manifest_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    manifest = tmp_path / "x.changes"
    with open(manifest, "wb") as file:
        file.truncate(5 * 1024 * 1024)

    with pytest.raises(ManifestError, match="larger than 4194304 bytes"):
        listed_in(manifest)


def test_a_signature_around_it_is_passed_over(folder: Path) -> None:
    path = folder / "tiny_1.0_amd64.changes"
    path.write_text("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + path.read_text()
                    + "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n")

    assert check(folder) == []
