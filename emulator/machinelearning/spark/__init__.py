"""Spark jobs on serverless compute: a driver and executors as processes of this machine."""
