"""createrepo, with the real tool."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.directive import DirectiveContext, DirectiveError
from runner.directives.createrepo import Createrepo


def test_createrepo_writes_metadata(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)
    (context.workdir / "rpms").mkdir()

    assert "Pool finished" in Createrepo({"repodir": "rpms"}).run(context)
    assert (context.workdir / "rpms" / "repodata" / "repomd.xml").is_file()


def test_createrepo_without_a_folder_or_its_tool_fails_with_a_reason(tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    context = DirectiveContext.alone(tmp_path)
    with pytest.raises(DirectiveError, match="`nothing` is no folder"):
        Createrepo({"repodir": "nothing"}).run(context)

    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DirectiveError, match="install createrepo_c"):
        Createrepo({"repodir": "."}).run(context)
    assert Createrepo.analyse_worker()["directive:createrepo:missing"] == ["createrepo_c|createrepo"]
    assert shutil.which("createrepo_c") is None
