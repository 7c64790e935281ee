"""The spoken corpus: phones keep time, test voices stay out of training, a killed recipe goes on."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from parley_training.corpus import augment, speakers, speech
from parley_training.corpus.phones import from_espeak
from parley_training.corpus.shard import Shard, shards

SYNTHESIZERS = shutil.which("flite") and shutil.which("espeak-ng")
needs_synthesizers = pytest.mark.skipif(not SYNTHESIZERS, reason="flite and espeak-ng are not installed")


@needs_synthesizers
@pytest.mark.parametrize("speaker", [speech.Speaker("flite", "slt", size=1.2), speech.Speaker("espeak", "gmw/en-US+f2", tempo=1.3)])
def test_phones_keep_time(speaker: speech.Speaker, hissing: Callable[[speech.Speaker], float]) -> None:
    assert hissing(speaker) > 2


def test_test_voices_are_never_drawn_for_training() -> None:
    rng = random.Random(0)
    drawn = {speakers.draw(rng).voice for _ in range(20_000)}
    assert not {voice for voice in drawn if voice in speakers.TEST_FLITE or voice.rpartition("+")[2] in speakers.TEST_VARIANTS}
    assert len(drawn) > 400


def test_every_mnemonic_of_english_is_a_phone() -> None:
    assert from_espeak("3", rhotic=True) == ("er",)
    assert from_espeak("A@", rhotic=True) == ("aa", "r")
    assert from_espeak("_:", rhotic=False) == ("pau",)
    assert from_espeak("!!", rhotic=False) is None


def test_a_microphone_never_moves_speech() -> None:
    click = np.zeros(16_000, np.float32)
    click[8_000:8_100] = 1.0
    for seed in range(20):
        heard = augment.heard(click, np.random.default_rng(seed))
        assert len(heard) == len(click)
        energy = heard.reshape(-1, 160).astype(np.float64).var(axis=1)
        assert int(energy.argmax()) in (49, 50)


@needs_synthesizers
def test_a_killed_corpus_goes_on_and_keeps_what_was_done(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "parley_training.corpus.recipe", "--out", str(tmp_path)]
    command += ["--shards", "3", "--test-shards", "1", "--utterances", "4", "--answers", "3", "--readings", "2", "--workers", "1"]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    first = tmp_path / "questions" / "shard_0000"
    while not first.exists() and run.poll() is None:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)  # its workers too
    run.wait()
    before = (first / "heard.npy").stat().st_mtime_ns

    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    assert (first / "heard.npy").stat().st_mtime_ns == before
    assert [len(shard) for shard in shards(tmp_path / "questions")] == [4, 4, 4]
    shard = Shard.open(tmp_path / "test" / "shard_0000")
    assert all(line["speaker"].split(":")[1].rpartition("+")[2] in (*speakers.TEST_FLITE, *speakers.TEST_VARIANTS) for line in shard.lines)
    assert np.load(tmp_path / "answers" / "index.npy").shape[1] == 2
