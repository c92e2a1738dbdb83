"""A secret in a file: made at the first start, then kept."""
from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(path: Path) -> str:
    """Return the secret in a file, made where it is missing or empty; the file is readable by its owner only."""
    secret = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if secret:
        return secret
    # whole or not at all: an empty file, left by a full disk, would be a secret that everybody knows
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        out.write(secrets.token_urlsafe(32) + "\n")
    part.replace(path)
    return path.read_text(encoding="ascii").strip()
