"""pyarrow's compute functions, which it makes while it is imported: type checkers know none of them."""

from typing import Any


def functions() -> Any:
    import pyarrow.compute

    return pyarrow.compute
