"""What every message of the Realtime protocol has in common."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A frozen piece of a message. What it does not know it ignores: other clients and servers say more than we use.

    Only what was set is written, so that an update can tell "leave it" (absent) from "none" (null).
    """

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    def model_post_init(self, _context: object, /) -> None:
        """What kind of thing it is always gets written, and which part of an answer it is about: the protocol requires both."""
        written = [name for name in ("type", "object", "output_index", "content_index") if getattr(self, name, None) is not None]
        self.__pydantic_fields_set__.update(written)

    def to_json(self) -> str:
        """One line of JSON."""
        return self.model_dump_json(exclude_unset=True)
