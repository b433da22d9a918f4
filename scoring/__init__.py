"""The scoring service: prediction, outlier flag and windowed feature drift in one answer.

At serving time this package imports numpy, onnxruntime, starlette and uvicorn; what a model is trained with
stays in `ml/steps`.
"""
