"""Copies the OpenMP that scikit-learn brings to where LightGBM finds it: `python openmp.py FOLDER`."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> int:
    folder, spec = Path(sys.argv[1]), find_spec("sklearn")
    if spec is None or spec.origin is None:
        print("scikit-learn is not installed, and LightGBM needs its OpenMP library", file=sys.stderr)
        return 1
    folder.mkdir(exist_ok=True)
    # Wheels for Linux hold it under a name with a digest; those for macOS are made otherwise.
    libraries = Path(spec.origin).parents[1] / "scikit_learn.libs"
    copied = [shutil.copy(found, folder / "libgomp.so.1") for found in libraries.glob("libgomp-*.so*")]
    if not copied and sys.platform == "linux":  # else LightGBM would fail first in the training
        print(f"{libraries} has no libgomp, and LightGBM needs it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
