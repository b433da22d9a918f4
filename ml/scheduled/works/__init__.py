"""What runs in a job, a module each: `python -m ml.scheduled.works.NAME`."""
