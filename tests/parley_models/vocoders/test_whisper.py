import numpy as np

from parley_models.vocoders.flow_hift import SILENCE
from parley_models.vocoders.mel import MelConfig, centres_hz
from parley_models.vocoders.whisper import whispered

CONFIG = MelConfig()


def test_a_whisper_lacks_low_tones_and_keeps_its_hisses() -> None:
    mel = np.full((1, CONFIG.mels, 3), -4.0, np.float32)
    lowered_db = (whispered(mel, CONFIG) - mel)[0, :, 0] * 20 / np.log(10)
    hz = centres_hz(CONFIG)

    assert (np.diff(hz) > 0).all()
    assert lowered_db[hz < 100].max() < -14
    assert np.abs(lowered_db[(hz > 480) & (hz < 520)] + 8).max() < 0.5
    assert (lowered_db[hz > 1500] == 0).all()


def test_silence_stays_silence() -> None:
    mel = np.full((1, CONFIG.mels, 3), SILENCE)

    np.testing.assert_array_equal(whispered(mel, CONFIG), mel)
