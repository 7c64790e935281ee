"""Tensors that an import leaves out: AQAA's eyes, 9.4 GB that no answer in sound needs, and whatever nobody here has heard of.

The public checkpoints' keys were reckoned, not read: one more of them is no reason to refuse all others. What an answer does need is held
against the config by name, shape and type, and missed if it is not there.
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

logger = logging.getLogger(__name__)

_EYES = re.compile(r"(vision_model|vit_downsampler2?|vit_large_projector|sam_model|vision_tower)\.")
"""By their names in mmgpt_step1_v2."""


def belongs_to_eyes(key: str) -> bool:
    """Whether a tensor is part of the vision tower or of what leads from it to the backbone."""
    return _EYES.match(key) is not None


def tell_left_out(path: Path, keys: Sequence[str]) -> None:
    """Warn, in one sentence, of the tensors in a file or folder that no network here has a place for; nothing is said if there are none."""
    if keys:
        more = f" and {len(keys) - 1} more" if keys[1:] else ""
        logger.warning("%s holds %s%s, which no network here has a place for: left out.", path, keys[0][:200], more)
