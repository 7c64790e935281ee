"""Both kinds of vocoder against a reference folder: the imported ONNX files through the code that speaks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from parley_models.hub.comparison import Golden, Numbers, Row, same
from parley_models.hub.reference_ears import RESAMPLED
from parley_models.hub.speaker_source import SpeakerSource
from parley_models.networks.flow import Flow
from parley_models.networks.hift import Hift
from parley_models.onnx_session import Array, OnnxSession
from parley_models.pcm import AudioChunk, Samples
from parley_models.tokenizers.config import RATE_HZ
from parley_models.tokenizers.resample import resample
from parley_models.tokens import SpeechTokens
from parley_models.vocoders.chunked import ChunkedFlowHift, ChunkedStream, Noise, RememberingFlow, grouped, paired
from parley_models.vocoders.flow_matching import states, times, told_and_untold
from parley_models.vocoders.overlapped import OverlappedFlowHift, spread
from parley_models.vocoders.speaker import speaker_fbank
from parley_models.vocoders.voices import SpeakerVoice

MEL, VECTOR, MU, FLOW, F0, WAVE, SPECTRUM = 3e-3, 1e-4, 1e-3, 1e-3, 1e-2, 1e-4, 1e-4
SOURCE = 2e-3
"""An excitation that is computed anew: upstream's float32 phases reach thousands of radians (measured: 2e-4)."""

CHAIN = 2e-3
"""A waveform with such an excitation (measured: 4e-4)."""


def prompt_rows(golden: Golden, speakers: SpeakerSource, sound: AudioChunk) -> Iterator[Row]:
    """The voice that is made of the reference's prompt recording."""
    rate_hz = speakers.config.rate_hz
    (wave,) = golden.keys("prompt/wav")
    lowered = speakers.lowered(sound)
    yield golden.close(wave, resample(lowered.samples, lowered.rate_hz, rate_hz)[None], RESAMPLED)
    # of the stored sound: near the floor the logarithm makes 0.003 of a resampler's last bit
    yield golden.close("prompt/mel", speakers.mel(AudioChunk(golden[wave][0], rate_hz))[None], MEL)
    voice = speakers.voice(sound)
    if "prompt/campplus_fbank" in golden:
        yield golden.close("prompt/campplus_fbank", speaker_fbank(resample(lowered.samples, lowered.rate_hz, RATE_HZ)), MEL)
    yield golden.close("prompt/xvector", voice.speaker, VECTOR)
    if "prompt_token" in golden:
        yield golden.same("prompt_token", voice.prompt_tokens[None])


@dataclass(frozen=True, slots=True)
class WholeVoiceReference:
    """CosyVoice-1's kind and `vocoder.npz`; the networks only for what lies inside the ONNX files."""

    vocoder: OverlappedFlowHift
    flow: Flow
    hift: Hift
    golden: Golden

    def rows(self) -> Iterator[Row]:
        """Every key besides the prompt's."""
        for case in [group for group in self.golden.groups() if group.startswith("flow_")]:
            yield from self._flow(case)
        yield from self._hift()
        yield from self.golden.forgotten()

    def _flow(self, case: str) -> Iterator[Row]:
        golden, config, vocoder = self.golden, self.vocoder.config, self.vocoder
        prompt, token = (golden[f"{case}/{name}"][0].astype(np.int64) for name in ("prompt_token", "token"))
        heard = int(golden[f"{case}/prompt_mel_frames"])
        voice = SpeakerVoice(golden["prompt/xvector"], golden["prompt/mel"][0, :heard], prompt)
        made = golden[f"{case}/mel"].shape[2]
        yield same(f"{golden.name}: {case}, frames", int(len(token) / config.tokens_per_s * config.rate_hz / config.hop), made)
        tokens = np.concatenate([prompt, token])[None]
        with torch.inference_mode():
            inner = self.flow.encoder(self.flow.input_embedding(torch.from_numpy(tokens)))
        yield golden.close(f"{case}/encoder_out", inner.numpy(), MU)
        places = np.concatenate([spread(len(prompt), heard), spread(len(token), made) + np.float32(len(prompt))])[None]
        mu, speaker = vocoder.encoder.run({"tokens": tokens, "positions": places, "speaker": voice.speaker})
        yield golden.close(f"{case}/mu", mu, MU)
        yield golden.close(f"{case}/spks", speaker, MU)
        yield golden.close(f"{case}/t", np.array(times(config.euler_steps)[:-1]), 1e-6)
        noise = golden[f"{case}/z"]
        mel = vocoder.mel(token, spread(len(token), made), voice, noise)
        yield golden.close(f"{case}/mel", mel, FLOW)
        if f"{case}/mel_bf16_run" in golden:
            far = float(np.abs(mel - golden[f"{case}/mel_bf16_run"]).max())
            yield golden.told(f"{case}/mel_bf16_run", far, "for scale: full precision against bfloat16")
        if f"{case}/step0_velocity" in golden:
            yield from self._steps(case, noise, mu, speaker, voice.prompt_mel)

    def _steps(self, case: str, noise: Samples, mu: Samples, speaker: Samples, prompt_mel: Samples) -> Iterator[Row]:
        golden, config = self.golden, self.vocoder.config
        cond = np.zeros_like(mu)
        cond[0, :, : len(prompt_mel)] = prompt_mel.T
        feeds: dict[str, Array] = told_and_untold(mu=mu, speaker=speaker, cond=cond)
        (velocity,) = self.vocoder.estimator.run({"x": np.concatenate([noise, noise]), "time": np.zeros(2, np.float32), **feeds})
        yield golden.close(f"{case}/step0_velocity", velocity, MU)
        between = list(states(self.vocoder.estimator, noise, mu, speaker, cond, config.euler_steps, config.guidance))
        for key in golden.keys(f"{case}/x_step"):
            yield golden.close(key, between[int(key.rpartition("step")[2]) - 1], FLOW)

    def _hift(self) -> Iterator[Row]:
        golden = self.golden
        for group, mel in (("hift", "hift/mel"), ("chain", "flow_short/mel")):
            given, source = golden[mel], golden[f"{group}/s"]
            (f0,) = self.vocoder.f0.run({"mel": given})
            yield golden.close(f"{group}/f0", f0, F0)
            yield golden.close(f"{group}/wav", sound_from(self.vocoder.hift, given, f0, source, self.vocoder.config.harmonics), WAVE)
        with torch.inference_mode():
            magnitude, phase = self.hift.spectrum(torch.from_numpy(golden["hift/mel"]), torch.from_numpy(golden["hift/s"]))
            shown = golden["hift/magnitude"].shape[2]
            yield golden.close("hift/magnitude", magnitude[:, :, :shown].numpy(), SPECTRUM)
            yield golden.close("hift/phase", phase[:, :, :shown].numpy(), SPECTRUM)
            phases = torch.from_numpy(golden["hift/phase_vec"].copy())
            phases[:, 0] = 0  # upstream draws one for the fundamental and puts it to zero
            pitch = torch.from_numpy(golden["hift/f0"])
            silent = torch.zeros(1, self.hift.config.harmonics + 1, self.hift.config.frame * pitch.shape[1])
            yield golden.close("hift/s_no_noise", self.hift.m_source(pitch, silent, phases)[0].numpy(), SOURCE)


def sound_from(hift: OnnxSession, mel: Samples, f0: Samples, source: Samples, harmonics: int) -> Numbers:
    """Samples (1, n) of a mel with exactly this excitation."""
    feeds: dict[str, Array] = {
        "mel": mel, "f0": f0, "noise": np.zeros((1, harmonics + 1, source.shape[2]), np.float32), "carried": source,
        "cycles": np.zeros((1, 1)),
    }  # fmt: skip
    (sound,) = hift.run({name: value for name, value in feeds.items() if name in hift.inputs}, ("sound",))
    return sound


class ListeningHift(OnnxSession):
    """HiFT's session, which also remembers what went in and out."""

    def __init__(self, hift: OnnxSession) -> None:
        """Listen to an open one."""
        self._hift = hift
        self.runs: list[tuple[Numbers, Numbers]] = []

    @property
    def inputs(self) -> dict[str, tuple[int | str | None, ...]]:
        """As of the other."""
        return self._hift.inputs

    def run(self, feeds: Mapping[str, Array], outputs: tuple[str, ...] | None = None) -> list[Array]:
        """As the other."""
        sound, source = self._hift.run(feeds, ("sound", "source"))
        self.runs.append((feeds["mel"], source))
        return [sound, source] if outputs is None else [{"sound": sound, "source": source}[name] for name in outputs]


@dataclass(frozen=True, slots=True)
class ChunkedVoiceReference:
    """stepvocoder's kind and `stepvocoder.npz`."""

    vocoder: ChunkedFlowHift
    golden: Golden

    def rows(self) -> Iterator[Row]:
        """Every key besides the prompt's."""
        golden = self.golden
        yield golden.same("reshaped_token", paired(grouped(golden["token"].reshape(-1))))
        yield golden.same("reshape_tail", paired(grouped(golden["reshape_tail_input"].reshape(-1))))
        silence = self.vocoder.config.hop
        noise = Noise(
            lambda start, stop: golden["rand_noise"][:, :, start:stop],
            lambda start, stop: np.zeros((1, self.vocoder.config.harmonics + 1, (stop - start) * silence), np.float32),
        )
        voice = SpeakerVoice(golden["prompt/xvector"], golden["prompt/mel"][0], golden["prompt_token"].reshape(-1).astype(np.int64))
        yield from self._whole(voice, noise)
        yield from self._stream(voice, noise)
        yield from golden.forgotten()

    def _whole(self, voice: SpeakerVoice, noise: Noise) -> Iterator[Row]:
        golden, vocoder = self.golden, self.vocoder
        groups = speech(golden["nonstream/token"])
        looking = RememberingFlow(vocoder, voice, noise)
        mu, speaker = looking.mu(np.concatenate([looking.prompt, paired(groups.codes)]), last=True)
        yield golden.close("nonstream/mu", mu, MU)
        yield golden.close("nonstream/spks", speaker, MU)
        yield golden.close("nonstream/prompt_cond", looking.prompt_mel, MEL)
        hift = ListeningHift(vocoder.hift)
        sound = replace(vocoder, hift=hift).whole(groups, voice, noise)
        mel, source = hift.runs[0]
        yield golden.close("nonstream/mel", mel, FLOW)
        (f0,) = vocoder.f0.run({"mel": golden["nonstream/mel"]})
        yield golden.close("nonstream/f0", f0, F0)
        yield golden.close("nonstream/s", source, SOURCE)
        yield golden.close("nonstream/wav", sound.samples[None], CHAIN, "flow and HiFT in one go")
        exact = sound_from(vocoder.hift, golden["nonstream/mel"], f0, golden["nonstream/s"], vocoder.config.harmonics)
        yield golden.close("nonstream/wav", exact, WAVE, "HiFT with the stored excitation")

    def _stream(self, voice: SpeakerVoice, noise: Noise) -> Iterator[Row]:
        golden, hift = self.golden, ListeningHift(self.vocoder.hift)
        stream = ChunkedStream(replace(self.vocoder, hift=hift), voice, noise)
        codes, calls, chunks = speech(golden["token"]).codes, [], []
        for number in range(len(codes) + 1):
            came = stream.feed(SpeechTokens(codes[number : number + 1])) if number < len(codes) else stream.finish()
            calls += [number] * len(came)
            chunks += came
        yield golden.same("stream/call_index", calls)
        yield golden.same("stream/n_chunks", len(chunks))
        for number, (chunk, (mel, source)) in enumerate(zip(chunks, hift.runs, strict=True)):
            fresh = golden[f"stream/mel_{number}"].shape[2] if f"stream/mel_{number}" in golden else mel.shape[2]
            yield golden.close(f"stream/mel_{number}", mel[:, :, mel.shape[2] - fresh :], FLOW)
            yield golden.close(f"stream/s_{number}", source, SOURCE)
            yield golden.close(f"stream/wav_{number}", chunk.samples[None], CHAIN)


def speech(flat_tokens: Numbers) -> SpeechTokens:
    """Flat tokens as groups."""
    return SpeechTokens(grouped(flat_tokens.reshape(-1).astype(np.int64)).astype(np.uint16))
