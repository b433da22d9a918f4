"""The sections of a card's page: each function gives the HTML of one."""

from collections.abc import Mapping
from typing import Any

Card = Mapping[str, Any]
