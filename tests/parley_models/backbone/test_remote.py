"""A backbone on a server answers as one beside us would, and lets go when it is interrupted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from parley_models.backbone.completions import Completions, Server
from parley_models.backbone.decode import Decoder
from parley_models.backbone.remote import READ_AHEAD_IDS, RemoteBrain
from parley_models.backbone.sampling import Sampler
from parley_models.backbone.voicing import voiced
from parley_models.errors import EngineError, UsageError
from parley_models.manifest import Sampling
from parley_models.tokens import TokenLayout
from tests.fakes.thimble import MANIFEST
from tests.fakes.vllm_server import Habits, Logits, Trouble, VllmServer

LAYOUT = TokenLayout(300, 60, 1, 4, 3, (3, 2), audio_start=270, audio_end=271, linguistic_size=80, semantic_size=128)
GREEDY = Sampling(audio_temperature=0.0, repetition_window=0, max_tokens=200)
PROMPT = [1, 4, 20, 21, 22, 3, 4]


@contextmanager
def talking(logits: Logits, habits: Habits | None = None, sampling: Sampling = GREEDY) -> Iterator[tuple[VllmServer, RemoteBrain]]:
    with VllmServer(logits, habits) as server:
        completions = Completions(Server(server.url, server.habits.key), silence_s=20)
        yield server, RemoteBrain(completions, replace(MANIFEST, tokens=LAYOUT, sampling=sampling))
        completions.close()


def restless(ids: Sequence[int]) -> np.ndarray:
    """Anything may come next, most often something that may not stand there; it seldom ends."""
    logits = np.random.default_rng([*ids[-3:], len(ids)]).standard_normal(300).astype(np.float32) * 4
    logits[: LAYOUT.audio_offset] += 6 if len(ids) // 5 % 2 else -2
    logits[list(LAYOUT.stops)] -= 12
    return logits


class Beside:
    """The same logits for our own decoder."""

    capacity = 500

    def __init__(self, logits: Logits) -> None:
        self._logits = logits
        self._ids: list[int] = []

    @property
    def length(self) -> int:
        return len(self._ids)

    def prepare(self, ids: Sequence[int]) -> np.ndarray:
        self._ids = list(ids)
        return self._logits(self._ids)

    def step(self, token_id: int) -> np.ndarray:
        self._ids.append(token_id)
        return self._logits(self._ids)


def scripted(says: Sequence[int], *, wild: dict[int, int] | None = None) -> Logits:
    """Says a list after the prompt; at some places something else that is not allowed there is likelier."""

    def logits(ids: Sequence[int]) -> np.ndarray:
        at = len(ids) - len(PROMPT)
        scores = np.full(300, -30, np.float32)
        scores[says[at] if at < len(says) else LAYOUT.eot] = 30
        if wild and at in wild:
            scores[wild[at]] = 40
        return scores

    return logits


GROUP = [61, 62, 150, 151, 152]


@pytest.mark.parametrize(
    ("seed", "habits"),
    [(0, Habits()), (1, Habits()), (2, Habits(ids_per_chunk=3, names_the_stop=False)), (3, Habits(knows_token_ids=False))],
)
def test_greedy_answers_are_those_of_our_own_decoder(seed: int, habits: Habits) -> None:
    prompt = [*PROMPT, 10 + seed, 30 + seed]
    expected = list(Decoder(Beside(restless), LAYOUT, GREEDY).answer(prompt, max_ids=40))
    with talking(restless, replace(habits)) as (_, brain):
        brain.resume(prompt)
        assert list(brain.decode(seed=0, limit=40)) == expected
    assert len({LAYOUT.is_audio(token_id) for token_id in expected}) == 2, "it is no test if the answer does not go back and forth"


def test_an_id_that_may_not_stand_there_is_drawn_again_by_the_same_rules() -> None:
    says = [20, 21, 270, *GROUP, *GROUP, 271]
    # A reserved id among the text, a text id and the end inside a group, a code of the other book, a semantic code outside groups.
    wild = {1: 299, 4: 25, 5: 3, 6: 70, 8: 155, 12: 1}
    expected = list(Decoder(Beside(scripted(says, wild=wild)), LAYOUT, GREEDY).answer(PROMPT))
    assert expected == says, "our own decoder keeps its slots"
    with talking(scripted(says, wild=wild)) as (server, brain):
        brain.resume(PROMPT)
        assert list(brain.decode(seed=1, limit=100)) == says
        masked = [request.fields for request in server.requests if "allowed_token_ids" in request.fields]
        assert {(fields["allowed_token_ids"][0], fields["allowed_token_ids"][-1]) for fields in masked} == {(60, 139), (140, 267)}
        assert any(set(fields.get("logit_bias", {}).values()) == {-100.0} for fields in (request.fields for request in server.requests))


@pytest.mark.parametrize(
    ("logits", "may_end", "groups"), [(restless, False, 3), (scripted([*GROUP, 271]), True, 1), (scripted([*GROUP, 3]), True, 1)]
)
def test_given_words_are_voiced_as_beside_us(logits: Logits, may_end: bool, groups: int) -> None:
    expected = list(voiced(Beside(logits), PROMPT, LAYOUT, GREEDY, seed=0, limit=19, may_end=may_end))
    assert len(expected) == groups * LAYOUT.group_size
    with talking(logits) as (_, brain):
        brain.resume(PROMPT)
        assert list(brain.voice(0, 19, may_end=may_end)) == expected


def test_draws_have_the_distribution_of_our_own_sampler() -> None:
    """One slot inside a group, where the model would rather say something else half of the time."""
    sampling = Sampling(audio_temperature=1.0, top_p=1.0, repetition_window=0)
    scores = np.full(300, -30.0, np.float32)
    scores[150:154] = np.log([0.1, 0.2, 0.3, 0.4])
    scores[20] = 0.0

    def logits(ids: Sequence[int]) -> np.ndarray:
        at = len(ids) - len(PROMPT)
        return scores if at == 2 else scripted(GROUP)(ids)

    ours: Counter[int] = Counter()
    sampler = Sampler(LAYOUT, sampling, seed=0)
    for _ in range(200):
        for at in range(2):
            sampler.draw(scripted(GROUP)([*PROMPT, *[0] * at]))
        ours[sampler.draw(scores)] += 1
        for at in (3, 4):
            sampler.draw(scripted(GROUP)([*PROMPT, *[0] * at]))
    theirs: Counter[int] = Counter()
    with talking(logits, sampling=sampling) as (_, brain):
        for seed in range(200):
            brain.resume(PROMPT)
            theirs[list(brain.decode(seed, limit=3))[2]] += 1
    for token_id, share in zip(range(150, 154), (0.1, 0.2, 0.3, 0.4), strict=True):
        assert ours[token_id] / 200 == pytest.approx(share, abs=0.12)
        assert theirs[token_id] / 200 == pytest.approx(share, abs=0.12)


def test_text_is_drawn_cold_and_audio_warm() -> None:
    says = [20, 21, 22, *GROUP, *GROUP, 23, 24, *GROUP]
    with talking(scripted(says), sampling=Sampling(audio_temperature=0.7, repetition_window=0)) as (server, brain):
        brain.resume(PROMPT)
        assert list(brain.decode(seed=5, limit=100)) == says
        assert [request.fields["temperature"] for request in server.requests] == [0.0, 0.7, 0.0, 0.7, 0.0]
        assert [request.fields["top_p"] for request in server.requests] == [1.0, 0.9, 1.0, 0.9, 1.0]
        assert len({request.fields["seed"] for request in server.requests}) > 1


def test_a_code_said_too_often_is_drawn_again_from_its_whole_book() -> None:
    stuck = [61, 61, 150, 150, 150] * 3
    with talking(scripted(stuck), sampling=Sampling(audio_temperature=0.7, repetition_window=10)) as (server, brain):
        brain.resume(PROMPT)
        assert list(brain.decode(seed=5, limit=100)) == stuck
        again = [request.fields for request in server.requests if request.fields["max_tokens"] == 1]
        assert again
        assert all(fields["top_p"] == 1.0 and fields["allowed_token_ids"] for fields in again)


def test_the_same_seed_gives_the_same_answer() -> None:
    with talking(restless, sampling=Sampling(audio_temperature=0.9)) as (_, brain):
        answers = []
        for seed in (7, 7, 8):
            brain.resume(PROMPT)
            answers.append(list(brain.decode(seed, limit=40)))
    assert answers[0] == answers[1] != answers[2]


def test_who_stops_asking_stops_the_server() -> None:
    with talking(scripted([20] * 5_000), Habits(pause_s=0.001, max_model_len=9_000)) as (server, brain):
        brain.resume(PROMPT)
        answer = brain.decode(seed=0, limit=5_000)
        assert [next(answer) for _ in range(5)] == [20] * 5
        answer.close()  # type: ignore[attr-defined]
        assert server.wait_until(lambda: server.requests[-1].aborted)
        assert server.requests[-1].sent < 1_000
        brain.resume(PROMPT)
        assert next(brain.decode(seed=0, limit=5)) == 20, "the next question is answered"


def test_what_is_heard_is_read_while_it_is_being_said() -> None:
    with talking(scripted([20])) as (server, brain):
        brain.resume([1])
        heard = [60 + at % 200 for at in range(40 * 10)]
        for at in range(0, len(heard), 10):
            assert brain.hear(heard[at : at + 10]) == heard[at : at + 10]
        assert [len(request.fields["prompt"]) for request in server.requests] == [71, 141, 211, 281, 351]
        assert all(request.fields["max_tokens"] == 1 for request in server.requests)
        brain.resume([1, *heard])
        list(brain.decode(seed=0, limit=3))
        prompts = [request.fields["prompt"] for request in server.requests]
        assert len(prompts[-1]) - len(prompts[-2]) < READ_AHEAD_IDS
        assert prompts[-1][: len(prompts[-2])] == prompts[-2]
        assert brain.question_complete is None


def test_the_servers_context_is_the_limit() -> None:
    with talking(scripted([20] * 100), Habits(max_model_len=30)) as (_, brain):
        brain.resume(PROMPT)
        assert len(list(brain.decode(seed=0, limit=100))) == 30 - len(PROMPT)
        assert list(brain.decode(seed=0, limit=100)) == []


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (Trouble(3, "broken"), "broke off an answer"),
        (Trouble(3, "no-done"), "ended an answer without saying why"),
        (Trouble(3, "error"), "failed in the middle of an answer"),
        (Trouble(3, "abort"), "gave up an answer"),
        (Trouble(3, "garbage"), "does not speak vLLM's completions protocol"),
        (Trouble(3, "no choice"), "does not speak vLLM's completions protocol"),
        (Trouble(3, "no numbers"), "does not speak vLLM's completions protocol"),
        (Trouble(3, "strange id"), "has ids that this bundle does not: it is another model"),
        (Trouble(0, "500"), "answered 500"),
    ],
    ids=lambda each: each.kind if isinstance(each, Trouble) else "",
)
def test_trouble_is_told_without_what_was_said(trouble: Trouble, told: str) -> None:
    with talking(scripted([20] * 9), Habits(troubles=[trouble])) as (_, brain):
        brain.resume(PROMPT)
        with pytest.raises(EngineError, match=told) as caught:
            list(brain.decode(seed=0, limit=9))
        assert "prompt" not in str(caught.value)
        assert "[1, " not in str(caught.value)


def test_servers_that_do_not_fit_are_told() -> None:
    with VllmServer(scripted([20]), Habits(key="secret", max_logprobs=0)) as server:
        with pytest.raises(EngineError, match="--key-file"):
            Completions(Server(server.url))
        with pytest.raises(EngineError, match=r"has step-audio-aqaa: name one of them with --model"):
            Completions(Server(server.url, "secret", "another"))
        for url in (server.url, f"{server.url}/", f"{server.url}/v1"):
            completions = Completions(Server(url, "secret"))
            assert completions.model == "step-audio-aqaa"
            with pytest.raises(EngineError, match="refused the request"):
                completions.read([1, 2])
            completions.close()
    with pytest.raises(EngineError, match="can't be reached"):
        Completions(Server(server.url))
    with pytest.raises(EngineError, match="can't be reached"):
        Completions(Server("no address"))


def test_a_bundle_that_writes_along_needs_its_own_backbone() -> None:
    manifest = replace(MANIFEST, chat=replace(MANIFEST.chat, writes_along_groups=4))
    with VllmServer(scripted([20])) as server:
        completions = Completions(Server(server.url))
        with pytest.raises(UsageError, match="writes along"):
            RemoteBrain(completions, manifest)
        completions.close()
