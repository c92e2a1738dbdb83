"""
What the load generator stores: arithmetic that Python and both databases do alike.

Result i belongs to build i / 30; `h` is a number from i that looks random. Testcases,
then shared pairs, then a pair for each item, get the ids 1, 2, 3, ... of an empty database.
"""
from __future__ import annotations

from reporting.database.sql.pair import hour_of, pair_digest

#: Results of a build.
PER_BUILD = 30
PACKAGES = 5_000
TESTCASES = 500
ARCHES = ("x86_64", "aarch64", "ppc64le", "s390x", "noarch")
TYPES = ("koji_build", "bodhi_update")
_WORDS = ("kernel", "python", "perl", "rust", "golang", "lib", "gnome", "kde", "java", "ocaml", "php", "ruby",
          "texlive")
#: Microseconds: 2020-01-01, and what passes between two results.
START = 1_577_836_800_000_000
STEP = 7_000_000


def package(number: int) -> str:
    """Return the name of a package."""
    return f"{_WORDS[number % len(_WORDS)]}-p{number}"


def testcase(number: int) -> str:
    """Return the name of a testcase, from 0."""
    return f"dist.{('check', 'install', 'abi', 'scenario')[number % 4]}.t{number}"


def item(build: int) -> str:
    """Return the item of a build, from 0."""
    return f"{package(build * 7919 % PACKAGES)}-{build // PACKAGES + 1}.{build % 10}-1.fc{38 + build // 50_000 % 6}"


def testcases() -> list[tuple[object, ...]]:
    """Return (name, ref_url)."""
    return [(testcase(number), f"https://docs.example.org/{testcase(number)}") for number in range(TESTCASES)]


def _hour(result: int) -> int:
    return hour_of(START + result * STEP)


def shared_pairs(count: int) -> list[tuple[object, ...]]:
    """Return (digest, key, value, hour): arches have the ids 1 to 5, types 6 and 7, scenarios 8 to 12."""
    pairs = [*(("arch", arch) for arch in ARCHES), *(("type", name) for name in TYPES),
             *(("scenario", f"{arch}.uefi") for arch in ARCHES)]
    return [(pair_digest(*pair), *pair, _hour(count)) for pair in pairs]


def item_pairs(first: int, last: int) -> list[tuple[object, ...]]:
    """Return (digest, key, value, hour) of the builds whose first result is among first .. last - 1; ids from 13."""
    builds = range(-(-first // PER_BUILD), -(-last // PER_BUILD))
    return [(pair_digest("item", item(build)), "item", item(build), _hour((build + 1) * PER_BUILD)) for build in builds]


def chunk(first: int, last: int, is_postgresql: bool) -> list[str]:
    """Return the statements that store results first .. last - 1."""
    if is_postgresql:
        numbers = f"SELECT i FROM generate_series({first}::bigint, {last - 1}) i"
        integer = "::int"
    else:
        numbers = (f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last - 1}) "
                   "SELECT i FROM n")
        integer = ""
    h = "((i * 7919 + i / 97 * 104729) % 1000003)"
    arch = f"({h} % 5)"
    base = (f"SELECT i, i / {PER_BUILD} AS b, {arch} AS a, "
            f"CASE WHEN {h} % 20 = 0 THEN 40 + {h} / 20 % {TESTCASES - 40} ELSE i % {PER_BUILD} END AS t, "
            f"CASE WHEN i % {PER_BUILD} % 10 = 9 THEN 1 ELSE 0 END AS y, {h} % 100 AS o, "
            f"{START} + i * {STEP} AS s FROM ({numbers}) n")
    arches = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(ARCHES))
    name = f"CASE a {arches} END"
    scenario = f"CASE WHEN t % 4 = 3 THEN ',\"scenario\":[\"' || {name} || '.uefi\"]' ELSE '' END"
    kind = f"CASE y WHEN 0 THEN '{TYPES[0]}' ELSE '{TYPES[1]}' END"
    outcome = "CASE WHEN o < 85 THEN 'PASSED' WHEN o < 93 THEN 'FAILED' WHEN o < 97 THEN 'INFO' ELSE " \
              "'NEEDS_INSPECTION' END"
    group = ("lpad(to_hex(b), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(b), 12, '0')" if is_postgresql
             else "printf('%08x-0000-4000-8000-%012x', b, b)")
    note = "CASE WHEN o < 85 THEN NULL ELSE o % 9 || ' errors, ' || o || ' warnings' END"
    result = (f"SELECT t + 1, {outcome}, {note}, 'https://artifacts.example.org/' || b || '/' || t || '/', s, "
              f"'{{\"arch\":[\"' || {name} || '\"],\"item\":[\"' || p.value || '\"]' || {scenario} || "
              f"',\"type\":[\"' || {kind} || '\"]}}', '[\"' || {group} || '\"]' "
              f"FROM ({base}) r JOIN pair p ON p.id = 13 + r.b ORDER BY i")
    posting = " UNION ALL ".join((
        f"SELECT a + 1 AS p, s, i + 1 AS i FROM ({base}) r", f"SELECT 6 + y, s, i + 1 FROM ({base}) r",
        f"SELECT 8 + a, s, i + 1 FROM ({base}) r WHERE t % 4 = 3", f"SELECT 13 + b, s, i + 1 FROM ({base}) r"))
    builds = f"SELECT DISTINCT b FROM ({base}) r WHERE i % {PER_BUILD} = 0 ORDER BY b"
    return [
        f"INSERT INTO run_group (uuid, description) SELECT {group}, 'build ' || b FROM ({builds}) g",
        f"INSERT INTO result (testcase_id, outcome, note, ref_url, submit_time, data, groups) {result}",
        f"INSERT INTO posting SELECT p{integer}, s, i FROM ({posting}) x ORDER BY p, s, i",
        f"INSERT INTO group_member SELECT b + 1, s, i + 1 FROM ({base}) r ORDER BY b, s, i",
    ]
