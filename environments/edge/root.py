"""Makes the root of an image that has no distribution: Python, some packages, and the libraries they load.

`python root.py --packages FOLDER --code FOLDER --to ROOT`. What is kept lies where it lay, so that Python
finds its own library; packages and code lie in /app. Python's library and the packages are kept as byte code.
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

# Of Python's own library: what serves programs that write programs, have windows, or test.
LEFT_OUT = (
    "config-*", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages", "dist-packages", "test",
    "tkinter", "turtledemo", "turtle.py", "_sysconfigdata_*_d_*", "__pycache__", "sitecustomize.py",
)  # fmt: skip
# Of packages: their tests, their sources in C, what type checkers read, and translators of Fortran.
NOT_SERVED = (
    "tests",
    "f2py",
    "include",
    "bin",
    "__pycache__",
    "*.pyi",
    "*.pyx",
    "*.pxd",
    "*.a",
    "*.c",
    "*.h",
)
SKIPPED_MODULES = ("_tkinter*", "_test*", "_ctypes_test*", "xx*")
UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH  # nobody changes a file of an image
LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)")


def copied(source: Path, root: Path) -> None:
    """Copy a file to its place below the root; a link becomes the file that it leads to."""
    target = root / source.relative_to("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def libraries(files: Iterable[Path]) -> set[Path]:
    """The shared libraries that these load, as the loader names them. Raises when one is not found."""
    found: set[Path] = set()
    for file in files:
        done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False)
        if "not found" in done.stdout:
            raise SystemExit(f"{file} needs a library that is not here:\n{done.stdout}")
        found |= {Path(path) for path in LIBRARY.findall(done.stdout)}
    return found


def only_byte_code(folder: Path) -> None:
    """Compile each module beside itself, and remove its source."""
    if not compileall.compile_dir(folder, quiet=1, legacy=True, invalidation_mode=UNCHECKED):
        raise SystemExit(f"{folder} cannot be compiled")
    for source in folder.rglob("*.py"):
        source.unlink()


def make(packages: Path, code: Path, root: Path) -> None:
    python = Path(os.path.realpath(sys.executable))
    library = Path(sysconfig.get_path("stdlib"))
    inside = root / library.relative_to("/")
    shutil.copytree(library, inside, ignore=shutil.ignore_patterns(*LEFT_OUT, *SKIPPED_MODULES))
    app = root / "app"
    shutil.copytree(packages, app / "lib", ignore=shutil.ignore_patterns(*NOT_SERVED))
    shutil.copytree(code, app / code.name, ignore=shutil.ignore_patterns("__pycache__"))
    only_byte_code(inside)
    only_byte_code(app / "lib")
    compileall.compile_dir(app / code.name, quiet=1, invalidation_mode=UNCHECKED)
    copied(python, root)
    (root / "python").symlink_to(python)
    binaries = [python, *inside.rglob("*.so"), *(app / "lib").rglob("*.so*")]
    for each in libraries(binaries):
        if not each.is_relative_to(root):
            copied(each, root)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--packages", "--code", "--to"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    make(given.packages.resolve(), given.code.resolve(), given.to.resolve())
    size = sum(
        file.stat().st_size for file in given.to.rglob("*") if file.is_file() and not file.is_symlink()
    )
    print(f"{given.to}: {size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
