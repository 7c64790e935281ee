from dataclasses import replace

import pytest
import torch
from torch import Tensor

from parley_models.networks.sanm import SanmConfig, SanmEncoder

SMALL = SanmConfig(width=24, layers=3, heads=3, ffn=40, input_size=28)


@pytest.fixture(scope="module")
def encoder() -> SanmEncoder:
    torch.manual_seed(3)
    return SanmEncoder(SMALL).eval()


@pytest.fixture(scope="module")
def patient(encoder: SanmEncoder) -> SanmEncoder:
    """The same weights, looking three frames ahead."""
    other = SanmEncoder(replace(SMALL, lookahead=3)).eval()
    other.load_state_dict(encoder.state_dict())
    return other


def in_steps(encoder: SanmEncoder, features: Tensor) -> Tensor:
    caches, heard = encoder.start(), []
    for chunk in features.split(encoder.config.chunk, dim=1):
        encoded, caches = encoder.step(chunk, caches)
        heard.append(encoded)
    return torch.cat(heard, dim=1)


@pytest.mark.parametrize("frames", [4, 16, 20, 64])
def test_all_at_once_equals_step_by_step(encoder: SanmEncoder, frames: int) -> None:
    features = torch.randn(3, frames, SMALL.input_size)
    with torch.inference_mode():
        at_once = encoder(features)
        for stream in range(3):
            torch.testing.assert_close(at_once[stream : stream + 1], in_steps(encoder, features[stream : stream + 1]), rtol=0, atol=1e-5)


def test_an_emitted_frame_never_sees_what_comes_later(encoder: SanmEncoder) -> None:
    features = torch.randn(1, 32, SMALL.input_size)
    changed = features.clone()
    changed[:, 20:] = torch.randn(1, 12, SMALL.input_size)
    with torch.inference_mode():
        before, after = encoder(features), encoder(changed)

    torch.testing.assert_close(before[:, :20], after[:, :20], rtol=0, atol=1e-6)
    assert not torch.allclose(before[:, 20:], after[:, 20:], atol=1e-2)


@pytest.mark.parametrize("frames", [4, 20])
def test_looking_ahead_all_at_once_equals_step_by_step(patient: SanmEncoder, frames: int) -> None:
    features = torch.randn(1, frames, SMALL.input_size)
    with torch.inference_mode():
        at_once, streamed = patient(features), in_steps(patient, features)
    assert at_once.shape == (1, frames, SMALL.width)
    torch.testing.assert_close(at_once, streamed, rtol=0, atol=1e-5)


def test_looking_ahead_a_frame_hears_what_follows_it_and_nothing_later(patient: SanmEncoder) -> None:
    features = torch.randn(1, 32, SMALL.input_size)
    with torch.inference_mode():
        before = patient(features)
        changed = features.clone()
        changed[:, 20:] = torch.randn(1, 12, SMALL.input_size)
        after = patient(changed)
    torch.testing.assert_close(before[:, :20], after[:, :20], rtol=0, atol=1e-6)
    assert not torch.allclose(before[:, 20], after[:, 20], atol=1e-2)  # of frame 17, whose future was changed


def test_a_frame_that_is_emitted_later_is_of_the_same_moment() -> None:
    one_layer = replace(SMALL, layers=1, lookahead=3)
    model = SanmEncoder(one_layer).eval()
    features = torch.randn(1, 40, SMALL.input_size, requires_grad=True)
    model(features)[:, 36].sum().backward()
    assert features.grad is not None
    strength = features.grad.abs().sum(dim=(0, 2))
    assert strength.argmax() == 33
    assert strength[39] > 0


def test_one_layer_remembers_four_chunks() -> None:
    one_layer = SanmEncoder(SanmConfig(width=24, layers=1, heads=3, ffn=40, input_size=28)).eval()
    features = torch.randn(1, 40, SMALL.input_size, requires_grad=True)
    one_layer(features)[:, 36:].sum().backward()
    assert features.grad is not None
    seen = features.grad.abs().sum(dim=(0, 2)) > 0

    # 4 new frames, 5 of context, and keys of 16 frames older than those
    assert seen.nonzero().flatten().tolist() == list(range(15, 40))


def test_one_step_of_training_lowers_the_loss() -> None:
    torch.manual_seed(0)
    encoder = SanmEncoder(SMALL)
    features, wanted = torch.randn(2, 16, SMALL.input_size), torch.randn(2, 16, SMALL.width)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        with torch.autocast("cpu", torch.bfloat16):
            loss = (encoder(features).float() - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert losses[0] > losses[1] > losses[2]
    assert all(parameter.grad is not None for parameter in encoder.parameters())
