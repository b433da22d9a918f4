"""The pip of a base image, carried out by uv. Copied into the image; runs with the image's Python alone."""
