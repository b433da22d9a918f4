"""The settings of pip that a build in a container is given."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

from tools.containers import base, packageindex

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory whose pip.conf says all that counts: the machine's own files are pointed away from."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://one.invalid/simple\nquiet = 1\nno_index = false\n"
        "[install]\nindex-url = https://two.invalid/simple\n"
    )
    return tmp_path


def read(folder: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read(folder / "pip.conf")
    return dict(parser.items("global"))


def test_the_file_then_the_variables_and_only_what_is_about_the_index(home: Path) -> None:
    environment = {"PIP_CONFIG_FILE": str(home / "pip.conf"), "PIP_VERBOSE": "3"}
    found = packageindex.settings(environment, home)
    assert found["index-url"] == "https://two.invalid/simple"
    assert found["no-index"] == "false" and not {"quiet", "verbose"} & found.keys()
    environment["PIP_INDEX_URL"] = "https://three.invalid/simple"
    assert packageindex.settings(environment, home)["index-url"] == "https://three.invalid/simple"


def test_no_files_where_pip_is_told_to_read_none(home: Path) -> None:
    (home / ".pip").mkdir()
    (home / "pip.conf").rename(home / ".pip" / "pip.conf")
    assert packageindex.settings({"PIP_CONFIG_FILE": os.devnull}, home) == {}
    assert packageindex.settings({}, home)["index-url"] == "https://two.invalid/simple"


def test_certificates_of_other_programs_count_where_pip_has_none(home: Path) -> None:
    environment = {"PIP_CONFIG_FILE": os.devnull, "SSL_CERT_FILE": "/a.pem", "REQUESTS_CA_BUNDLE": "/b.pem"}
    assert packageindex.settings(environment, home) == {"cert": "/b.pem"}
    assert packageindex.settings({**environment, "PIP_CERT": "/c.pem"}, home) == {"cert": "/c.pem"}


def test_files_are_brought_along_and_named_as_they_lie_in_the_container(tmp_path: Path) -> None:
    certificate, wheels, folder = tmp_path / "ca.pem", tmp_path / "wheels", tmp_path / "mounted"
    certificate.write_text("certificate")
    wheels.mkdir()
    folder.mkdir()
    options = {"cert": str(certificate), "find-links": f"{wheels} {tmp_path}/absent https://links.invalid/"}
    mounts = packageindex.write(folder, options)
    assert mounts == ["--volume", f"{folder}:{packageindex.MOUNT}:ro"]
    assert read(folder) == {"cert": f"{packageindex.MOUNT}/cert", "find-links": "https://links.invalid/"}
    assert (folder / "cert").read_text() == "certificate"
    (wheels / "x.whl").touch()
    packageindex.write(folder, options)
    assert read(folder)["find-links"].split() == [f"{packageindex.MOUNT}/links-0", "https://links.invalid/"]
    assert (folder / "links-0" / "x.whl").is_file()


def test_a_file_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    packageindex.write(tmp_path, {"cert": str(tmp_path / "absent"), "timeout": "5"})
    assert read(tmp_path) == {"timeout": "5"}


def test_the_base_of_each_dockerfile_can_be_made() -> None:
    for dockerfile in sorted((ROOT / "environments").glob("*/Dockerfile")):
        name = base.name_in(dockerfile)
        suite = name.rpartition("-")[2]
        assert f"python:{base.SUITES[suite]}-slim-{suite}" in name


def test_options_of_several_lines_stay_whole(tmp_path: Path) -> None:
    lines = "https://one.invalid/simple\nhttps://two.invalid/simple"
    file, folder = tmp_path / "pip.conf", tmp_path / "mounted"
    folder.mkdir()
    file.write_text("[global]\nextra-index-url =\n    " + lines.replace("\n", "\n    ") + "\n")
    options = packageindex.settings({"PIP_CONFIG_FILE": str(file)}, tmp_path)
    packageindex.write(folder, options)
    assert read(folder)["extra-index-url"].split() == lines.split()
