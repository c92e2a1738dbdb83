"""A check's script, loaded as the runner loads it: by its path, beside its neighbours, knowing nothing of ours."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

LIBRARY = Path(__file__).resolve().parents[2] / "checks" / "library"


def load_script(check: str, file: str) -> ModuleType:
    """Return the module of `checks/library/<check>/<file>`."""
    folder = LIBRARY / check
    spec = importlib.util.spec_from_file_location(f"library_{check}_{Path(file).stem}", folder / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    sys.modules[spec.name] = module
    places = [folder, LIBRARY / "shared"]
    neighbours = [path.stem for place in places for path in place.glob("*.py")]
    sys.path[:0] = map(str, places)
    try:
        for name in neighbours:
            sys.modules.pop(name, None)
        spec.loader.exec_module(module)
    finally:
        del sys.path[:len(places)]
        for name in neighbours:
            sys.modules.pop(name, None)
    return module
