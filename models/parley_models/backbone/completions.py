"""vLLM's completions protocol, token ids in and out: only what Parley asks of it.

Fields as in vLLM's `entrypoints/openai/completion/protocol.py`: `prompt` as a list of ids, `return_token_ids`, `logprobs` with
`return_tokens_as_token_ids`, `allowed_token_ids`, `logit_bias`, `stop_token_ids`. Sampling parameters that a server may have defaults for
are always given, because a model's `generation_config.json` would change them. A closed connection aborts the request there.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx2

from parley_models.errors import EngineError

BAN = -100.0
"""The strongest bias that OpenAI's protocol knows."""

CONNECT_S = 5.0
SILENCE_S = 60.0
"""Reading a long conversation that is in no cache may take that long."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a backbone is served."""

    url: str
    """With or without `/v1`."""

    key: str | None = None
    model: str | None = None
    """As the server calls it; None = the only one it has."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How an id is drawn."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    allowed: tuple[int, ...] | None = None
    """Only these ids."""

    banned: tuple[int, ...] = ()
    """Never these."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One id as the server drew it."""

    token_id: int | None
    """None: the server ended the answer without telling by which id."""

    likeliest: int | None
    """Before temperature and masks."""


class Completions:
    """One model on one server. Any one thread at a time."""

    def __init__(self, server: Server, *, silence_s: float = SILENCE_S) -> None:
        """Ask which models there are.

        Raises:
            EngineError: the server can't be reached, refuses, or does not have the model.
        """
        self.url = server.url.rstrip("/").removesuffix("/v1")
        headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
        try:
            self._client = httpx2.Client(base_url=self.url, headers=headers, timeout=httpx2.Timeout(silence_s, connect=CONNECT_S))
            answer = self._client.get("/v1/models")
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise EngineError(f"The server at {self.url} can't be reached ({type(error).__name__}).") from error
        cards = _cards(self._checked(answer))
        names = [card["id"] for card in cards]
        if server.model is None and len(names) == 1:
            self.model = names[0]
        elif server.model in names:
            self.model = server.model
        else:
            raise EngineError(f"The server at {self.url} has {', '.join(names) or 'no model'}: name one of them with --model.")
        length = cards[names.index(self.model)].get("max_model_len")
        self.context_ids: int | None = length if isinstance(length, int) else None

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def read(self, ids: Sequence[int]) -> None:
        """Let the server read ids ahead, so that its prefix cache has them when an answer is asked for. Raises EngineError."""
        for _ in self.stream(ids, Draw(), limit=1):
            pass

    def draw(self, ids: Sequence[int], how: Draw) -> int:
        """The one id that comes next. Raises EngineError."""
        with closing(self.stream(ids, how, limit=1)) as stream:
            drawn = next(stream, None)
        if drawn is None or drawn.token_id is None:
            raise EngineError(f"The server at {self.url} gave no token ids: it has to be vLLM 0.10.2 or newer.")
        return drawn.token_id

    def stream(self, ids: Sequence[int], how: Draw, *, limit: int, stops: Sequence[int] = ()) -> Generator[Drawn]:
        """Yield ids as the server draws them; it works ahead, and stops when the generator is closed.

        The stop id is the last one. When the answer is over for another reason (`limit`, the model's context), the generator just ends.

        Raises:
            EngineError: the server can't be reached, refuses, breaks off, or does not speak this protocol.
        """
        request = {
            "model": self.model,
            "prompt": list(ids),
            "max_tokens": limit,
            "temperature": how.temperature,
            "top_p": how.top_p,
            "top_k": 0,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "seed": how.seed,
            "stop_token_ids": list(stops),
            "ignore_eos": not stops,
            "logprobs": 1,
            "return_tokens_as_token_ids": True,
            "return_token_ids": True,
            "add_special_tokens": False,
            "stream": True,
        }
        if how.allowed is not None:
            request["allowed_token_ids"] = list(how.allowed)
        if how.banned:
            request["logit_bias"] = {str(token_id): BAN for token_id in how.banned}
        try:
            with self._client.stream("POST", "/v1/completions", json=request) as answer:
                self._checked(answer)
                yield from self._drawn(answer)
        except httpx2.HTTPError as error:
            raise EngineError(f"The connection to the server at {self.url} broke ({type(error).__name__}).") from error

    def _drawn(self, answer: httpx2.Response) -> Generator[Drawn]:
        for line in answer.iter_lines():
            if not line.startswith("data:"):
                continue
            content = line.removeprefix("data:").strip()
            if content == "[DONE]":
                raise EngineError(f"The server at {self.url} ended an answer without saying why.")
            choice = self._choice(content)
            if choice is None:
                continue
            try:
                found = list(_choice_ids(choice))
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise self._foreign() from error
            yield from found
            reason = choice.get("finish_reason")
            if reason == "stop" and not choice.get("token_ids"):
                yield Drawn(None, None)
            if reason in {"stop", "length"}:
                return
            if reason is not None:
                raise EngineError(f"The server at {self.url} gave up an answer ({str(reason)[:40]}).")
        raise EngineError(f"The server at {self.url} broke off an answer.")

    def _choice(self, content: str) -> dict[str, Any] | None:
        try:
            event = json.loads(content)
            if "error" in event:
                raise EngineError(f"The server at {self.url} failed in the middle of an answer.")
            choices = event["choices"]
            return dict(choices[0]) if choices else None
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise self._foreign() from error

    def _foreign(self) -> EngineError:
        return EngineError(f"The server at {self.url} does not speak vLLM's completions protocol.")

    def _checked(self, answer: httpx2.Response) -> httpx2.Response:
        """What a refusal says may quote the conversation, so only its status is told."""
        if answer.is_success:
            return answer
        match answer.status_code:
            case 401 | 403:
                reason = "asks for another key: --key-file names the file that holds it"
            case 404:
                reason = "has no such model or speaks no completions protocol"
            case 400 | 422:
                reason = "refused the request; its context may be shorter than the conversation"
            case status:
                reason = f"answered {status}"
        raise EngineError(f"The server at {self.url} {reason}.")


def _cards(answer: httpx2.Response) -> list[dict[str, Any]]:
    try:
        cards = answer.json()["data"]
        return [card for card in cards if isinstance(card["id"], str)]
    except (ValueError, LookupError, TypeError) as error:
        raise EngineError(f"{answer.url} does not list models as vLLM does.") from error


def _choice_ids(choice: Mapping[str, Any]) -> Generator[Drawn]:
    """The ids of one chunk: of `token_ids`, or, from servers older than that field, of the tokens' names."""
    logprobs = choice.get("logprobs") or {}
    names = logprobs.get("tokens") or []
    ids = choice.get("token_ids")
    if ids is None:
        ids = [_id_of(name) for name in names]
    tops = logprobs.get("top_logprobs") or []
    if len(tops) < len(ids):
        raise EngineError("The server gives no logprobs: it must not be started with --max-logprobs 0.")
    for token_id, top in zip(ids, tops, strict=False):
        if type(token_id) is not int:
            raise TypeError(token_id)
        yield Drawn(token_id, _id_of(max(top, key=top.__getitem__)) if top else token_id)


def _id_of(name: str) -> int:
    """The id in `token_id:123`."""
    kind, _, number = name.partition(":")
    if kind != "token_id" or not (number.isascii() and number.isdigit()):
        raise EngineError("The server names tokens by their text although it was asked for ids: it has to be vLLM.")
    return int(number)
