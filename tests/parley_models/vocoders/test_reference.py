"""Upstream's arithmetic, number by number."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from parley_models.networks.flow import Flow, times_of_steps
from parley_models.networks.hift import Hift
from parley_models.onnx_session import OnnxSession
from parley_models.vocoders.mel import MelConfig, mel_spectrogram
from parley_models.vocoders.overlapped import spread
from parley_models.vocoders.speaker import speaker_fbank, speaker_vector

UPSTREAM_MEL = MelConfig(rate_hz=22_050, n_fft=1024, hop=256)
TOKENS_PER_S = 41.6
Golden = dict[str, torch.Tensor]


def close(ours: torch.Tensor, theirs: torch.Tensor, within: float) -> None:
    torch.testing.assert_close(ours, theirs.to(ours.dtype), rtol=0, atol=within)


def cases(golden: Golden) -> list[str]:
    return sorted({key.split("/")[0] for key in golden if key.startswith("flow_")})


@torch.inference_mode()
def test_flow_from_tokens_to_mel(golden: Golden, reference_flow: Flow) -> None:
    assert {"flow_short", "flow_noprompt"} <= set(cases(golden))
    for case in cases(golden):
        prompt, token = golden[f"{case}/prompt_token"], golden[f"{case}/token"]
        heard, said = int(golden[f"{case}/prompt_mel_frames"]), token.shape[1]
        tokens = torch.cat([prompt, token], dim=1)
        close(reference_flow.encoder(reference_flow.input_embedding(tokens)), golden[f"{case}/encoder_out"], 1e-3)

        positions = np.concatenate(
            [spread(prompt.shape[1], heard), spread(said, int(said / TOKENS_PER_S * 22_050 / 256)) + prompt.shape[1]]
        )
        mu = reference_flow.mu(tokens, torch.from_numpy(positions)[None])
        close(mu, golden[f"{case}/mu"], 1e-3)
        speaker = reference_flow.speaker(golden["prompt/xvector"])
        close(speaker, golden[f"{case}/spks"], 1e-5)

        cond = torch.zeros_like(mu)
        cond[:, :, :heard] = golden["prompt/mel"][:, :heard].transpose(1, 2)
        close(reference_flow.sample(golden[f"{case}/z"], mu, speaker, cond)[:, :, heard:], golden[f"{case}/mel"], 1e-3)
        np.testing.assert_allclose(times_of_steps(10)[:-1], golden[f"{case}/t"], atol=1e-6)


@torch.inference_mode()
def test_first_velocity_told_and_untold(golden: Golden, reference_flow: Flow) -> None:
    mu, spks, z = (golden[f"flow_short/{name}"] for name in ("mu", "spks", "z"))
    heard = int(golden["flow_short/prompt_mel_frames"])
    cond = torch.zeros_like(mu)
    cond[:, :, :heard] = golden["prompt/mel"][:, :heard].transpose(1, 2)
    told, untold = (
        reference_flow.velocity(z, share * mu, torch.zeros(1), share * spks, share * cond) for share in (torch.ones(1), torch.zeros(1))
    )

    close(torch.cat([told, untold]), golden["flow_short/step0_velocity"], 1e-3)


@torch.inference_mode()
@pytest.mark.parametrize(("group", "mel"), [("hift", "hift/mel"), ("chain", "flow_short/mel")])
def test_hift_from_mel_to_sound(golden: Golden, reference_hift: Hift, group: str, mel: str) -> None:
    close(reference_hift.f0(golden[mel]), golden[f"{group}/f0"], 1e-2)
    close(reference_hift(golden[mel], golden[f"{group}/s"]), golden[f"{group}/wav"], 1e-4)


@torch.inference_mode()
def test_what_hift_hands_to_the_inverse_transform(golden: Golden, reference_hift: Hift) -> None:
    magnitude, phase = reference_hift.spectrum(golden["hift/mel"], golden["hift/s"])

    close(magnitude[:, :, :64], golden["hift/magnitude"], 1e-4)
    close(phase[:, :, :64], golden["hift/phase"], 1e-4)


@torch.inference_mode()
def test_excitation_without_noise(golden: Golden, reference_hift: Hift) -> None:
    f0 = golden["hift/f0"]
    phase = golden["hift/phase_vec"].clone()
    phase[:, 0] = 0  # upstream draws a phase for the fundamental and then puts it to zero
    source, _ = reference_hift.m_source(f0, torch.zeros(1, 9, 256 * f0.shape[1]), phase)

    close(source, golden["hift/s_no_noise"], 1e-4)


def test_prompt_mel(golden: Golden) -> None:
    sound = golden["prompt/wav22"][0].numpy()
    ours = mel_spectrogram(sound, UPSTREAM_MEL)
    sure = min(len(ours), golden["prompt/mel"].shape[1]) - 2  # the last frames reflect the end, which the compact part cuts

    np.testing.assert_allclose(ours[:sure], golden["prompt/mel"][0, :sure], atol=3e-3)


def test_speaker_fbank_and_vector(reference: Path, golden: Golden) -> None:
    sound, _ = soundfile.read(reference / "audio" / "tingting.wav", dtype="float32")
    ours = speaker_fbank(sound)
    rows = golden["prompt/campplus_fbank"]
    np.testing.assert_allclose(ours[: len(rows)], rows, atol=3e-3)

    network = reference / "CosyVoice-300M-25Hz-mini" / "campplus.onnx"
    if network.exists():  # the compact part leaves it out
        np.testing.assert_allclose(speaker_vector(sound, OnnxSession(network)), golden["prompt/xvector"], atol=1e-4)
