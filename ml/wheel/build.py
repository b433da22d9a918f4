"""Puts a wheel together, byte by byte the same for the same release and code."""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import keyword
import re
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml import output
from ml.content import sha256_of_files
from ml.errors import MlopsError
from ml.jobs import snapshot
from scoring.model import artifact as artifacts

LIBRARY: Final = "scoring.library"  # what the package hands on
OWN: Final = "scoring"  # in the wheel it is a part of the package: two models in one environment may differ
TEMPLATE: Final = Path(__file__).with_name("package.py")
NEEDED: Final = ("numpy", "onnxruntime", "orjson")  # of the scoring group, what that code imports
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # of each file, so that equal content is equal bytes
TAG: Final = "py3-none-any"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a wheel is made of. model: NAME and VERSION of the registered model."""

    model_name: str
    model_version: str
    release: str

    @property
    def package(self) -> str:
        """The name to import it by. Raises MlopsError where that cannot be, or would hide another package."""
        name = re.sub(r"[-.]+", "_", self.model_name).lower()
        taken = name in {*sys.stdlib_module_names, *NEEDED, OWN}
        if taken or not name.isidentifier() or keyword.iskeyword(name):
            raise MlopsError(
                f"A model named {self.model_name} would be the package {name}, which Python cannot have.",
                "Register the model under another name (training.model_name in ml/settings.toml).",
            )
        return name

    @property
    def version(self) -> str:
        """As packages have it: the model's version where that is a number, and the release."""
        number = self.model_version if re.fullmatch(r"\d+(\.\d+)*", self.model_version) else "0"
        return f"{number}+{self.release.replace('-', '.')}"


@dataclass(frozen=True, slots=True)
class Wheel:
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def write(self, folder: Path) -> Path:
        """Write the file into `--to`, a folder, which is made where there is none. Raises MlopsError."""
        output.make_folder("--to", folder)
        output.write("--to", folder / self.name, self.content)
        return folder / self.name


def build(root: Path, model: Path, origin: Origin) -> Wheel:
    """The wheel of a model artifact with the code of a checkout. Raises MlopsError.

    root: the checkout. model: the artifact's folder
    """
    package, code = origin.package, snapshot.take(root, (LIBRARY,)).files
    artifact = artifacts.load(model)
    told = {
        "name": origin.model_name,
        "version": origin.model_version,
        "digest": artifact.digest,
        "release": origin.release,
        "code": f"sha256:{sha256_of_files(code)}",
    }
    files = {
        f"{package}/__init__.py": within(TEMPLATE.read_bytes(), package, "package.py").replace(
            b"PACKAGE", package.encode()
        ),
        f"{package}/release.json": (json.dumps(told, indent=1) + "\n").encode(),
        **{f"{package}/{name}": within(content, package, name) for name, content in code.items()},
        **{f"{package}/model/{name}": (model / name).read_bytes() for name in artifacts.FILES},
    }
    info = f"{package}-{origin.version}.dist-info"
    files[f"{info}/METADATA"] = _metadata(root, origin)
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: mlops\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    )
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in sorted(files.items())]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    return Wheel(f"{package}-{origin.version}-{TAG}.whl", _archive(files))


def within(content: bytes, package: str, name: str) -> bytes:
    """A module of scoring as a part of the package, where its siblings are. Other files as they are."""
    if not name.endswith(".py"):
        return content
    lines = content.decode().splitlines(keepends=True)
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import) and any(each.name.partition(".")[0] == OWN for each in node.names):
            raise MlopsError(
                f"{name}, line {node.lineno}, imports {OWN} whole, and a wheel has it by another name.",
                f"Write `from {OWN}... import ...`.",
            )
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        if (node.module or "").partition(".")[0] == OWN:
            at = node.lineno - 1
            lines[at] = lines[at].replace(f"from {OWN}", f"from {package}.{OWN}", 1)
    return "".join(lines).encode()


def _metadata(root: Path, origin: Origin) -> bytes:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    allowed = {_name(each): each for each in project["dependency-groups"]["scoring"] if isinstance(each, str)}
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {origin.package.replace('_', '-')}",
        f"Version: {origin.version}",
        f"Summary: The model {origin.model_name}:{origin.model_version} of the release {origin.release}",
        f"Requires-Python: {project['project']['requires-python']}",
        *(f"Requires-Dist: {allowed[name]}" for name in NEEDED),
    ]
    return ("\n".join(lines) + "\n").encode()


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _archive(files: Mapping[str, bytes]) -> bytes:
    """A zip that does not depend on the library that compresses: its files are stored as they are."""
    found: Any = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items(), key=lambda item: (".dist-info/" in item[0], item[0])):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    return found.getvalue()
