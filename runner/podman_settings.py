"""podman's settings that make it run where systemd and some capabilities are missing; its own defaults elsewhere."""
from __future__ import annotations

import os
import resource
from pathlib import Path

#: Where both files are written once; a folder of the operator's: $CHECKOTRON_PODMAN.
_TEXT = """\
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
{runtime}
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]
"""


def podman_environment() -> dict[str, str]:
    """
    Return the environment for podman.

    Where this process may not raise its limits (CAP_SYS_RESOURCE is missing, as
    in many containers) podman must be told to keep to them, and without systemd
    it must make its own control groups: settings in a file of ours do both.
    """
    names = ("PATH", "HOME", "XDG_RUNTIME_DIR", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "TMPDIR", "USER")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment.setdefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    if "CONTAINERS_CONF" not in environment and not Path("/run/systemd/system").is_dir():
        environment["CONTAINERS_CONF"] = str(_settings_file())
    return environment


def _settings_file() -> Path:
    """Write the settings, if they are not there; return the file."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    runtime = 'runtime = "runc"' if Path("/usr/sbin/runc").exists() or Path("/usr/bin/runc").exists() else ""
    text = _TEXT.format(files=files, runtime=runtime)
    base = Path(os.environ.get("CHECKOTRON_PODMAN") or os.environ.get("XDG_CACHE_HOME")
                or Path(os.environ.get("HOME", "/root"), ".cache")) / "checkotron"
    path = base / "containers.conf"
    try:
        if path.read_text(encoding="utf-8") == text:
            return path
    except OSError:
        # not there yet
        base.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path
