"""What is in memory: the values that were used last, within a bound of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Resident(Generic[Value]):
    """A cache by key. Who was used least recently leaves first. Not thread-safe.

    The bound always holds: a value that is larger than it alone is not kept.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._held: OrderedDict[str, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: str) -> bool:
        """Whether it is held; asking is no use of it."""
        return key in self._held

    def keys(self) -> tuple[str, ...]:
        """Those that are held, the least recently used first."""
        return tuple(self._held)

    def get(self, key: str) -> Value | None:
        """The value, now the one used last; None when it is not held."""
        if (found := self._held.get(key)) is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def put(self, key: str, value: Value, size: int) -> dict[str, int]:
        """Hold a value of so many bytes, in place of an earlier one of its key.

        What left for it, with its bytes: the value itself when it is larger than the bound.
        """
        if (before := self._held.pop(key, None)) is not None:
            self.bytes -= before[1]
        if size > self.most_bytes:
            return {key: size}
        self._held[key] = value, size
        self.bytes += size
        left: dict[str, int] = {}
        while self.bytes > self.most_bytes:
            other, (_, its) = self._held.popitem(last=False)
            self.bytes -= its
            left[other] = its
        return left
