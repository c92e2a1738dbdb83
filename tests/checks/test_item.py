import pytest

from checks.item import ITEM_TYPES, Item, ItemError, Nvr, item_type, parse_item, parse_nvr, shown, slug


@pytest.mark.parametrize("kind", ITEM_TYPES.values(), ids=ITEM_TYPES)
def test_the_example_of_every_type_is_an_item_of_it(kind) -> None:
    item = parse_item(kind.example, kind.name)

    assert item == Item(kind.example, kind.name)
    assert str(item) == f"{kind.wording} {kind.example}"


@pytest.mark.parametrize("text", ["xchat-1:0.5-1.fc20", "1:xchat-0.5-1.fc20", "xchat-0.5-1.fc20"])
def test_a_koji_build_loses_its_epoch(text: str) -> None:
    assert parse_item(text, "koji_build").item == "xchat-0.5-1.fc20"


@pytest.mark.parametrize("text", [
    "x; rm -rf /", "../../etc/passwd", "-rf-1-1", "xchat", "xchat-1", "", "a-b-c\n", "a-b-c\0", "ü-1-1", "a/b-1-1",
    "$(id)-1-1", "`id`-1-1", "a b-1-1", "--item-1-1",
])
def test_what_is_no_build_is_refused(text: str) -> None:
    with pytest.raises(ItemError, match="is not a Koji build; expected something like `xchat-0.5-1.fc20`"):
        parse_item(text, "koji_build")


@pytest.mark.parametrize("kind", ITEM_TYPES)
@pytest.mark.parametrize("text", ["../../etc/passwd", "x; rm -rf /", "a\nb", "-x", "", " ", "a'b\"c|d", "https://h/../../x"])
def test_no_type_takes_a_hostile_item(kind: str, text: str) -> None:
    with pytest.raises(ItemError):
        parse_item(text, kind)


def test_an_endless_item_is_refused_and_not_repeated_in_full() -> None:
    with pytest.raises(ItemError) as caught:
        parse_item("a" * 1_000_000 + "-1-1", "koji_build")

    assert "1000004 characters; at most 512" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_an_item_that_is_no_text_is_refused() -> None:
    with pytest.raises(ItemError, match="is a list; expected text such as `xchat-0.5-1.fc20`"):
        parse_item(["xchat-0.5-1.fc20"], "koji_build")  # type: ignore[arg-type]


def test_an_unknown_type_names_the_nearest_and_all() -> None:
    with pytest.raises(ItemError) as caught:
        item_type("koji_bild")

    assert str(caught.value) == (
        "unknown item type `koji_bild`; did you mean `koji_build`? Known: koji_build, koji_tag, bodhi_update, "
        "yum_repository, compose, docker_image, dist_git_commit, git_commit, module_build, pull_request, copr_build, "
        "debian_source")


@pytest.mark.parametrize(("text", "expected"), [
    ("python3-foo-bar-1.2~rc1-3.fc43", Nvr("python3-foo-bar", "1.2~rc1", "3.fc43")),
    ("foo-2:1^git1-3", Nvr("foo", "1^git1", "3", 2)),
    ("7:foo-1-3", Nvr("foo", "1", "3", 7)),
])
def test_a_build_is_taken_apart(text: str, expected: Nvr) -> None:
    assert parse_nvr(text) == expected


@pytest.mark.parametrize("text", ["../x", "/", ".", "..", "", "a/b", "a b", "x" * 600, "ü", "\ud800"])
def test_a_slug_is_one_safe_file_name(text: str) -> None:
    name = slug(text)

    assert "/" not in name
    assert not name.startswith(".")
    assert 0 < len(name) <= 120
    assert name.isascii()


def test_two_items_never_share_a_slug() -> None:
    assert len({slug(text) for text in ("a/b", "a_b", "a b", "a?b")}) == 4


def test_what_is_shown_is_one_printable_line() -> None:
    assert shown("a\x1b[31m\nb") == r"a\x1b[31m\nb"
    assert shown("x" * 200) == "x" * 79 + "…"
    assert shown(None) == "None"
