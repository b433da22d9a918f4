"""Rows and answers as Arrow IPC streams, beside JSON: the same contract, limits and errors.

nanoarrow, 3 MB, writes; the first answer that needs it imports it. Streams from outside are read here.
"""

from typing import Final

MEDIA_TYPE: Final = b"application/vnd.apache.arrow.stream"
