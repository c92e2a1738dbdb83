"""The key that keeps a job from being scheduled twice."""

from __future__ import annotations

from trigger.job_key import KEY_LIMIT, job_key


def test_a_short_key_can_be_read() -> None:
    assert job_key("koji:primary:7:complete", "rpmlint", "x86_64") == "koji:primary:7:complete/rpmlint/x86_64"


def test_a_long_or_odd_key_is_hashed_and_still_tells_jobs_apart() -> None:
    keys = {
        job_key(identity, check, arch)
        for identity in ("x" * 300, "x" * 301, "ü", "\ud800", "a\nb")
        for check in ("rpmlint", "c" * 128)
        for arch in ("noarch", "a" * 128)
    }

    assert len(keys) == 20
    assert all(len(key) <= KEY_LIMIT and key.isascii() and key.isprintable() for key in keys)
