"""A check's script, loaded as the runner loads it: by its path, knowing nothing of ours."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

LIBRARY = Path(__file__).resolve().parents[2] / "checks" / "library"


def load_script(check: str, file: str) -> ModuleType:
    """Return the module of `checks/library/<check>/<file>`."""
    spec = importlib.util.spec_from_file_location(f"library_{check}_{Path(file).stem}", LIBRARY / check / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
