"""A bundle folder that is whole and valid, with real text pieces and placeholders for networks; and an assistant on it."""

import io
from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path

import numpy as np
import sentencepiece

from parley_models.assistant import Assistant
from parley_models.bundle import Bundle, write_manifest
from parley_models.interleave import Segment, interleave
from parley_models.manifest import Manifest, VoiceEntry
from parley_models.parts import Brain, Ears, Voice
from parley_models.prompt import ChatTemplate
from parley_models.style import Control, Level
from parley_models.text_tokenizer import TextTokenizer
from parley_models.tokens import SpeechTokens, TokenLayout
from parley_models.workshop import AT_ONCE
from tests.fakes.parts import LoudnessEars, ScriptedBrain, ToneVoice

PIECES = 300
LAYOUT = TokenLayout(vocab_size=PIECES + 5120, audio_offset=PIECES, bos=1, bot=4, eot=3, stops=(3, 2), audio_start=5, audio_end=6)
MANIFEST = Manifest(
    name="thimble",
    title="Thimble",
    version="1",
    licence="Apache-2.0",
    tokens=LAYOUT,
    ears={},
    voice={},
    voices=(VoiceEntry("slt", "voices.json", median_f0_hz=200.0, syllables_per_s=4.0),),
    chat=ChatTemplate(default_system="You are Parley."),
    controls=(
        Control("emotion", "discrete", (Level("neutral"), Level("happy", "Speak happily."))),
        Control("rate", "continuous", minimum=0.5, maximum=2.0, default=1.0),
        Control("pitch", "continuous", minimum=-6, maximum=6, default=0.0),
    ),
    roles=("pirate",),
    recites=("*",),
)


def train_pieces() -> bytes:
    """A small SentencePiece model."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(
            ["The capital of France is Paris.", "human assistant You are Parley.", "What is the capital of Japan?"] * 20
        ),
        model_writer=model,
        model_type="bpe",
        vocab_size=PIECES,
        byte_fallback=True,
        normalization_rule_name="identity",
        user_defined_symbols=["<|EOT|>", "<|BOT|>", "<audio_start>", "<audio_end>"],
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return model.getvalue()


def thimble_folder(folder: Path) -> Path:
    """Fill a folder with the bundle."""
    folder.mkdir(parents=True)
    (folder / "text.model").write_bytes(train_pieces())
    (folder / "voices.json").write_text("{}")
    write_manifest(folder, MANIFEST)
    return folder


def answer_ids(folder: Path, text: str, groups: int) -> list[int]:
    """An answer as the model would give it: interleaved 10:15, with markers and the end."""
    pieces = TextTokenizer(folder / "text.model").encode(text)
    speech = SpeechTokens(np.arange(groups * 5, dtype=np.uint16).reshape(groups, 5) % 900)
    return interleave([Segment(tuple(pieces), speech)], LAYOUT)


class WritingBrain(ScriptedBrain):
    """Writes a word behind every block that it hears, and takes a question for whole when it ends with silence."""

    def __init__(self, folder: Path, answer: Sequence[int], word: str = "word") -> None:
        super().__init__(lambda _number, _seed: answer)
        self._word = TextTokenizer(folder / "text.model").encode(word)

    def hear(self, ids: Sequence[int], *, last: bool = False) -> Sequence[int]:
        if not ids:
            return ids
        self.question_complete = 0.99 if ids[-LAYOUT.group_size] == LAYOUT.audio_offset else 0.05
        written = [*ids, *self._word]
        self.read(written)
        return written


NOON = datetime(2026, 5, 3, 12, 0)  # noqa: DTZ001 - what a clock on the wall shows


def thimble(
    folder: Path,
    brain: Brain,
    ears: Ears | None = None,
    voice: Voice | None = None,
    twins: Sequence[Brain] = (),
    workshop: Executor = AT_ONCE,
) -> Assistant:
    """An assistant on the bundle in a folder, at noon; it hears in as many views as it has brains."""
    bundle, tokenizer = Bundle.open(folder), TextTokenizer(folder / "text.model")
    return Assistant(bundle, tokenizer, ears or LoudnessEars(1 + len(twins)), brain, voice or ToneVoice(), lambda: NOON, twins, workshop)


def scripted(folder: Path, text: str = "The capital of France is Paris.", groups: int = 12) -> ScriptedBrain:
    """A brain that always gives the same answer."""
    ids = answer_ids(folder, text, groups)
    return ScriptedBrain(lambda _number, _seed: ids)
