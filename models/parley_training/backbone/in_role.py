"""How well a bundle plays its roles: test voices ask in each of them, and the answers should begin as the role does and still be right.

python -m parley_training.backbone.in_role --bundle assets/parley_assets/bundles/mini --each 8
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from parley_models.answer import Answered
from parley_models.assistant import Assistant
from parley_models.evaluation.examination import SEED, spread
from parley_models.evaluation.questions import OUTSIDE, Question, is_right, questions
from parley_models.evaluation.speakers import TEST_VOICES, speak
from parley_training.corpus.roles import FLAVOURS, ROLES, own_answer, system_turn


def judged(question: Question, role: str, text: str) -> tuple[bool, bool]:
    """Whether an answer is given in the role, and whether it is right: what a role has own words for is right only in these."""
    if own := own_answer(role, question.intent):
        return text == own, text == own
    opening = next((said for said, _ in FLAVOURS[role] if text.startswith(f"{said} ")), "")
    return bool(opening), is_right(question, text.removeprefix(opening).strip())


def marks(assistant: Assistant, each: int) -> Iterator[tuple[bool, bool]]:
    """So many questions in each role, other ones in every role, the test voices in turn."""
    inside = [question for question in questions() if question.intent != OUTSIDE]
    for number, question in enumerate(spread(inside, each * len(ROLES))):
        role = ROLES[number % len(ROLES)]
        asked = speak(question.question, TEST_VOICES[number % len(TEST_VOICES)])
        for event in assistant.ask(asked, system=system_turn(role), seed=SEED):
            if isinstance(event, Answered):
                yield judged(question, role, event.answer.text)


def main() -> None:
    """Read the command line and print two shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=Path("assets/parley_assets/bundles/mini"))
    parser.add_argument("--each", type=int, default=8, help="questions in each role")
    options = parser.parse_args()
    found = list(marks(Assistant.load(str(options.bundle)), options.each))
    print(f"in role {sum(role for role, _ in found)} of {len(found)}, right {sum(right for _, right in found)}")


if __name__ == "__main__":
    main()
