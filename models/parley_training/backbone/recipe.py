"""Train Mini's backbone from nothing: text, then interleaved speech and text, then questions and answers.

    python -m parley_training.backbone.recipe --corpus runs/corpus --tokens runs/tokens --text runs/text --out runs/backbone --minutes 60

    torchrun --nproc-per-node 8 -m parley_training.backbone.recipe --stages paper --lanes 8 …

One run by the clock, on a CPU, a GPU, or a fleet of processes (`parallel.fleet`); the share of each task moves from stage to stage
(`stages.py`). A killed run goes on from its last checkpoint, if need be on more or fewer processes. Writes `backbone/config.json` and
`backbone/model.safetensors`, and the same under the name of each stage that others begin from.
"""

import argparse
import json
import random
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.style import Style
from parley_models.tokens import Codes
from parley_training.backbone.embeddings import embed_codes
from parley_training.backbone.examples import TASKS, ExampleWriter, Question
from parley_training.backbone.listening import SLOTS_PER_GROUP, Stretch
from parley_training.backbone.measure import probe
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.scenes import SCENE_TASKS, SceneExamples
from parley_training.backbone.stages import TABLES
from parley_training.backbone.training import Plan, Training, write_backbone
from parley_training.corpus.dialogue import write
from parley_training.corpus.disturbance import plain
from parley_training.corpus.exchange import Exchange
from parley_training.corpus.phones import NUMBER, SILENCE
from parley_training.corpus.shard import Shard
from parley_training.corpus.word_times import words_said
from parley_training.parallel.fleet import Fleet, assembled
from parley_training.text.recipe import LAYOUT
from parley_training.tokens.recipe import codes_of, hearings_of, shard_folders

CONFIG = BackboneConfig(
    hidden_size=256,
    intermediate_size=768,
    num_attention_heads=4,
    num_attention_groups=2,
    num_hidden_layers=6,
    vocab_size=LAYOUT.vocab_size,
    max_seq_len=4096,
)
PEAK_RATE = 2.4e-3
TOKENS_PER_BATCH = 4096
PROBED = 40
"""Questions of each kind that are looked at with every checkpoint."""


def questions_of(corpus: Path, codes: Path) -> list[Question]:
    """Every spoken question of the shards whose codes are there."""
    questions = []
    for folder in shard_folders(corpus):
        if (codes / f"{folder.name}.npz").exists():
            shard, heard = Shard.open(folder), hearings_of(codes / f"{folder.name}.npz")
            for line, hearings, (_, _, first, last) in zip(shard.lines, heard, shard.index, strict=True):
                if len(hearings[0]):  # some of people's recordings are shorter than a group
                    exchange = Exchange(line["intent"], line["question"], line["answer"], line["key"])
                    labels = np.asarray(shard.labels[first:last])
                    groups = len(hearings[0])
                    said = by_group(words_said(labels, plain(exchange.question).split()), groups)
                    questions.append(Question(hearings, exchange, said, phones_by_group(labels, groups), line["speaker"]))
    return questions


def by_group(slots: npt.NDArray[np.int64], groups: int) -> npt.NDArray[np.int64]:
    """What holds in the last 20 ms of each group (groups,), from slots (n,) that may end before it."""
    return slots[np.minimum((np.arange(groups) + 1) * SLOTS_PER_GROUP, len(slots)) - 1]


def phones_by_group(labels: npt.NDArray[np.uint8], groups: int) -> npt.NDArray[np.uint8]:
    """What sounds in each group (groups, 6); behind the last label (slots,) nobody speaks."""
    phones = np.full(groups * SLOTS_PER_GROUP, NUMBER[SILENCE], np.uint8)
    known = min(len(labels), len(phones))
    phones[:known] = labels[:known]
    return phones.reshape(groups, SLOTS_PER_GROUP)


def begin(linguistic: Path, semantic: Path, seed: int) -> StepOmni:
    """A model that has learned nothing, but whose audio ids lie as their codes sound."""
    model = StepOmni(CONFIG)
    model.init_weights(torch.Generator().manual_seed(seed))
    embed_codes(model, linguistic, semantic, seed=seed)
    return model


def tasks_of(writer: ExampleWriter, scenes: SceneExamples) -> Callable[[str], Stretch]:
    """Makes an example of any task, by its name in the tables of `stages.py`."""
    table: dict[str, Callable[[], Stretch]] = {name: partial(task, writer) for name, task in TASKS.items()}
    table |= {name: partial(task, scenes) for name, task in SCENE_TASKS.items()}
    return lambda name: table[name]()


def scenes_of(writer: ExampleWriter, questions: list[Question], answers: Mapping[str, Codes], mishear: Mishearing) -> SceneExamples:
    """Examples of Mini 1's world with what has been spoken of it so far: answers in the voice's own style."""

    def another() -> Exchange:
        return write(writer.rng, world="mini1")

    sounds = {(text, Style()): codes for text, codes in answers.items()}
    return SceneExamples(writer.tokenizer, sounds, questions, mishear, another, writer.rng)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("runs/corpus"))
    parser.add_argument("--tokens", type=Path, default=Path("runs/tokens"))
    parser.add_argument("--text", type=Path, default=Path("runs/text"))
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--semantic", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--out", type=Path, default=Path("runs/backbone"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--stages", choices=sorted(TABLES), default="three")
    parser.add_argument("--lanes", type=int, help="batches in a step, shared out among the processes; one a process unless given")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--eager", action="store_true", help="without torch.compile, where there is no C compiler")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    with assembled() as fleet:
        run(options, fleet)


def run(options: argparse.Namespace, fleet: Fleet) -> None:
    """The whole recipe, on each process of a fleet."""
    texts = json.loads((options.corpus / "answers" / "lines.json").read_text())
    answers = dict(zip(texts, codes_of(options.tokens / "answers.npz"), strict=True))
    questions = [question for name in ("questions", "human") for question in questions_of(options.corpus / name, options.tokens / name)]
    test = [question for question in questions_of(options.corpus / "test", options.tokens / "test") if question.exchange.answer]
    mishear = Mishearing(np.load(options.linguistic / "codebook.npy"))
    writer = ExampleWriter(options.text / "text.model", questions, answers, mishear, random.Random(options.seed))
    plan = Plan(
        write=tasks_of(writer, scenes_of(writer, questions, answers, mishear)),
        rng=writer.rng,
        stages=TABLES[options.stages],
        minutes=options.minutes,
        rate=PEAK_RATE,
        tokens=TOKENS_PER_BATCH,
        lanes=options.lanes or fleet.size,
        seed=options.seed,
        eager=options.eager,
    )
    training = Training(begin(options.linguistic, options.semantic, options.seed), plan, options.out, fleet)
    model = training.run(lambda line: print(line, flush=True), lambda model: probe(model, writer, test, PROBED))
    if fleet.leads:
        write_backbone(model, options.out / "backbone")
        (options.out / "results.json").write_text(json.dumps(probe(model, writer, test, len(test))))


if __name__ == "__main__":
    main()
