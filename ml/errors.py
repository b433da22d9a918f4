"""The errors that the command line shows: what is wrong, and what to do about it."""


class MlopsError(Exception):
    """A failure that a person can act on.

    `problem` names the setting or input and what it was; `remedy` says what to do. `details` are further
    lines to show beneath (a log's tail, a server's words).
    """

    def __init__(self, problem: str, remedy: str, details: list[str] | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.details = details or []


class Overtaken(MlopsError):
    """Somebody else changed what this command works on; it has stopped, and changed nothing more."""


def overtaken(what: str) -> Overtaken:
    return Overtaken(
        f"Somebody else changed {what} in the meantime.",
        "Look at `mlops status`; run the command again if it is still wanted.",
    )
