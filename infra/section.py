"""What every group of settings is made from."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A group of settings: camelCase in the stack file, unknown ones refused. Built when it is first used."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_default=True, defer_build=True
    )
