"""
The thing under check: item types, their wording and examples, and parsing.

One table, `ITEM_TYPES`, is the source of the wording in results, of the
examples in `--help`, and of what an item of each type may look like.
"""
from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass

#: Characters. Longer than any item seen in production (compose URLs reach 150).
ITEM_LIMIT = 512


class ItemError(ValueError):
    """Raised when an item or item type is not usable; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class ItemType:
    """One kind of item."""

    #: The word in records, `koji_build`.
    name: str
    #: The words in a sentence, "Koji build".
    wording: str
    #: A valid item, shown in help and in errors.
    example: str
    #: What an item must match as a whole.
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Item:
    """One item and its type; made by `parse_item`, so always valid."""

    item: str
    item_type: str

    def __str__(self) -> str:
        return f"{ITEM_TYPES[self.item_type].wording} {self.item}"


@dataclass(frozen=True, slots=True)
class Nvr:
    """Name, version and release of a build; the epoch is None where none was given."""

    name: str
    version: str
    release: str
    epoch: int | None = None

    def __str__(self) -> str:
        return f"{self.name}-{self.version}-{self.release}"


_NVR = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*-[A-Za-z0-9_.+~^%]+-[A-Za-z0-9_.+~^%]+"
_URL = r"https?://[A-Za-z0-9._:@\[\]-]+(?:/[A-Za-z0-9._~%!$&'()*+,;=:@/?#\[\]-]*)?"
_REF = r"[A-Za-z0-9_.+/-]+"


def _type(name: str, wording: str, example: str, pattern: str) -> tuple[str, ItemType]:
    return name, ItemType(name, wording, example, re.compile(pattern, re.ASCII))


ITEM_TYPES: dict[str, ItemType] = dict([
    _type("koji_build", "Koji build", "xchat-0.5-1.fc20", _NVR),
    _type("koji_tag", "Koji tag", "f20-updates-pending", r"[A-Za-z0-9][A-Za-z0-9_.+:-]*"),
    _type("bodhi_update", "Bodhi update", "FEDORA-2026-04459ef8cf",
          rf"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d{{4}}-[A-Za-z0-9]+|{_NVR}(?:,{_NVR})*"),
    _type("yum_repository", "Yum repository", "f20-updates", rf"[A-Za-z0-9][A-Za-z0-9_.:+-]*|{_URL}"),
    _type("compose", "compose", "Fedora-24-20151208.n.7", rf"[A-Za-z0-9][A-Za-z0-9_.-]*|{_URL}"),
    _type("docker_image", "container image", "registry.example.org/f26/mongodb:0-1.f26docker",
          r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"),
    _type("dist_git_commit", "dist-git commit", "rpms/gcc#fe7f1a5c2b",
          r"[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+/-]+#[0-9a-fA-F]{4,64}"),
    _type("git_commit", "Git commit", "pagure.io/fedora-qa/checks#main#3f2a9c1",
          rf"[A-Za-z0-9][A-Za-z0-9_.+:/-]*#{_REF}#[0-9a-fA-F]{{4,64}}"),
    _type("module_build", "module build", "nodejs-8-20180801080000",
          r"[A-Za-z0-9_][A-Za-z0-9_.+-]*-[A-Za-z0-9_.+~]+-\d+(?:\.[0-9a-f]+)?"),
    _type("pull_request", "pull request", "https://src.fedoraproject.org/rpms/gcc/pull-request/17", _URL),
    _type("copr_build", "Copr build", "packit/hello-world#1044215#fedora-rawhide-x86_64",
          r"@?[A-Za-z0-9_.-]+/[A-Za-z0-9_.:+-]+#\d+(?:#[a-z0-9_.-]+)?"),
    _type("debian_source", "Debian source package", "hello_2.10-3",
          r"[a-z0-9][a-z0-9.+-]+_(?:\d+:)?[A-Za-z0-9.+~-]+"),
])


def item_type(name: str) -> ItemType:
    """Return the item type of that name. Raises ItemError: not known; names the nearest one."""
    found = ITEM_TYPES.get(name) if isinstance(name, str) else None
    if found is not None:
        return found
    close = difflib.get_close_matches(str(name), ITEM_TYPES, 1)
    hint = f"; did you mean `{close[0]}`?" if close else "."
    raise ItemError(f"unknown item type `{shown(name)}`{hint} Known: {', '.join(ITEM_TYPES)}")


def parse_item(text: str, type_name: str) -> Item:
    """
    Return the item, cleaned of an epoch where its type has none.

    Raises ItemError: the type is not known, or the text is no item of that type.
    """
    kind = item_type(type_name)
    if not isinstance(text, str):
        raise ItemError(f"item `{shown(text)}` is a {type(text).__name__}; expected text such as `{kind.example}`")
    if len(text) > ITEM_LIMIT:
        raise ItemError(f"item `{shown(text)}` has {len(text)} characters; at most {ITEM_LIMIT} are allowed")
    if type_name == "koji_build":
        text = _without_epoch(text)
    if not kind.pattern.fullmatch(text) or ".." in text.split("/"):
        raise ItemError(f"`{shown(text)}` is not a {kind.wording}; expected something like `{kind.example}`")
    return Item(text, type_name)


def parse_nvr(text: str) -> Nvr:
    """
    Return name, version, release and epoch of `n-v-r`, `n-e:v-r` or `e:n-v-r`.

    Raises ItemError: fewer than three parts, or a character no package name has.
    """
    epoch: int | None = None
    plain = _without_epoch(text)
    if plain != text:
        digits = re.search(r"(\d+):", text)
        epoch = int(digits.group(1)) if digits else None
    if not re.fullmatch(_NVR, plain, re.ASCII):
        raise ItemError(f"`{shown(text)}` is not name-version-release; expected something like `xchat-0.5-1.fc20`")
    name, version, release = plain.rsplit("-", 2)
    return Nvr(name, version, release, epoch)


def slug(text: str) -> str:
    """Return a file name for the item: readable, unique, without any separator or dot at the start."""
    plain = re.sub(r"[^A-Za-z0-9_.+~^-]", "_", text)[:100].lstrip(".") or "_"
    if plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def shown(value: object, limit: int = 80) -> str:
    """Return the value as one printable line, cut to `limit` characters: safe in an error or a log."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[:limit + 1])
    return text if len(text) <= limit else text[:limit - 1] + "…"


def _without_epoch(text: str) -> str:
    """Drop an epoch: Koji's builds are named without one (architecture: TSK-04)."""
    match = re.fullmatch(r"(\d{1,9}):(.+)", text) or re.fullmatch(r"(.+-)(\d{1,9}):(.+)", text)
    if match is None:
        return text
    return match.group(2) if match.re.groups == 2 else match.group(1) + match.group(3)
