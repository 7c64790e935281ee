"""The text side of a checkpoint: ids by their pieces, and the chat template as Parley writes turns."""

import json
from pathlib import Path
from typing import Any

from parley_models.errors import BundleCorrupt
from parley_models.hub.backbone_weights import LONGEST_CONFIG, read_json
from parley_models.hub.cell import run_in_cell
from parley_models.prompt import ChatTemplate
from parley_models.text_tokenizer import TextTokenizer, read_layout
from parley_models.tokens import TokenLayout

LARGEST_MODEL = 64 * 2**20
TEMPLATE_SECONDS = 1
"""Of computing; a template takes a thousandth."""

LONGEST_TEMPLATE = 30_000
_BOT, _EOT, _BOS = "<|BOT|>", "<|EOT|>", "<s>"
_ROLES = ("system", "user", "assistant")


def read_text(folder: Path, entries: dict[str, Any]) -> TokenLayout:
    """The ids of a checkpoint's `tokenizer.model`; `entries` of its config, for further ids that end an answer.

    Raises:
        BundleMissing, BundleCorrupt: no SentencePiece model, one without the pieces that are needed, or more pieces than ids.
    """
    path = folder / "tokenizer.model"
    if path.is_file() and path.stat().st_size > LARGEST_MODEL:
        raise BundleCorrupt(f"{path} is refused: {path.stat().st_size:,} bytes are too many for a text tokenizer.")
    tokenizer = TextTokenizer(path)
    ends = entries.get("eos_token_id")
    stops = [item for item in (ends if isinstance(ends, list) else [ends]) if type(item) is int and 0 <= item < len(tokenizer)]
    layout = read_layout(tokenizer, stops=stops)
    if tokenizer.find("<audio_5119>") != layout.audio_stop - 1:
        raise BundleCorrupt(f"{path} does not keep <audio_0> to <audio_{layout.audio_stop - layout.audio_offset - 1}> side by side.")
    vocab = entries.get("vocab_size")
    if type(vocab) is int and vocab < len(tokenizer):
        raise BundleCorrupt(f"{path} has {len(tokenizer):,} pieces, more than the {vocab:,} ids of the backbone.")
    return layout


def read_template(folder: Path) -> ChatTemplate:
    """How a checkpoint writes turns, from its `tokenizer_config.json`: its template is rendered, and what it wrote is taken apart.

    Raises:
        BundleCorrupt: the template writes turns in a way that is not known.
    """
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return ChatTemplate()
    entries = read_json(path, LONGEST_CONFIG)
    template, adds_bos = entries.get("chat_template"), entries.get("add_bos_token", True) is not False
    if isinstance(template, list):  # several by name; the one for plain talk is called default
        template = next((item.get("template") for item in template if isinstance(item, dict) and item.get("name") == "default"), None)
    if template is None:
        return ChatTemplate(begins_with_bos=adds_bos)
    if not isinstance(template, str) or len(template) > LONGEST_TEMPLATE:
        raise BundleCorrupt(f"{path} has a chat template that is no text, or far too long a one.")
    full = [{"role": role, "content": f"content of {role}"} for role in _ROLES]
    asked = [{"role": "user", "content": "content of user"}]
    common = {"bos_token": _BOS, "eos_token": _EOT, "add_generation_prompt": True}
    probes = json.dumps([{"messages": full, **common}, {"messages": asked, **common}])
    whole, bare = run_in_cell("template", template, probes, reads=path, seconds=30, computing_s=TEMPLATE_SECONDS, memory_bytes=2**29)
    return _taken_apart(whole, bare, adds_bos, path)


def _taken_apart(whole: str, bare: str, adds_bos: bool, path: Path) -> ChatTemplate:
    roles: dict[str, str] = {}
    ends: set[str] = set()
    for role in _ROLES:
        head, found, tail = whole.partition(f"content of {role}")
        name = head.rpartition(_BOT)[2]
        called = name.strip()
        if not found or not called or _EOT in name or not (tail.startswith(_EOT) or role == "assistant"):
            raise BundleCorrupt(f"{path} writes the turns of {role} in a way that is not known.")
        ends.add(name.removeprefix(" ").removeprefix(called))  # “<|BOT|> role” and “<|BOT|>role” are the same ids
        if called != role:
            roles[role] = called
    if len(ends) != 1 or not whole.rstrip(" ").endswith(f"{roles.get('assistant', 'assistant')}{next(iter(ends))}"):
        raise BundleCorrupt(f"{path} opens turns in a way that is not known.")
    first, default = bare.partition("content of user")[0], ""
    system = f"{roles.get('system', 'system')}{next(iter(ends))}"
    if system in first:
        default = first.partition(system)[2].partition(_EOT)[0]
    return ChatTemplate(roles, next(iter(ends)), adds_bos or whole.startswith(_BOS), default)
