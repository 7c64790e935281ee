import torch
import torch.nn.functional as F

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni

TINY = BackboneConfig(
    hidden_size=32, intermediate_size=64, num_attention_heads=4, num_attention_groups=2, num_hidden_layers=2, vocab_size=50
)


def test_keys_are_upstreams() -> None:
    keys = set(StepOmni(TINY).state_dict())
    layer = {
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "mlp.gate_proj",
        "mlp.up_proj",
        "mlp.down_proj",
    }
    layer |= {"input_layernorm", "post_attention_layernorm"}
    layers = {f"model.layers.{at}.{name}.weight" for at in range(2) for name in layer}
    assert keys == layers | {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"}


def test_a_saved_state_loads_into_another_model() -> None:
    one, two = StepOmni(TINY), StepOmni(TINY)
    ids = torch.randint(0, 50, (2, 9))
    assert not torch.equal(one(ids), two(ids))
    two.load_state_dict(one.state_dict())
    assert torch.equal(one(ids), two(ids))


def test_what_lies_ahead_changes_nothing() -> None:
    model = StepOmni(TINY)
    ids = torch.randint(0, 50, (1, 12))
    padded = ids.clone()
    padded[0, 8:] = 0
    assert torch.allclose(model(ids)[0, :8], model(padded)[0, :8], atol=1e-6)
    assert not torch.allclose(model(ids)[0, 8:], model(padded)[0, 8:], atol=1e-3)


def test_it_learns_a_sentence_in_bfloat16() -> None:
    torch.manual_seed(0)
    model = StepOmni(TINY)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    ids = torch.randint(0, 50, (4, 17))
    losses = []
    for _ in range(15):
        with torch.autocast("cpu", torch.bfloat16):
            logits = model.logits(model(ids[:, :-1]))
        loss = F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < losses[0] / 2
