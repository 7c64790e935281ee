"""Train Mini's backbone from nothing: text, then interleaved speech and text, then questions and answers.

    python -m parley_training.backbone.recipe --corpus runs/corpus --tokens runs/tokens --text runs/text --out runs/backbone --minutes 60
    python -m parley_training.backbone.recipe --world mini1 --minutes 300

    torchrun --nproc-per-node 8 -m parley_training.backbone.recipe --world mini1 --lanes 8 …

One run by the clock, on a CPU, a GPU, or a fleet of processes (`parallel.fleet`); the share of each task moves from stage to stage
(`stages.py`). A killed run goes on from its last checkpoint, if need be on more or fewer processes. Writes `backbone/config.json` and
`backbone/model.safetensors`, and the same under the name of each stage that others begin from. Mini 1's corpus, tokens and text lie
under `runs/mini1`, as does what is made of them, and it goes through the paper's stages.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch

from parley_models.backbone.config import BackboneConfig
from parley_models.backbone.model import StepOmni
from parley_models.errors import ParleyError
from parley_training.backbone.batch import AUDIO_WEIGHT
from parley_training.backbone.embeddings import embed_codes
from parley_training.backbone.examples import ExampleWriter
from parley_training.backbone.measure import probe
from parley_training.backbone.mishearing import Mishearing
from parley_training.backbone.narrowed import narrowed
from parley_training.backbone.questions import questions_of
from parley_training.backbone.stages import TABLES
from parley_training.backbone.training import Plan, Training, write_backbone
from parley_training.backbone.world import plain_answers, scenes_of, sounds_of, tasks_of, writing
from parley_training.corpus.dialogue import World
from parley_training.corpus.wide.core import in_core
from parley_training.homes import add_folders, at_home
from parley_training.parallel.fleet import Fleet, assembled
from parley_training.text.recipe import LAYOUT

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
LANGUAGES = ("cmn", "en", "yue")
"""As the corpus calls them."""
STAGES: dict[World, str] = {"mini0": "three", "mini1": "paper"}
"""The table of stages that a world is learned by, unless another is named."""


def begin(linguistic: Path, semantic: Path, seed: int) -> StepOmni:
    """A model that has learned nothing, but whose audio ids lie as their codes sound."""
    model = StepOmni(CONFIG)
    model.init_weights(torch.Generator().manual_seed(seed))
    embed_codes(model, linguistic, semantic, seed=seed)
    return model


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_folders(parser, corpus="corpus", tokens="tokens", text="text", out="backbone")
    parser.add_argument("--linguistic", type=Path, default=Path("runs/linguistic"))
    parser.add_argument("--semantic", type=Path, default=Path("runs/semantic"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--stages", choices=sorted(TABLES), help="unless given, those that the world is learned by")
    parser.add_argument("--audio-weight", type=float, default=AUDIO_WEIGHT, help="of an audio id to be said; a text piece weighs one")
    parser.add_argument("--languages", nargs="+", choices=sorted(LANGUAGES), help="of what is said and heard; all unless given")
    parser.add_argument("--core", action="store_true", help="of Mini 1's world only what is asked every day (`corpus.wide.core`)")
    parser.add_argument("--lanes", type=int, help="batches in a step, shared out among the processes; one a process unless given")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--eager", action="store_true", help="without torch.compile, where there is no C compiler")
    return parser


def main() -> None:
    """Read the command line and train."""
    parser = arguments()
    options = at_home(parser.parse_args())
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    try:
        with assembled() as fleet:
            run(options, fleet)
    except ParleyError as error:
        parser.exit(error.exit_code, f"{error}\n")


def run(options: argparse.Namespace, fleet: Fleet) -> None:
    """The whole recipe, on each process of a fleet."""
    world: World = options.world
    sounds = sounds_of(options.corpus, options.tokens)
    known = frozenset(options.languages or LANGUAGES)
    spoken = {name: questions_of(options.corpus / name, options.tokens / name) for name in ("questions", "human", "test")}
    if world == "mini0":
        spoken = {name: list(narrowed(questions)) for name, questions in spoken.items()}
    questions = [*spoken["questions"], *spoken["human"]]
    questions = [question for question in questions if question.exchange.language in known]
    if options.core:
        questions = [question for question in questions if not question.exchange.answer or in_core(question.exchange)]
    test = [question for question in spoken["test"] if question.exchange.answer]
    mishear = Mishearing(np.load(options.linguistic / "codebook.npy"))
    writer = ExampleWriter(options.text / "text.model", questions, plain_answers(sounds), mishear, random.Random(options.seed))
    another = writing(world, writer.rng, known, core=options.core)
    plan = Plan(
        write=tasks_of(world, writer, scenes_of(world, writer, questions, sounds, mishear, another)),
        rng=writer.rng,
        stages=TABLES[options.stages or STAGES[world]],
        minutes=options.minutes,
        rate=PEAK_RATE,
        tokens=TOKENS_PER_BATCH,
        lanes=options.lanes or fleet.size,
        seed=options.seed,
        audio_weight=options.audio_weight,
        eager=options.eager,
    )
    goes_on = (options.out / "checkpoint.pt").exists()  # and out of a bundle there is no book of details to begin with
    model = StepOmni(CONFIG) if goes_on else begin(options.linguistic, options.semantic, options.seed)
    training = Training(model, plan, options.out, fleet)
    model = training.run(lambda line: print(line, flush=True), lambda model: probe(model, writer, test, PROBED, world))
    if fleet.leads:
        write_backbone(model, options.out / "backbone")
        (options.out / "results.json").write_text(json.dumps(probe(model, writer, test, len(test), world)))


if __name__ == "__main__":
    main()
