"""Names by content: digests of files and of programs, and archives that depend on their files alone."""

import ast
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

Files = Mapping[str, bytes]  # relative POSIX path -> content


def sha256_of_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of_files(files: Files) -> str:
    """The digest of paths and contents. Their order does not matter, nor do times and modes."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{hashlib.sha256(files[path]).hexdigest()}\n".encode())
    return digest.hexdigest()


def sha256_of_program(file: Path) -> str:
    """The digest of what a Python source does: comments, docstrings and layout do not matter."""

    def shape(node: Any) -> Any:
        if isinstance(node, list):
            return [shape(each) for each in cast("list[Any]", node) if not _is_text_alone(each)]
        if not isinstance(node, ast.AST):
            return repr(node)
        fields = [(name, shape(value)) for name, value in ast.iter_fields(node)]
        # Empty fields are left out, because versions of Python differ in those that a node has.
        return [type(node).__name__, *(field for field in fields if field[1] not in ("None", []))]

    return content_key(shape(ast.parse(file.read_bytes())))


def _is_text_alone(node: Any) -> bool:
    """Whether a statement is a text and nothing else: a docstring, as a rule."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def content_key(value: object) -> str:
    """sha256 of a JSON value in canonical form.

    Raises ValueError for numbers that JSON does not have, TypeError for what is no JSON value.
    """
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def tar_gz(files: Files) -> bytes:
    """A gzipped tar: sorted, mode 0644, no owner, time 0, so that equal files give equal bytes."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(files):
            member = tarfile.TarInfo(path)
            member.size = len(files[path])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(files[path]))
    return buffer.getvalue()
