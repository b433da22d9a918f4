"""Builds of several stages: what is copied between them, what is built, what is kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.images.base import machine_minor
from emulator.images.builder import BuildError, BuildRequest, Built
from emulator.images.dockerfile import DockerfileError
from emulator.images.store import Images
from tests.emulator.images.test_images_build import run, wheel

PYTHON = f"python:{machine_minor()}-slim"
Build = Callable[..., Built]
TWO = f"""\
FROM {PYTHON} AS build
WORKDIR /app
COPY source ./
RUN ["python", "-c", "import pathlib; pathlib.Path('made').write_text(open('source').read() * 2)"]
RUN mkdir tools && touch tools/compiler && ln -s made link && touch program && chmod +x program
FROM {PYTHON}
WORKDIR /srv
COPY --from=build /app/made copied/
COPY --from=0 /app/link /app/program ./
COPY --from=build /app/source ./
"""


def test_only_what_is_copied_gets_over(build: Build, images: Images) -> None:
    image = images.keep(build(TWO, {"source": "x"}))
    assert {path.name for path in (image.root / "srv").iterdir()} == {"copied", "link", "program", "source"}
    assert (image.root / "srv/copied/made").read_text() == "xx"
    assert (image.root / "srv/source").read_text() == "x"
    assert (image.root / "srv/link").readlink() == Path("made")
    assert os.access(image.root / "srv/program", os.X_OK)
    assert not os.access(image.root / "srv/source", os.X_OK)
    assert not list((image.root / "app").iterdir())


def test_a_cached_stage_is_not_run_again_and_a_changed_one_is(build: Build, tmp_path: Path) -> None:
    log, mark = tmp_path / "build.log", f"# {os.urandom(4).hex()}"
    first = build(f"{TWO}{mark}", {"source": "x"})
    log.unlink()
    assert build(f"{TWO}LABEL a=b\n", {"source": "x"}).digest != first.digest
    assert log.read_text().count("Using cache") == 2
    log.unlink()
    changed = build(TWO, {"source": f"y{mark}"})
    assert "Using cache" not in log.read_text()
    assert changed.digest != first.digest


def test_what_a_copied_file_holds_decides_about_the_next_run(build: Build, tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    dockerfile = f"{TWO}RUN touch after # {os.urandom(4).hex()}"
    build(dockerfile, {"source": "1"})
    log.unlink()
    build(dockerfile, {"source": "1"})
    assert log.read_text().count("Using cache") == 3
    log.unlink()
    build(dockerfile, {"source": "2"})
    assert "Using cache" not in log.read_text()


def test_byte_code_without_its_source_is_content(build: Build, images: Images) -> None:
    dockerfile = (
        f"FROM {PYTHON} AS build\nWORKDIR /app\nCOPY said.py ./\n"
        "RUN python -m compileall -q -b . && rm said.py\n"
        f"FROM {PYTHON}\nWORKDIR /app\nCOPY --from=build /app ./\n"
        'RUN python -c "import said" > heard\n'
    )
    for word in ("one", "two"):
        image = images.keep(build(dockerfile, {"said.py": f"print('{word}')"}))
        assert (image.root / "app/heard").read_text() == f"{word}\n"


def test_a_file_of_the_same_size_and_time_is_read(build: Build, images: Images) -> None:
    """Programs that make the same bytes each time set all times to the same moment."""
    dockerfile = (
        f"FROM {PYTHON}\nRUN printf one > said && touch -d @0 said\n"
        "RUN printf two > said && touch -d @0 said\n"
    )
    built = build(dockerfile)
    assert built.manifest["said"].content == hashlib.sha256(b"two").hexdigest()


def test_a_copy_of_folders_stays_in_the_image(build: Build, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    dockerfile = (
        f"FROM {PYTHON} AS build\nRUN mkdir -p made/empty\n"
        f"FROM {PYTHON}\nRUN ln -s {outside} link\nCOPY --from=build /made /link/made/\nRUN true\n"
    )
    with pytest.raises(BuildError, match="leads out of the image"):
        build(dockerfile)
    assert not list(outside.iterdir())


def test_a_stage_that_nothing_needs_is_not_built(build: Build, tmp_path: Path) -> None:
    dockerfile = f"FROM {PYTHON} AS one\nFROM {PYTHON} AS broken\nRUN exit 3\nFROM one\nENV A=1\n"
    assert build(dockerfile).config.env["A"] == "1"
    assert "Step 3/3 : ENV A=1" in (tmp_path / "build.log").read_text()
    with pytest.raises(BuildError, match="non-zero code: 3"):
        build(dockerfile, target="broken")


def test_a_target_by_name_or_number(build: Build) -> None:
    dockerfile = f"FROM {PYTHON} AS One\nENV A=1\nFROM {PYTHON} AS two\nENV B=1\nFROM two\nENV C=1"
    for target, keys in {"one": {"A"}, "0": {"A"}, "TWO": {"B"}, "2": {"B", "C"}, "": {"B", "C"}}.items():
        env = build(dockerfile, target=target).config.env
        assert {"A", "B", "C"} & env.keys() == keys, target
    with pytest.raises(BuildError, match="target 'three': no such stage; there: one, two, 2"):
        build(dockerfile, target="three")


def test_a_stage_goes_on_from_another(build: Build, images: Images) -> None:
    dockerfile = (
        f"ARG WHO=world\nFROM {PYTHON} AS base\nENV A=1\nWORKDIR /srv\nCOPY f ./\n"
        "FROM base AS left\nRUN echo left > g\nFROM base\nARG WHO\nENV B=$A$WHO\nCOPY --from=left /srv/g h\n"
    )
    built = build(dockerfile, {"f": "f"})
    assert (built.config.workdir, built.config.env["B"]) == ("/srv", "1world")
    image = images.keep(built)
    assert sorted(path.name for path in (image.root / "srv").iterdir()) == ["f", "h"]


@pytest.mark.parametrize("source", ["/absent", "/app/mad?x"])
def test_what_a_stage_does_not_have(build: Build, source: str) -> None:
    dockerfile = f"FROM {PYTHON} AS build\nFROM {PYTHON}\n\nCOPY --from=build {source} ./"
    with pytest.raises(DockerfileError, match=r"line 4: COPY: COPY .* no such file in the stage build"):
        build(dockerfile)


def test_a_later_run_does_not_write_into_another_stage(build: Build, images: Images) -> None:
    spoil = f"{TWO}RUN echo spoilt > copied/made # {os.urandom(4).hex()}"
    assert (images.keep(build(spoil, {"source": "x"})).root / "srv/copied/made").read_text() == "spoilt\n"
    assert (images.keep(build(TWO, {"source": "x"})).root / "srv/copied/made").read_text() == "xx"


def test_a_virtual_environment_moves_from_stage_to_stage_and_with_its_tree(
    images: Images, another_machine: Images, tmp_path: Path
) -> None:
    root = tmp_path / "context"
    root.mkdir()
    wheel(root)
    (root / "Dockerfile").write_text(
        f"FROM {PYTHON} AS build\nWORKDIR /app\nCOPY *.whl ./\n"
        "RUN python -m venv --without-pip venv && python -m pip --python venv install --no-index *.whl\n"
        'RUN ["venv/bin/tiny"]\nRUN ["/app/venv/bin/python", "-m", "compileall", "-q", "venv/lib"]\n'
        f"FROM {PYTHON}\nWORKDIR /app\nRUN python -m pip uninstall --yes --quiet wheel pip\n"
        'COPY --from=build /app/venv venv\nENV PATH=/app/venv/bin:$PATH\nCMD ["tiny"]\n'
    )
    request = BuildRequest(root, tmp_path / "log", dict(os.environ))
    built = images.build(request)
    image = images.keep(built).instance(tmp_path / "moved")
    assert run(*image.spawn_spec()).startswith(f"tiny {tmp_path}/moved/app/venv/lib/")
    where = "import sys; print(sys.prefix)"
    assert run(*image.spawn_spec(["python", "-c", where])) == f"{tmp_path}/moved/app/venv"
    argv, cwd, overlay = image.spawn_spec(["/usr/local/bin/python", "-m", "pip", "--version"])
    done = subprocess.run(argv, cwd=cwd, env=overlay, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "No module named pip" in done.stderr
    assert not list((image.root / "usr/local/bin").glob("pip*"))
    assert another_machine.build(request).digest == built.digest


def test_uninstalling_pip_takes_pip_and_no_other_program(build: Build, images: Images) -> None:
    dockerfile = (
        f"FROM {PYTHON}\nWORKDIR /usr/local/bin\nCOPY pipx ./\nRUN python -m pip uninstall --yes pip\n"
    )
    image = images.keep(build(dockerfile, {"pipx": "#!/bin/sh\n"}))
    assert [path.name for path in (image.root / "usr/local/bin").glob("pip*")] == ["pipx"]
