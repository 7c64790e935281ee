"""Festival's British voices say the words of CMU's dictionary, and their labels are what they say."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from parley_training.corpus.british import BRITISH, PHONE_OF_MRPA, SETUP
from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.corpus.speech import Speaker

VOICES = Path("/usr/share/festival/voices/english")
CMU = Path("/usr/share/festival/dicts/cmu/cmudict-0.4.out")


def test_every_phone_that_they_say_is_one_of_ours_and_no_other_is_said_so() -> None:
    assert set(PHONE_OF_MRPA.values()) <= set(NUMBER) - {SILENCE}
    assert len(set(PHONE_OF_MRPA.values())) == len(PHONE_OF_MRPA)
    assert set(NUMBER) - set(PHONE_OF_MRPA.values()) - {SILENCE} == set(), "a phone that no British voice can say"


@pytest.mark.skipif(not shutil.which("festival") or not CMU.exists(), reason="festival and its American dictionary are not installed")
def test_words_are_looked_up_in_the_free_dictionary() -> None:
    """Needs none of the British voices: their phones come with Festival itself."""
    asked = "".join(f'(format t "%l\\n" (lex.lookup "{word}" nil))' for word in ("cheese", "girl", "hello", "blorft", "'s"))
    done = subprocess.run(
        ["festival", "--pipe"],
        input=f'(require \'mrpa_phones){SETUP}(setup_oald_lex)(lex.select "oald"){asked}',
        text=True,
        capture_output=True,
        check=True,
    )
    said = done.stdout.splitlines()
    assert [line.partition("(((")[2] for line in said[:3]] == ["ch ii z) 1)))", "g @@ l) 1)))", "h @) 0) ((l ou) 1)))"], done.stderr
    assert "b l oo f t" in said[3].replace("(", "").replace(")", "") or "r f t" in said[3], "a word that no dictionary has is spelled out"
    assert said[4] == '("\'s" pos (((@ z) 0)))'


@pytest.mark.parametrize("voice", BRITISH)
def test_labels_keep_time(voice: str, hissing: Callable[[Speaker], float]) -> None:
    if not (VOICES / voice).exists():
        pytest.skip(f"festival's {voice} is not installed")
    assert hissing(Speaker("festival", voice)) > 2
