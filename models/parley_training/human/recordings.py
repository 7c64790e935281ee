"""People's recordings with their texts; the examination asks the same ones, so it is `parley_models.evaluation` that reads them."""

from parley_models.evaluation.people import DIGITS, HELD_OUT_DIGITS, HELD_OUT_TENTHS, Recording, recordings

__all__ = ["DIGITS", "HELD_OUT_DIGITS", "HELD_OUT_TENTHS", "Recording", "recordings"]
