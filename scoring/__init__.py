"""The scoring service: prediction, outlier flag and windowed feature drift in one answer.

At serving time this package imports numpy, onnxruntime, orjson and uvicorn; what a model is trained with
stays in `ml/steps`.
"""

import os

# Unless this is set before onnxruntime is imported, it reports to its maker some seconds later.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
