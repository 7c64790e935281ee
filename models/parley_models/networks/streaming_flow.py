"""The streaming flow: pairs of codes to mel, chunk by chunk, each step of the flow remembering its own past.

Arithmetic and keys are those of stepvocoder's `CausalMaskedDiffWithXvec` (stepfun-ai/Step-Audio-EditX, cosyvoice2/flow/flow.py).
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from parley_models.networks.dit import Dit
from parley_models.networks.upsampling_conformer import Heard, UpsamplingConformer


@dataclass(frozen=True, slots=True)
class StreamingFlowConfig:
    """Sizes of a streaming flow."""

    vocab: int
    embedding: int
    """Of both codes of a pair together."""

    width: int
    heads: int
    hidden: int
    layers: int
    up_layers: int
    lookahead: int
    stride: int
    """Mel frames a pair."""

    speaker: int
    mels: int
    channels: int
    estimator_heads: int
    head_width: int
    blocks: int
    mlp: int


class PairEmbedding(nn.Module):
    """One table for both books; key `embedding`."""

    def __init__(self, vocab: int, channels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, channels // 2)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, n, 2) to (B, n, C)."""
        return self.embedding(tokens).flatten(2)


class Estimator(nn.Module):
    """Holds the transformer under upstream's key `decoder.estimator`."""

    def __init__(self, config: StreamingFlowConfig) -> None:
        super().__init__()
        self.estimator = Dit(
            4 * config.mels, config.mels, config.channels, config.estimator_heads, config.head_width, config.blocks, config.mlp
        )


class StreamingFlow(nn.Module):
    """Embedding, encoder, estimator."""

    def __init__(self, config: StreamingFlowConfig) -> None:
        super().__init__()
        self.config = config
        self.input_embedding = PairEmbedding(config.vocab, config.embedding)
        self.spk_embed_affine_layer = nn.Linear(config.speaker, config.mels)
        self.encoder = UpsamplingConformer(
            config.embedding, config.width, config.heads, config.hidden, config.layers, config.up_layers, config.lookahead, config.stride
        )
        self.encoder_proj = nn.Linear(config.width, config.mels)
        self.decoder = Estimator(config)

    def mu(self, tokens: Tensor, present: Tensor, heard: Heard) -> tuple[Tensor, Heard]:
        """Pairs (1, n, 2), of which the last `lookahead` are only looked at, to mu (1, mels, stride · (n − lookahead)).

        present (1, n): 1, or 0 where nothing comes any more.
        """
        encoded, heard = self.encoder.extend(self.input_embedding(tokens), present, heard)
        return self.encoder_proj(encoded).transpose(1, 2), heard

    def speaker(self, vector: Tensor) -> Tensor:
        """Speaker vector (B, speaker) of any length to its projection (B, mels)."""
        return self.spk_embed_affine_layer(functional.normalize(vector, dim=1))
