"""Settings in, an estate up, its outputs out."""

import pulumi

from infra import aliases, debug_messages, garbage
from infra.config_errors import ConfigError
from infra.estate import Estate
from infra.estate_outputs import outputs_of
from infra.settling import outputs_settled
from infra.stack import EXPLAINED, read_settings

garbage.keep()
debug_messages.together()
try:
    settings = read_settings()
except ConfigError as error:
    pulumi.log.error(str(error))
    raise SystemExit(EXPLAINED) from error

options = pulumi.ResourceOptions(transformations=[aliases.leave_out])
for name, value in outputs_of(Estate("estate", settings, options)).items():
    pulumi.export(name, value)
pulumi.run(outputs_settled)  # else Pulumi looks at each of them hundreds of times
