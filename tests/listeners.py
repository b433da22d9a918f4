"""What the kernel says of who listens where."""

import psutil


def listeners(pid: int) -> set[tuple[str, str]]:
    """(address, command line) of all that the process and those below it listen at."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {
        (at.laddr.ip, " ".join(one.cmdline()))
        for one in family
        for at in one.net_connections("inet")
        if at.status == psutil.CONN_LISTEN
    }
