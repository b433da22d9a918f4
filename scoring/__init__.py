"""The scoring service: prediction, outlier flag and windowed feature drift in one answer.

At serving time this package imports numpy, onnxruntime, orjson and uvicorn; what a model is trained with
stays in `ml/steps`.
"""

import os

# onnxruntime calls its maker some seconds after its import unless this is set before
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
