"""Sound that is made beside the model: the same, sooner, and an error is told."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from parley_models.answer import AnswerEvent, SoundPiece, TextPiece
from parley_models.errors import EngineError
from parley_models.pcm import AudioChunk
from parley_models.prosody import Prosody
from parley_models.style import Style
from parley_models.tokens import SpeechTokens
from parley_models.workshop import AT_ONCE, Beside
from tests.fakes.parts import ToneSpeaking, ToneVoice
from tests.fakes.thimble import scripted, thimble, thimble_folder

FIRST_BLOCK = 25
"""Ids, at most, after which the voice gets its first groups."""


class WatchedSpeaking(ToneSpeaking):
    at_work: Callable[[], None]

    def feed(self, groups: SpeechTokens) -> Sequence[AudioChunk]:
        self.at_work()
        return super().feed(groups)


@dataclass
class WatchedVoice(ToneVoice):
    """Something happens while it works."""

    at_work: Callable[[], None]

    def stream(self, voice: str, prosody: Prosody, seed: int) -> ToneSpeaking:
        speaking = WatchedSpeaking(200.0, prosody.rate)
        speaking.at_work = self.at_work
        return speaking


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return thimble_folder(tmp_path_factory.mktemp("bundles") / "thimble")


def parts_of(events: Sequence[AnswerEvent]) -> tuple[str, np.ndarray, list[float]]:
    sounds = [event.sound for event in events if isinstance(event, SoundPiece)]
    text = "".join(event.text for event in events if isinstance(event, TextPiece))
    return text, np.concatenate([sound.samples for sound in sounds]), [sound.start_s for sound in sounds]


def test_it_is_the_same_sound_and_abuts(folder: Path) -> None:
    text, sound, _ = parts_of(list(thimble(folder, scripted(folder, groups=40)).ask(text="Where?", style=Style(rate=1.25))))
    answer = list(thimble(folder, scripted(folder, groups=40), workshop=Beside()).ask(text="Where?", style=Style(rate=1.25)))
    beside_text, beside_sound, starts = parts_of(answer)
    assert beside_text == text
    assert np.array_equal(beside_sound, sound)
    assert starts == sorted(starts)


def test_the_model_thinks_on_while_the_voice_works(folder: Path) -> None:
    brain = scripted(folder, groups=40)
    thought_on = threading.Event()
    heard_after = list[int]()

    def at_work() -> None:
        if not heard_after:
            assert thought_on.wait(timeout=10)
        heard_after.append(brain.decoded)

    decode = brain._give

    def told(ids: Sequence[int]) -> Iterator[int]:
        for token_id in decode(ids):
            if brain.decoded > FIRST_BLOCK + 5:
                thought_on.set()
            yield token_id

    brain._give = told  # type: ignore[method-assign]
    events = list(thimble(folder, brain, voice=WatchedVoice(at_work), workshop=Beside()).ask(text="Where?"))
    assert parts_of(events)[1].size
    assert heard_after[0] > FIRST_BLOCK + 5


@pytest.mark.parametrize("workshop", [AT_ONCE, Beside()], ids=["at once", "beside"])
def test_what_goes_wrong_in_the_voice_is_told_to_who_asks(folder: Path, workshop: Beside) -> None:
    def fail() -> None:
        raise EngineError("The voice is hoarse.")

    with pytest.raises(EngineError, match="hoarse"):
        list(thimble(folder, scripted(folder), voice=WatchedVoice(fail), workshop=workshop).ask(text="Where?"))


def test_pieces_of_work_never_overlap() -> None:
    workshop, inside, most = Beside(), list[int](), list[int]()

    def work(number: int) -> int:
        inside.append(number)
        most.append(len(inside))
        inside.remove(number)
        return number

    assert [made.result(timeout=10) for made in [workshop.submit(work, number) for number in range(20)]] == list(range(20))
    assert max(most) == 1
