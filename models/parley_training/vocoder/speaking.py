"""A whole answer at once, where nobody waits for its first sound."""

from parley_models.answer import joined
from parley_models.parts import Voice
from parley_models.pcm import AudioChunk
from parley_models.prosody import PLAIN, Prosody
from parley_models.tokens import Codes, SpeechTokens


def spoken(vocoder: Voice, voice: str, codes: Codes, prosody: Prosody = PLAIN) -> AudioChunk:
    """What a voice makes of an answer's codes (groups, 5), at the vocoder's rate; always the same sound."""
    stream = vocoder.stream(voice, prosody, seed=0)
    return joined([*stream.feed(SpeechTokens(codes)), *stream.finish()], vocoder.rate_hz)
