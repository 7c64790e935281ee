"""AQAA sees, too: 9.4 GB of weights that no answer in sound needs, known by their names (mmgpt_step1_v2)."""

import re

_EYES = re.compile(r"(vision_model|vit_downsampler2?|vit_large_projector|sam_model|vision_tower)\.")


def belongs_to_eyes(key: str) -> bool:
    """Whether a tensor is part of the vision tower or of what leads from it to the backbone."""
    return _EYES.match(key) is not None
