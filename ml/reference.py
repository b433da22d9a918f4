"""How a registered model is named on the command line."""

from ml.errors import MlopsError

LATEST = "latest"


def model_reference(reference: str, default: str, option: str = "--model") -> tuple[str, str]:
    """Name and version of `NAME:VERSION`; of `latest`, the default name and no version.

    option: by which it was given. Raises MlopsError when it is neither.
    """
    if reference == LATEST:
        return default, ""
    name, _, version = reference.partition(":")
    if not (name and version):
        raise MlopsError(
            f"{option} {reference!r} is neither NAME:VERSION nor latest.", f"Give, for example, {default}:1."
        )
    return name, version
