"""The scoring service: prediction, outlier flag and windowed feature drift in one answer.

At serving time this package imports numpy, onnxruntime, starlette and uvicorn; what a model is trained with
stays in `ml/steps`.
"""

import os

# onnxruntime calls its maker's telemetry when it is imported; a scoring service calls nobody that it was not told to
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
