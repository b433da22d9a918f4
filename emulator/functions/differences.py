"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Function apps of Flex Consumption run with their own code, in Python: a process an app, one instance, "
    "always there. Other plans and runtimes are refused by name.",
    "Of what Flex Consumption refuses of an app, what users have quoted is refused in its words "
    "(emulator/functions/flex.py).",
    "Triggers are queue, HTTP and timer, and HTTP's answer is the one output; any other binding is refused "
    "by name. Queues are polled by the app's identity.",
    "A package is what a remote build would make of it: the packages that requirements.txt names have to be "
    "in the emulator's own environment, in whatever version.",
    "App Service's sign-in knows Microsoft Entra ID alone; whether the app registration exists is not asked. "
    "Of service tags, access restrictions know ActionGroup, which fits whatever calls from Azure itself.",
    "Application Insights hears nothing of a function app; its log is in the emulator's home (functions).",
)
