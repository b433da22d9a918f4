"""A program of Pulumi's makes a million objects, drops few of them in cycles, and ends.

Python looks for such cycles while the program runs, and through all objects once more at its end: a quarter
of the CPU that an estate's program took in a preview.
"""

import atexit
import gc
from typing import Final

# No setting leaves out the look at the end, but it passes over what is frozen. Once a process, since a test
# runs many programs in one.
AT_END: Final = atexit.register(gc.freeze)


def keep() -> None:
    """No more looks for garbage in this process, until `gc.enable`."""
    gc.disable()


keep()  # the imports that follow this one in the program make most of its objects
