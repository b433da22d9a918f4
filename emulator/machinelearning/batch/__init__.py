"""Batch endpoints: pipeline components deployed under an address, and the jobs that a call of it starts."""
