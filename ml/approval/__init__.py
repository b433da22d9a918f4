"""Approval: a person, not the requester, says of exactly these digests that they may go into production.

`approved` is all that a promotion needs to ask.
"""

from ml.approval.digests import Digests
from ml.approval.holding import Approval, approved

__all__ = ["Approval", "Digests", "approved"]
