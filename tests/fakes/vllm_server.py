"""A server that speaks vLLM's completions protocol token for token, over any function that gives logits.

Written after vLLM's `entrypoints/openai/completion/protocol.py` and `serving.py`: which fields a request has, what a chunk holds
(`choices[0]` with `text`, `logprobs` of `tokens`, `token_logprobs`, `top_logprobs` and `text_offset`, `finish_reason`, `stop_reason`,
`token_ids`, and `prompt_token_ids` in the first), unset fields left out, `data: [DONE]` at the end. Logprobs are those before temperature
and masks. A client that goes away aborts its request.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

Logits = Callable[[Sequence[int]], np.ndarray]
"""Of the id that follows a context."""

FIELDS = {
    "model": str, "prompt": list, "max_tokens": int, "temperature": (int, float), "top_p": (int, float), "top_k": int,
    "min_p": (int, float), "repetition_penalty": (int, float), "presence_penalty": (int, float), "frequency_penalty": (int, float),
    "seed": int, "stop_token_ids": list, "ignore_eos": bool, "logprobs": int, "return_tokens_as_token_ids": bool,
    "return_token_ids": bool, "add_special_tokens": bool, "stream": bool, "allowed_token_ids": list, "logit_bias": dict,
}  # fmt: skip


@dataclass
class Request:
    """One completion that was asked for."""

    fields: dict[str, Any]
    sent: int = 0
    """Ids that went out."""

    aborted: bool = False


@dataclass
class Trouble:
    """What goes wrong with the next completions."""

    after: int = 0
    kind: str = "broken"
    """broken (the connection), error (an event), no-done, abort (a finish reason), garbage, what is no choice, ids that are no numbers,
    a strange id, or a status."""


@dataclass
class Habits:
    """How this server was started."""

    model: str = "step-audio-aqaa"
    key: str | None = None
    eos: int = 3
    max_model_len: int = 32_768
    max_logprobs: int = 20
    ids_per_chunk: int = 1
    knows_token_ids: bool = True
    """False: older than `return_token_ids`."""

    names_the_stop: bool = True
    """Whether the id that ends an answer is among its ids."""

    pause_s: float = 0.0
    troubles: list[Trouble] = field(default_factory=list)


class VllmServer(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, logits: Logits, habits: Habits | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.logits, self.habits = logits, habits or Habits()
        self.requests: list[Request] = []
        self.changed = threading.Condition()
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> "VllmServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may go away."""

    def wait_until(self, happened: Callable[[], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(happened, timeout=20)


class _Handler(BaseHTTPRequestHandler):
    server: VllmServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Silence."""

    def do_GET(self) -> None:
        if self._let_in():
            habits = self.server.habits
            card = {"id": habits.model, "object": "model", "owned_by": "vllm", "max_model_len": habits.max_model_len}
            self._json(200, {"object": "list", "data": [card]})

    def do_POST(self) -> None:
        fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._let_in():
            return
        habits = self.server.habits
        wrong = _wrong(fields, habits)
        if fields.get("model") != habits.model:
            self._error(404, "NotFoundError")
        elif wrong:
            self._error(400, "BadRequestError", wrong)
        else:
            trouble = habits.troubles.pop(0) if habits.troubles else None
            if trouble and trouble.kind.isdigit():
                self._error(int(trouble.kind), "InternalServerError")
            else:
                self._complete(fields, trouble)

    def _let_in(self) -> bool:
        key = self.server.habits.key
        if key is None or self.headers.get("Authorization") == f"Bearer {key}":
            return True
        self._json(401, {"error": "Unauthorized"})
        return False

    def _complete(self, fields: dict[str, Any], trouble: Trouble | None) -> None:
        server = self.server
        request = Request(fields)
        server.requests.append(request)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        try:
            self._run(request, trouble)
        except OSError:
            request.aborted = True
        with server.changed:
            server.changed.notify_all()

    def _run(self, request: Request, trouble: Trouble | None) -> None:
        server, habits, fields = self.server, self.server.habits, request.fields
        context = list(fields["prompt"])
        rng = np.random.default_rng(fields["seed"])
        room = habits.max_model_len - len(context)
        limit = min(fields["max_tokens"], room)
        stops = set(fields["stop_token_ids"]) | (set() if fields["ignore_eos"] else {habits.eos})
        batch: list[tuple[int, np.ndarray]] = []
        for count in range(1, limit + 1):
            if trouble and count > trouble.after:
                self._go_wrong(trouble)
                return
            with server.lock:
                raw = server.logits(context).astype(np.float64)
            token_id = _sample(raw, fields, rng)
            context.append(token_id)
            ended = token_id in stops
            if not ended or habits.names_the_stop:
                batch.append((token_id, raw))
            reason = "stop" if ended else "length" if count == limit else None
            if reason or len(batch) == habits.ids_per_chunk:
                self._chunk(request, batch, reason, token_id if ended and token_id != habits.eos else None)
                batch = []
            if reason:
                break
            if habits.pause_s:
                time.sleep(habits.pause_s)
        self.wfile.write(b"data: [DONE]\n\n")

    def _chunk(self, request: Request, batch: list[tuple[int, np.ndarray]], reason: str | None, stop: int | None) -> None:
        fields, habits = request.fields, self.server.habits
        ids = [token_id for token_id, _ in batch]
        choice: dict[str, Any] = {"index": 0, "text": "".join(f"<{token_id}>" for token_id in ids)}
        choice["logprobs"] = _logprobs(batch, fields["logprobs"], as_ids=fields["return_tokens_as_token_ids"])
        choice |= {"finish_reason": reason, "stop_reason": stop}
        if habits.knows_token_ids and fields["return_token_ids"]:
            choice |= {"prompt_token_ids": fields["prompt"] if not request.sent else None, "token_ids": ids}
        self._event({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": habits.model, "choices": [choice]})
        request.sent += len(ids)
        with self.server.changed:
            self.server.changed.notify_all()

    def _go_wrong(self, trouble: Trouble) -> None:
        match trouble.kind:
            case "error":
                self._event({"error": {"message": "prompt: [1, 2]", "type": "InternalServerError", "param": None, "code": 500}})
                self.wfile.write(b"data: [DONE]\n\n")
            case "no-done":
                self.wfile.write(b"data: [DONE]\n\n")
            case "abort":
                choice = {"index": 0, "text": "", "logprobs": None, "finish_reason": "abort", "stop_reason": None, "token_ids": []}
                self._event({"choices": [choice]})
            case "garbage":
                self.wfile.write(b"data: <html>\n\n")
            case "no choice":
                self._event({"choices": ["7"]})
            case "no numbers":
                self._event({"choices": [{"token_ids": ["7"], "logprobs": {"top_logprobs": [{"token_id:7": 0.0}]}}]})
            case "strange id":
                self._event({"choices": [{"token_ids": [128_009], "logprobs": {"top_logprobs": [{"token_id:128009": 0.0}]}}]})

    def _event(self, event: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())

    def _error(self, status: int, kind: str, message: str = "") -> None:
        self._json(status, {"error": {"message": message, "type": kind, "param": None, "code": status}})

    def _json(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _wrong(fields: dict[str, Any], habits: Habits) -> str:
    """Stricter than vLLM, which lets unknown fields pass: a field that is misspelt must not go unnoticed."""
    for name, value in fields.items():
        if name not in FIELDS or not isinstance(value, FIELDS[name]):  # type: ignore[arg-type]
            return f"{name} is no such field"
    if fields["logprobs"] > habits.max_logprobs:
        return "Requested sample logprobs is greater than max allowed"
    if not fields["prompt"] or any(not isinstance(token_id, int) or token_id < 0 for token_id in fields["prompt"]):
        return "prompt"
    if len(fields["prompt"]) >= habits.max_model_len:
        return "This model's maximum context length is exceeded"
    if fields.get("allowed_token_ids") == []:
        return "allowed_token_ids is not None and empty!"
    if any(not -100 <= bias <= 100 for bias in fields.get("logit_bias", {}).values()):
        return "logit_bias"
    return ""


def _sample(raw: np.ndarray, fields: dict[str, Any], rng: np.random.Generator) -> int:
    logits = raw.copy()
    if allowed := fields.get("allowed_token_ids"):
        mask = np.full(len(logits), -np.inf)
        mask[allowed] = 0
        logits += mask
    for token_id, bias in fields.get("logit_bias", {}).items():
        logits[int(token_id)] += bias
    if fields["temperature"] < 1e-5:
        return int(logits.argmax())
    weights = np.exp((logits - logits.max()) / fields["temperature"])
    weights /= weights.sum()
    order = np.argsort(-weights, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(weights[order]), fields["top_p"] - 1e-12)) + 1]
    return int(rng.choice(kept, p=weights[kept] / weights[kept].sum()))


def _logprobs(batch: list[tuple[int, np.ndarray]], count: int, *, as_ids: bool) -> dict[str, Any]:
    tokens, values, tops = [], [], []
    for token_id, raw in batch:
        logprobs = raw - raw.max() - np.log(np.exp(raw - raw.max()).sum())
        chosen = dict.fromkeys([token_id, *(int(each) for each in np.argsort(-raw, kind="stable")[:count])])
        name = "token_id:{}" if as_ids else "<{}>"
        tokens.append(name.format(token_id))
        values.append(max(float(logprobs[token_id]), -9999.0))
        tops.append({name.format(each): max(float(logprobs[each]), -9999.0) for each in chosen})
    return {"text_offset": [0] * len(tokens), "token_logprobs": values, "tokens": tokens, "top_logprobs": tops}
