from pathlib import Path

import pytest

from checks.addresses import Addresses, AddressesError, default_state_folder, read_addresses, write_addresses


def test_what_was_written_is_read(tmp_path: Path) -> None:
    addresses = Addresses(results_url="http://127.0.0.1:5001", artifacts_url="http://127.0.0.1:5002/artifacts",
                          rules_file="/etc/rules.yml", check_folders=("/srv/checks", "/srv/more"))

    write_addresses(tmp_path, addresses)

    assert read_addresses(tmp_path) == addresses
    assert addresses.log_url("abc") == "http://127.0.0.1:5002/artifacts/abc/"


def test_a_folder_where_nothing_runs_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AddressesError, match=r"start it with `checkotron up --state .*`"):
        read_addresses(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_broken_file_is_told_apart(tmp_path: Path, text: str) -> None:
    (tmp_path / "addresses.json").write_text(text)

    with pytest.raises(AddressesError, match="cannot be read"):
        read_addresses(tmp_path)


@pytest.mark.parametrize(("environ", "expected"), [
    ({"CHECKOTRON_STATE": "/a"}, "/a"), ({"XDG_STATE_HOME": "/b"}, "/b/checkotron"),
    ({"HOME": "/c"}, "/c/.local/state/checkotron"),
])
def test_the_state_folder_is_where_the_desktop_standard_says(environ: dict[str, str], expected: str) -> None:
    assert default_state_folder(environ) == Path(expected)
