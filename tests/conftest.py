"""Settings of all tests."""

import os

from hypothesis import settings

# a busy machine is not a wrong answer: examples have no time limit
settings.register_profile("estate", deadline=None)
settings.load_profile("estate")
os.environ.setdefault("OMP_NUM_THREADS", "1")
