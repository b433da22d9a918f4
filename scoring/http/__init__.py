"""Answers over HTTP: connections, requests, limits, authentication, problems."""
