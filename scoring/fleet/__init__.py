"""Many models served by one process: a thin dispatch in front of what serves one."""
