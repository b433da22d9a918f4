"""Managed identities: user-assigned ones, system-assigned ones, and federated credentials."""
