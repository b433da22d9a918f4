"""The scoring service: prediction, outlier flag and windowed feature drift in one answer.

At serving time this package imports numpy, onnxruntime, starlette and uvicorn only; the libraries that a model
is trained with stay in `ml/steps`.
"""
