"""What the kernel says of who listens where."""

from contextlib import suppress

import psutil


def listeners(pid: int) -> set[tuple[str, str]]:
    """(address, command line) of all that the process and those below it listen at."""
    found: set[tuple[str, str]] = set()
    for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile: it listens nowhere
            line = " ".join(one.cmdline())
            opened = [at for at in one.net_connections("inet") if at.status == psutil.CONN_LISTEN]
            found |= {(at.laddr.ip, line) for at in opened}
    return found
