"""Who asks: training speakers drawn at random, and the test speakers that must never be among them (CURRICULUM)."""

import random
from collections.abc import Callable, Mapping

from parley_training.corpus.british import BRITISH
from parley_training.corpus.foreign import FOREIGN_VOICES
from parley_training.corpus.speech import Speaker

ACCENTS = ("gmw/en-US", "gmw/en", "gmw/en-GB-scotland", "gmw/en-GB-x-gbclan", "gmw/en-GB-x-rp", "gmw/en-GB-x-gbcwmd", "gmw/en-029")
TEST_VARIANTS = ("Andy", "linda", "john", "shelby", "Michael")
TEST_FLITE = ("awb", "awb_time", "kal", "kal16")
TRAINING_VARIANTS = (
    "", "Alex", "Alicia", "Andrea", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Mike",
    "Nguyen", "adam", "anika", "announcer", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "ed", "edward", "edward2",
    "f1", "f2", "f3", "f4", "f5", "grandma", "grandpa", "gustave", "iven", "iven2", "iven3", "kaukovalta", "klatt", "klatt2", "klatt3", "klatt4",
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob",
    "robert", "sandro", "steph", "steph2", "steph3", "travis", "victor", "zac", "whisper",
)  # fmt: skip
FLITE_SHARE, FESTIVAL_SHARE = 0.35, 0.3
"""Human-derived voices: ears trained on formant synthesis alone are deaf to the others."""


def draw(rng: random.Random) -> Speaker:
    """One speaker for one utterance."""
    engine = rng.random()
    if engine < FESTIVAL_SHARE:
        voice = rng.choice(("ked_diphone", "ked_diphone", "cmu_us_slt_arctic_hts"))
        size = rng.uniform(0.88, 1.35) if voice == "ked_diphone" else rng.uniform(0.78, 1.12)
        return Speaker("festival", voice, tempo=rng.uniform(0.85, 1.45), size=size)
    if engine < FESTIVAL_SHARE + FLITE_SHARE:
        voice = rng.choice(("slt", "rms"))
        size = rng.uniform(0.78, 1.12) if voice == "slt" else rng.uniform(0.92, 1.35)
        return Speaker("flite", voice, tempo=rng.uniform(0.85, 1.45), size=size)
    variant = rng.choice(TRAINING_VARIANTS)
    return Speaker(
        "espeak",
        rng.choice(ACCENTS) + (f"+{variant}" if variant else ""),
        tempo=rng.uniform(0.8, 1.5),
        pitch=rng.randint(15, 85),
        pitch_range=rng.randint(20, 90),
        size=rng.uniform(0.85, 1.2),
    )


def draw_british(rng: random.Random) -> Speaker:
    """One of Festival's British voices, which few machines have (`british.py`)."""
    return Speaker("festival", rng.choice(BRITISH), tempo=rng.uniform(0.85, 1.45), size=rng.uniform(0.9, 1.35))


def draw_foreign(rng: random.Random) -> Speaker:
    """One of Festival's voices of other languages (`foreign.py`)."""
    voice = rng.choice(sorted(FOREIGN_VOICES))
    return Speaker("festival", voice, tempo=rng.uniform(0.9, 1.4), pitch=rng.randint(0, 99), size=rng.uniform(0.88, 1.2))


ASKING: Mapping[str, Callable[[random.Random], Speaker]] = {"usual": draw, "british": draw_british, "foreign": draw_foreign}
"""Who may ask in a shard for training."""


def draw_test(rng: random.Random) -> Speaker:
    """One of the test voices, for measuring only."""
    if rng.random() < 0.5:
        return Speaker("flite", rng.choice(TEST_FLITE))
    return Speaker("espeak", f"{rng.choice(ACCENTS)}+{rng.choice(TEST_VARIANTS)}", tempo=rng.uniform(0.9, 1.1))
