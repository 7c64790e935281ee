"""Voices of other languages say English, and what they can't say is not learned."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from parley_training.corpus import speakers, speech
from parley_training.corpus.foreign import FOREIGN_VOICES
from parley_training.corpus.phones import FOREIGN, NUMBER, PHONES, SILENCE, label
from parley_training.linguistic.features import UNTRAINED, targets

VOICES = Path("/usr/share/festival/voices")


@pytest.mark.parametrize("name", sorted(FOREIGN_VOICES))
def test_every_phone_of_english_has_a_sound_and_most_are_its_own(name: str) -> None:
    voice = FOREIGN_VOICES[name]
    assert set(voice.sounds) == set(PHONES) - {SILENCE}
    assert 0.6 < np.mean([not voice.lacks(phone) for phone in voice.sounds]) < 1.0


def test_a_sound_that_a_voice_lacks_is_not_learned() -> None:
    utterance = speech.Utterance(np.zeros(1920, np.float32), [(0.0, "z"), (0.04, "!th"), (0.08, "iy")])
    labels = utterance.labels()
    assert list(labels) == [NUMBER["z"]] * 2 + [FOREIGN + NUMBER["th"]] * 2 + [NUMBER["iy"]] * 2
    assert label("!th") % FOREIGN == label("th"), "where words begin is still told"
    learned = targets(labels, 3).flatten()[1:7]
    assert list(learned) == [NUMBER["z"]] * 2 + [UNTRAINED] * 2 + [NUMBER["iy"]] * 2


def test_rare_voices_are_asked_for_by_name_and_are_no_test_voices() -> None:
    rng = random.Random(0)
    usual, british, foreign = (
        {draw(rng).voice for _ in range(3000)} for draw in (speakers.ASKING[name] for name in ("usual", "british", "foreign"))
    )
    assert foreign == set(FOREIGN_VOICES)
    assert british == {"rab_diphone", "don_diphone"}
    assert not usual & (british | foreign), "shards of before would be others when they are made again"
    assert not (british | foreign) & {"kal_diphone", *speakers.TEST_FLITE}


@pytest.mark.parametrize("name", sorted(FOREIGN_VOICES))
def test_the_labels_of_a_borrowed_utterance_keep_time(name: str, hissing: Callable[[speech.Speaker], float]) -> None:
    if not (VOICES / FOREIGN_VOICES[name].diphones).exists():
        pytest.skip(f"festival's {name} is not installed")
    assert hissing(speech.Speaker("festival", name)) > 1.5
