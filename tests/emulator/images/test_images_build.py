"""Building: layers that are reused, digests that depend on content alone, trees that are never written to."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.images.base import machine_minor
from emulator.images.builder import BuildCanceled, BuildError, BuildRequest, Built
from emulator.images.context import ContextError
from emulator.images.dockerfile import DockerfileError
from emulator.images.image import ImageError
from emulator.images.layers import LayerCache
from emulator.images.references import parse
from emulator.images.store import Images

PYTHON = f"python:{machine_minor()}-slim"
SERVICE = f"""\
FROM {PYTHON}
ENV GREETING=hello HERE=/app/data
WORKDIR /app
COPY requirements.txt ./
RUN python -c "import time, pathlib; pathlib.Path('built').write_text('once')"
COPY service.py ./
COPY data data
USER 10001
EXPOSE 8080
CMD ["python", "service.py"]
"""
FILES = {
    "requirements.txt": "",
    "service.py": "import os; print(os.environ['GREETING'])",
    "data/x": "1",
}
Build = Callable[..., Built]


def run(image_argv: list[str], cwd: Path, overlay: dict[str, str]) -> str:
    done = subprocess.run(image_argv, cwd=cwd, env=overlay, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_same_content_same_digest_wherever_it_is_built(
    build: Build, another_machine: Images, tmp_path: Path
) -> None:
    first = build(SERVICE, FILES)
    root = tmp_path / "again"
    for name, text in {"Dockerfile": SERVICE, **FILES}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        os.utime(root / name, (1, 1))
    second = another_machine.build(BuildRequest(root, tmp_path / "log", dict(os.environ)))
    assert first.digest == second.digest


@pytest.mark.parametrize(
    "changed",
    [
        {"files": {**FILES, "service.py": "print(2)"}},
        {"files": {**FILES, "data/y": ""}},
        {"dockerfile": SERVICE.replace("hello", "goodbye")},
        {"dockerfile": SERVICE.replace("USER 10001", "USER 10002")},
        {"dockerfile": SERVICE.replace("EXPOSE 8080", "EXPOSE 8081")},
        {"dockerfile": SERVICE.replace('CMD ["python", "service.py"]', "CMD python service.py")},
    ],
)
def test_other_content_other_digest(build: Build, changed: dict[str, object]) -> None:
    assert (
        build(SERVICE, FILES).digest
        != build(changed.get("dockerfile", SERVICE), changed.get("files", FILES)).digest
    )


def test_a_rebuild_with_the_same_requirements_reuses_the_layer(build: Build, tmp_path: Path) -> None:
    build(SERVICE, FILES)
    (tmp_path / "build.log").unlink()
    build(SERVICE, {**FILES, "service.py": "print('changed')"})
    assert "Using cache" in (tmp_path / "build.log").read_text()


def test_changed_requirements_run_again(build: Build, tmp_path: Path) -> None:
    build(SERVICE, FILES)
    (tmp_path / "build.log").unlink()
    build(SERVICE, {**FILES, "requirements.txt": "# changed"})
    assert "Using cache" not in (tmp_path / "build.log").read_text()


def test_no_cache_runs_again(build: Build, tmp_path: Path) -> None:
    build(SERVICE, FILES)
    (tmp_path / "build.log").unlink()
    build(SERVICE, FILES, no_cache=True)
    assert "Using cache" not in (tmp_path / "build.log").read_text()


def test_an_image_runs_in_a_tree_of_its_own(build: Build, images: Images, tmp_path: Path) -> None:
    built = build(SERVICE, FILES)
    images.keep(built)
    images.name(parse("estate.azurecr.io/service:v1"), built.digest)
    image = images.resolve("estate.azurecr.io/service:v1")
    assert image.digest == images.resolve(f"estate.azurecr.io/service@{built.digest}").digest == built.digest
    assert (image.user, image.workdir, image.cmd) == ("10001", "/app", ["python", "service.py"])
    instance = image.instance(tmp_path / "container")
    argv, cwd, overlay = instance.spawn_spec()
    assert run(argv, cwd, overlay) == "hello"
    assert cwd == tmp_path / "container" / "app"
    argv, cwd, overlay = instance.spawn_spec(
        ["python", "-c", "import sys, os; print(sys.prefix, os.environ['HERE'])"]
    )
    assert run(argv, cwd, overlay) == f"{tmp_path}/container/usr/local {tmp_path}/container/app/data"
    run(*instance.spawn_spec(["sh", "-c", "echo $GREETING > service.py"]))
    assert (cwd / "service.py").read_text() == "hello\n"
    assert (image.root / "app" / "service.py").read_text() == FILES["service.py"]


def test_programs_that_are_not_there(build: Build, images: Images) -> None:
    image = images.keep(build(f'FROM {PYTHON}\nCMD ["no-such-program"]'))
    with pytest.raises(ImageError, match="no-such-program"):
        image.spawn_spec()
    with pytest.raises(ImageError, match="manifest unknown"):
        images.resolve("estate.azurecr.io/absent:1")


def test_an_image_is_read_once_and_is_gone_with_its_content(build: Build, images: Images) -> None:
    """Each step of a job resolves its image twice, and what lists its files has some megabytes."""
    name = "estate.azurecr.io/service:1"
    kept = images.keep(build(f"FROM {PYTHON}"))
    images.name(parse(name), kept.digest)
    read = Path(kept.root).parent / "image.json"
    read.write_text("no JSON: whoever reads it anew fails")
    assert images.resolve(name) is images.resolve(name) is kept
    read.unlink()
    with pytest.raises(ImageError, match="build it again"):
        images.resolve(name)


def test_arguments(build: Build, images: Images, tmp_path: Path) -> None:
    dockerfile = "ARG BASE=nothing\nARG WHO=world\nFROM ${BASE}\nARG WHO\nENV HELLO=${WHO:-nobody}"
    built = build(dockerfile, arguments={"BASE": PYTHON, "UNUSED": "1"})
    assert built.config.env["HELLO"] == "world"
    assert "UNUSED" in (tmp_path / "build.log").read_text()
    assert build(dockerfile, arguments={"BASE": PYTHON, "WHO": "me"}).config.env["HELLO"] == "me"


def test_from_an_image_of_a_registry(build: Build, images: Images) -> None:
    base = build(SERVICE, FILES)
    images.keep(base)
    images.name(parse("estate.azurecr.io/base:1"), base.digest)
    derived = build('FROM estate.azurecr.io/base:1\nENTRYPOINT ["python"]', registry="estate.azurecr.io")
    assert derived.config.entrypoint == ("python",)
    assert derived.config.cmd == ()
    assert "app/service.py" in derived.manifest
    with pytest.raises(DockerfileError, match="pull access denied"):
        build("FROM estate.azurecr.io/base:1", registry="other.azurecr.io")


@pytest.mark.parametrize(
    ("dockerfile", "error", "said"),
    [
        ("FROM debian:12", DockerfileError, "line 1: .*only docker.io/library/python"),
        ("FROM python:3.1", DockerfileError, "run the emulator with Python 3.1"),
        (f"FROM {PYTHON}\nRUN exit 3", BuildError, "non-zero code: 3"),
        (f'FROM {PYTHON}\nRUN ["no-such-program"]', BuildError, "no-such-program"),
        (f"FROM {PYTHON}\nCOPY absent ./", DockerfileError, "line 2: .*no such file"),
        (f"FROM {PYTHON}\nEXPOSE $NO", DockerfileError, "EXPOSE"),
    ],
)
def test_builds_that_fail(build: Build, dockerfile: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        build(dockerfile)


def test_a_failed_run_leaves_no_layer(build: Build, cache: LayerCache) -> None:
    before = sorted((cache.root / "layers").iterdir())
    with pytest.raises(BuildError):
        build(f"FROM {PYTHON}\nRUN touch made && false # {os.urandom(4).hex()}")
    assert sorted((cache.root / "layers").iterdir()) == before
    assert not list((cache.root / "new").iterdir())


def test_what_a_killed_process_left_half_written_is_known(build: Build, images: Images) -> None:
    images.keep(build(SERVICE, FILES))
    left = images.root / f".{os.urandom(16).hex()}"
    (left / "tree").mkdir(parents=True)
    assert images.unfinished() == [left]
    left.joinpath("tree").rmdir()
    left.rmdir()


def test_cancel_and_timeout(build: Build) -> None:
    canceled = threading.Event()
    threading.Timer(0.3, canceled.set).start()
    began = time.monotonic()
    with pytest.raises(BuildCanceled):
        build(f"FROM {PYTHON}\nRUN sleep 30 # {os.urandom(4).hex()}", canceled=canceled)
    with pytest.raises(BuildError, match="longer than its timeout"):
        build(f"FROM {PYTHON}\nRUN sleep 30 # {os.urandom(4).hex()}", timeout_s=0.2)
    assert time.monotonic() - began < 10


def test_missing_dockerfile_and_target(build: Build) -> None:
    with pytest.raises(ContextError, match="no other/Dockerfile"):
        build(f"FROM {PYTHON}", dockerfile_path="other/Dockerfile")
    with pytest.raises(BuildError, match="target"):
        build(f"FROM {PYTHON} AS one", target="two")
    assert build(f"FROM {PYTHON} AS one", target="one").digest


def test_a_link_out_of_the_tree_is_not_written_through(build: Build, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    built = build(f"FROM {PYTHON}\nRUN ln -s {outside} {'/'.join(['link'])}\nCOPY f link/", {"f": "x"})
    with pytest.raises(BuildError, match="leads out of the image"):
        built.write(tmp_path / "tree")
    assert not list(outside.iterdir())


def test_concurrent_builds_share_one_run(build: Build, tmp_path: Path) -> None:
    marker = tmp_path / "runs"
    dockerfile = f"FROM {PYTHON}\nRUN echo x >> {marker} && sleep 0.2"
    digests: list[str] = []
    threads = [threading.Thread(target=lambda: digests.append(build(dockerfile).digest)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 4 and len(set(digests)) == 1
    assert marker.read_text() == "x\n"


def wheel(folder: Path) -> Path:
    """A wheel of one module and one console script, made by hand."""
    files = {
        "tiny.py": "def main():\n    print('tiny', __file__)\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},"
        f"{len(text)}\n"
        for name, text in files.items()
    )
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {
            **files,
            "tiny-1.0.dist-info/RECORD": record + "tiny-1.0.dist-info/RECORD,,\n",
        }.items():
            archive.writestr(name, text)
    return path


def test_pip_installs_and_scripts_move_with_the_tree(
    build: Build, images: Images, another_machine: Images, tmp_path: Path
) -> None:
    root = tmp_path / "wheels"
    root.mkdir()
    digest = hashlib.sha256(wheel(root).read_bytes()).hexdigest()
    (root / "requirements.txt").write_text(f"./tiny-1.0-py3-none-any.whl --hash=sha256:{digest}\n")
    (root / "Dockerfile").write_text(
        f"FROM {PYTHON}\nWORKDIR /app\nCOPY . .\n"
        "RUN pip install --no-cache-dir --no-index --require-hashes -r requirements.txt\n"
        'CMD ["tiny"]\n'
    )
    request = BuildRequest(root, tmp_path / "log", dict(os.environ))
    built = images.build(request)
    image = images.keep(built).instance(tmp_path / "moved")
    said = run(*image.spawn_spec())
    assert said.startswith(f"tiny {tmp_path}/moved/usr/local/lib/")
    assert another_machine.build(request).digest == built.digest


def test_a_link_that_is_replaced_by_one_that_leads_out_is_not_written_through(
    build: Build, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    dockerfile = (
        f"FROM {PYTHON} AS other\nWORKDIR /\nRUN mkdir d && ln -s {outside} d/link\n"
        f"FROM {PYTHON}\nWORKDIR /\nRUN mkdir sub && ln -s sub link\n"
        "COPY f link/one\nCOPY --from=other /d /\nCOPY f link/two\n"
    )
    with pytest.raises(BuildError, match="/link: a symbolic link there leads out of the image"):
        build(dockerfile, {"f": "x"}).write(tmp_path / "tree")
    assert not list(outside.iterdir())


def test_a_link_of_the_context_stays_in_the_image_where_it_is_copied_to(
    images: Images, tmp_path: Path
) -> None:
    root = tmp_path / "context"
    (root / "deep").mkdir(parents=True)
    (root / "f").write_text("x")
    (root / "deep/link").symlink_to("../f")
    (root / "loop").symlink_to("loop")
    for name, copy, said in (
        ("good", "COPY f ./\nCOPY deep/link deep/", ""),
        ("up", "COPY deep/link /", "/link: a symbolic link there leads out of the image"),
        ("loop", "COPY loop /", "/loop: a symbolic link there is one of a loop"),
    ):
        (root / "Dockerfile").write_text(f"FROM {PYTHON}\nWORKDIR /\n{copy}\n")
        built = images.build(BuildRequest(root, tmp_path / "log", dict(os.environ)))
        if said:
            with pytest.raises(BuildError, match=said):
                built.write(tmp_path / name)
        else:
            built.write(tmp_path / name)
            assert (tmp_path / name / "deep/link").read_text() == "x"


def test_what_links_of_a_run_lead_to_is_not_cleaned(build: Build, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "activate").write_text("mine")
    build(
        f"FROM {PYTHON}\nWORKDIR /\nRUN rm -r tmp && ln -s {outside} tmp"
        f" && mkdir env && touch env/pyvenv.cfg && ln -s {outside} env/bin"
    )
    assert (outside / "activate").read_text() == "mine"


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_a_context_whose_texts_are_no_text(images: Images, tmp_path: Path, name: str) -> None:
    root = tmp_path / "context"
    root.mkdir()
    (root / "Dockerfile").write_text(f"FROM {PYTHON}\n")
    (root / name).write_bytes(b"\xff")
    with pytest.raises(ContextError, match=f"{name} of the build context is no UTF-8 text"):
        images.build(BuildRequest(root, tmp_path / "log", dict(os.environ)))
