"""Settings in, an estate up, its outputs out."""

import pulumi

from infra.config_errors import ConfigError
from infra.estate import Estate
from infra.stack import read_settings

try:
    settings = read_settings()
except ConfigError as error:
    raise pulumi.RunError(str(error)) from error  # printed without a traceback

for name, value in Estate("estate", settings).outputs().items():
    pulumi.export(name, value)
