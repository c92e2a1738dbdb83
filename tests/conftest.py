"""What every test may rely on: no proxy, no home of the user, no state left behind."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rabbitmq import bus, rabbitmq  # noqa: F401  (fixtures: a real broker, only where asked for)


@pytest.fixture(scope="session", autouse=True)
def no_proxy() -> Iterator[None]:
    """What is on this machine is asked without a proxy, also by the systems that many tests share."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1,127.0.0.2,localhost")
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test neither reads the user's settings nor writes into the user's folders."""
    for name in [name for name in os.environ if name.startswith("CHECKOTRON_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg-config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg-cache"))


@pytest.fixture(scope="session")
def shared_folder() -> Path | None:
    """Real packages and messages beside the checkout, where somebody put them; None elsewhere."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    return folder if folder.is_dir() else None
