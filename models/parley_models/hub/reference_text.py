"""The text tokenizer and the prompt against a reference folder."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from parley_models.hub.comparison import Row, same
from parley_models.prompt import ChatTemplate, Message, Prompt
from parley_models.text_tokenizer import TextStream, TextTokenizer
from parley_models.tokens import SpeechTokens, TokenLayout

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"
_AUDIO = re.compile(r"<audio_(\d+)>")


def text_rows(path: Path, tokenizer: TextTokenizer, layout: TokenLayout, chat: ChatTemplate) -> Iterator[Row]:
    """Every item of `text_tokenizer.json`; texts and ids must be equal."""
    golden: dict[str, Any] = json.loads(path.read_text("utf-8"))
    special = golden["special_ids"]
    yield same("text: special_ids", [tokenizer.find(piece) for piece in special], list(special.values()))
    cases = golden["encode"]
    raw = [case["text"] for case in cases if tokenizer.encode(case["text"], markers=True) != case["ids_raw_sentencepiece"]]
    yield Row("text: encode, ids_raw_sentencepiece", len(raw), 0.0, f"{len(cases)} texts")
    plain = [case for case in cases if "<s>" not in case["text"]]  # the one marker that SentencePiece alone does not find in text
    slow = [case for case in plain if tokenizer.encode(case["text"], markers=True) != case["ids_hf_llama"]]
    yield Row("text: encode, ids_hf_llama", len(slow), 0.0, f"{len(plain)} texts")
    back = [case for case in cases if tokenizer.decode(case["ids_raw_sentencepiece"]) != case["decoded"]]
    yield Row("text: decoded", len(back), 0.0, f"{len(cases)} texts")
    late = [case for case in golden["incremental_decode"] if not _comes_in_time(case, tokenizer)]
    yield Row("text: incremental_decode", len(late), 0.0, f"{len(golden['incremental_decode'])} texts")
    yield from _chat_rows(golden["chat"], tokenizer, layout, chat)
    for key in golden.keys() - {"special_ids", "encode", "incremental_decode", "chat"}:
        yield Row(f"text: {key}", None, 0.0, "not checked: this Parley does not know what it is")


def _comes_in_time(case: dict[str, Any], tokenizer: TextTokenizer) -> bool:
    stream, said = TextStream(tokenizer), ""
    for token_id, prefix in zip(case["ids"], case["prefix_text"], strict=True):
        said += stream.feed(token_id)
        if said != prefix.rstrip(_UNFINISHED):  # half a character waits for the other half
            return False
    return bool(said + stream.finish() == case["text"])


def _chat_rows(cases: list[dict[str, Any]], tokenizer: TextTokenizer, layout: TokenLayout, chat: ChatTemplate) -> Iterator[Row]:
    """Turns say what upstream's string says; markers stand alone, so word-start pieces before them are left out of both."""
    bare = ChatTemplate(chat.roles, chat.role_end, chat.begins_with_bos)
    plain, templated, ids = 0, 0, 0
    starts = tokenizer.find("▁")
    for case in cases:
        messages = [Message(turn["role"], _content(turn["content"])) for turn in case["messages"]]
        ours = Prompt(tokenizer, layout, bare).conversation(messages)
        plain += _spoken(tokenizer, ours) != case["text"].replace(" ", "")
        templated += _spoken(tokenizer, Prompt(tokenizer, layout, chat).conversation(messages)) != case["template_text"].replace(" ", "")
        theirs = [token_id for token_id in case["ids_hf_llama"] if token_id != starts]
        ids += [t for t in ours if t in tokenizer.markers] != [t for t in theirs if t in tokenizer.markers]
    yield Row("prompt: chat, text", plain, 0.0, f"{len(cases)} conversations")
    yield Row("prompt: chat, template_text", templated, 0.0, "with the template of the checkpoint's own file")
    yield Row("prompt: chat, markers of ids_hf_llama", ids, 0.0, "pieces are encoded one by one, as TTS-3B does it")


def _spoken(tokenizer: TextTokenizer, ids: list[int]) -> str:
    return tokenizer.decode(ids[1:]).replace(" ", "")


def _content(text: str) -> tuple[str | SpeechTokens, ...]:
    """A turn's text; where it is all audio codes, the groups that they are."""
    codes = [int(number) for number in _AUDIO.findall(text)]
    if not codes or len(codes) % 5 or _AUDIO.sub("", text):
        return (text,)
    return (SpeechTokens((np.array(codes).reshape(-1, 5) - np.array([0, 0, 1024, 1024, 1024])).astype(np.uint16)),)
