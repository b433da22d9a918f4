"""Build contexts: .dockerignore, what COPY selects."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.images.context import Context, ContextError, Ignore
from emulator.images.references import BadReference, parse, python_minor

FILES = ("a.txt", "b.txt", "src/one.py", "src/deep/two.py", "src/deep/two.pyc", "notes.md", "keep.md")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "destination", "expected"),
    [
        (["a.txt"], "app/", {"app/a.txt"}),
        (["a.txt"], "app/renamed", {"app/renamed"}),
        (["a.txt", "b.txt"], "app/", {"app/a.txt", "app/b.txt"}),
        (["*.txt"], "app/", {"app/a.txt", "app/b.txt"}),
        (["src"], "app", {"app/one.py", "app/deep", "app/deep/two.py", "app/deep/two.pyc"}),
        (["src/"], "app/", {"app/one.py", "app/deep", "app/deep/two.py", "app/deep/two.pyc"}),
        (["./src/deep"], "", {"two.py", "two.pyc"}),
    ],
)
def test_copy_selects(folder: Path, sources: list[str], destination: str, expected: set[str]) -> None:
    copied = Context(folder).select(sources, destination, {})
    assert {item.entry.path for item in copied} == expected


@pytest.mark.parametrize(
    ("sources", "destination", "said"),
    [
        (["absent"], "app/", "no such file"),
        (["../outside"], "app/", "leads out"),
        (["/../x"], "app/", "leads out"),
        (["a.txt", "b.txt"], "app", "must end with /"),
        (["*.nothing"], "app/", "no such file"),
    ],
)
def test_copy_refuses(folder: Path, sources: list[str], destination: str, said: str) -> None:
    with pytest.raises(ContextError, match=said):
        Context(folder).select(sources, destination, {})


def test_ignored_files_do_not_exist(folder: Path) -> None:
    (folder / ".dockerignore").write_text("# comment\n**/*.pyc\n*.md\n!keep.md\nsrc/deep/\n")
    assert set(Context(folder).entries) == {"a.txt", "b.txt", "keep.md", "src", "src/one.py", ".dockerignore"}


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("*.py", "a.py", True),
        ("*.py", "src/a.py", False),
        ("**/*.py", "src/x/a.py", True),
        ("**/*.py", "a.py", True),
        ("src", "src/x/a.py", True),
        ("/src/", "src/x", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[!a]x", "bx", True),
        ("[!a]x", "ax", False),
    ],
)
def test_ignore_patterns(pattern: str, path: str, ignored: bool) -> None:
    assert Ignore(pattern)(path) is ignored


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag"),
    [
        ("python", "docker.io", "library/python", "latest"),
        ("python:3.11-slim", "docker.io", "library/python", "3.11-slim"),
        ("docker.io/library/python:3.11", "docker.io", "library/python", "3.11"),
        ("Estate.azurecr.io/a/b:1", "estate.azurecr.io", "a/b", "1"),
        ("localhost:5000/a", "localhost:5000", "a", "latest"),
        (f"x.azurecr.io/a@sha256:{'0' * 64}", "x.azurecr.io", "a", ""),
    ],
)
def test_references(text: str, registry: str, repository: str, tag: str) -> None:
    reference = parse(text)
    assert (reference.registry, reference.repository, reference.tag) == (registry, repository, tag)


def test_official_images_are_published_twice() -> None:
    names = ("python", "public.ecr.aws/docker/library/python", "public.ecr.aws/a/python", "x.io/python")
    assert [parse(name).official_python for name in names] == [True, True, False, False]


@pytest.mark.parametrize("text", ["", "UPPER/x", "a b", "x.io/a:", "a@sha256:12", "x.io/", "a:b:c"])
def test_bad_references(text: str) -> None:
    with pytest.raises(BadReference):
        parse(text)


@pytest.mark.parametrize("tag", ["3.11-alpine", "latest", "3", "3.11-windowsservercore", "2.7"])
def test_bases_that_are_no_python_of_a_machine(tag: str) -> None:
    with pytest.raises(BadReference, match="Debian"):
        python_minor(parse(f"python:{tag}"))
