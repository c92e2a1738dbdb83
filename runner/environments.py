"""
Which root or image a check runs in, for its release, architecture and name.

Roots are folders below $CHECKOTRON_ROOTS, images are podman's, both named
`<distribution>-<release>-<variant>-<arch>` with the parts that are known. The
check's own name is tried as the variant first, then no variant; an image that
the check names is taken as it is.
"""
from __future__ import annotations

from pathlib import Path

from checks.contracts import NOARCH, CheckInput
from checks.description import CheckDescription
from runner.executor import ExecutorError


def image_names(check: CheckDescription, given: CheckInput) -> tuple[str, ...]:
    """Return the names to try, the most fitting first; empty: the check asks for nothing."""
    wanted = check.environment
    if wanted.image:
        return (wanted.image,)
    if not (wanted.release or wanted.distribution or wanted.variant):
        return ()
    arch = wanted.arch or (given.arch if given.arch != NOARCH else None)
    variants = [wanted.variant] if wanted.variant else [check.name, None]
    names = []
    for variant in variants:
        for machine in dict.fromkeys((arch, None)):
            parts = (wanted.distribution, wanted.release, variant, machine)
            names.append("-".join(part for part in parts if part))
    return tuple(dict.fromkeys(name for name in names if name))


def image_for(check: CheckDescription, given: CheckInput, executor: str, roots: Path | None) -> str | None:
    """
    Return the root (a folder) or image (a name) for an executor; None: its own.

    Raises ExecutorError: the check asks for one, and there is none.
    """
    names = image_names(check, given)
    if not names or executor not in ("sandbox", "podman"):
        return None
    if executor == "podman":
        return names[0] if len(names) == 1 else ",".join(names)
    if roots is None:
        raise ExecutorError(f"check `{check.name}` asks for the environment {' or '.join(names)}; "
                            "name the folder that has roots in $CHECKOTRON_ROOTS")
    for name in names:
        if "/" not in name and (roots / name / "usr").is_dir():
            return str(roots / name)
    raise ExecutorError(f"`{roots}` has none of the roots {', '.join(names)}; make one, such as "
                        f"`mmdebstrap --variant=minbase bookworm {roots / names[-1]}`")
