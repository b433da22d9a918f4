"""The node of `make test-kubernetes`: what it is built of, and what it says where it cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.kubernetes import __main__ as command
from tools.kubernetes import build, packages
from tools.kubernetes.certificates import make
from tools.kubernetes.files import Files

MODULE = (build.MODULE / "go.mod").read_text()


def test_all_parts_of_kubernetes_are_of_one_version() -> None:
    """k8s.io/kubernetes takes its own libraries by path: as a module they are given by hand, all at once."""
    found = dict(re.findall(r"^(?:replace |\t)(k8s\.io/\S+) => \1 (v\S+)$", MODULE, re.MULTILINE))
    assert len(found) > 25 and set(found.values()) == {f"v0{build.version()[1:]}"}


def test_the_programs_are_those_that_go_sum_pins() -> None:
    named = set(re.findall(r"k8s\.io/kubernetes/cmd/([\w-]+)", (build.MODULE / "tools.go").read_text()))
    assert named == {*build.CONTROL_PLANE, *build.NODE}


def test_they_say_their_version() -> None:
    major, minor, _ = build.version().split(".")
    flags = build._flags()
    assert f"gitVersion=v{build.version()}" in flags and f"gitMinor={minor}" in flags and major == "1"


def test_without_go_a_cluster_or_go_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"no Go to build it with(.|\n)*KUBECONFIG"):
        build.programs("kubectl")


def test_packages_are_not_installed_by_who_is_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packages.PROGRAMS, "there-is-no-such-program", "some-package")
    monkeypatch.setattr("os.getuid", lambda: 1000)
    with pytest.raises(SystemExit, match=r"needs some-package(.|\n)*apt-get install"):
        packages.install(["there-is-no-such-program"])


def test_a_cluster_that_is_given_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/somewhere/config")
    monkeypatch.setattr("sys.argv", ["kubernetes", "--", "test", "-n", "x"])
    assert command.main() == 0


def test_nothing_of_a_node_lies_outside_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    files = Files(folder, make(folder / "pki", ("127.0.0.1",)), "group")
    files.write()
    written = "".join(
        file.read_text() for file in folder.rglob("*") if file.suffix in (".yaml", ".toml", ".yml")
    )
    places = set(re.findall(r"\"(?:unix://)?(/[\w./-]+)\"", written)) - {"/usr/lib/cni", "/group"}
    assert places and all(place.startswith(str(folder)) for place in places)
    assert (folder / "pki/ca.key").stat().st_mode & 0o077 == 0
