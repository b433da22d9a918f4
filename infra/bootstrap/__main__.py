"""Settings in, what the estates need up, its outputs out."""

import pulumi

from infra.bootstrap.bootstrap import Bootstrap
from infra.bootstrap.config import NAMESPACE, load
from infra.config_errors import ConfigError
from infra.stack import EXPLAINED, raw_settings

try:
    settings = load(raw_settings(NAMESPACE))
except ConfigError as error:
    pulumi.log.error(str(error))
    raise SystemExit(EXPLAINED) from error

for name, value in Bootstrap("bootstrap", settings).outputs().items():
    pulumi.export(name, value)
