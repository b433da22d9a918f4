"""The evaluator: walks a syntax tree in the context of a request, within limits of steps and time."""

from emulator.apimanagement.policies.expressions import evaluate_statements, evaluate_values
from emulator.apimanagement.policies.expressions.machine import (
    MOST_CALLS,
    MOST_SECONDS,
    MOST_STEPS,
    Evaluation,
)

# Imported for what they register.
REGISTERED = (evaluate_statements, evaluate_values)

__all__ = ["MOST_CALLS", "MOST_SECONDS", "MOST_STEPS", "REGISTERED", "Evaluation"]
