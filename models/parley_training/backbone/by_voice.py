"""How well a backbone hears each voice: words written along and answers begun rightly, on voices trained on and test voices.

python -m parley_training.backbone.by_voice --backbone runs/backbone/backbone --tokens runs/tokens --linguistic runs/linguistic
"""

from collections import defaultdict

from parley_training.backbone.measure import Look, look, shares
from parley_training.backbone.trial import Trial


def voice_name(speaker: str) -> str:
    """The synthesizer's voice; of espeak-ng's, the variant whatever its accent."""
    return speaker.rpartition("+")[2] or speaker


def main() -> None:
    """Read the command line and print a table."""
    trial = Trial.of_command_line(__doc__, count=150)
    for name in ("questions", "test"):
        writer, asked = trial.questions(name, seed=0)
        looks = defaultdict[str, list[Look]](list)
        for question in asked:
            looks[voice_name(question.voice) if name == "test" else ""].append(look(trial.backbone, writer, question))
        everything = [each for voice in looks.values() for each in voice]
        print(f"{name}: words {shares(everything)[0]:.0%}, answers {shares(everything)[1]:.0%} of {len(everything)}")
        for voice in sorted(filter(None, looks)):
            print(f"  {voice}: words {shares(looks[voice])[0]:.0%}, answers {shares(looks[voice])[1]:.0%} of {len(looks[voice])}")


if __name__ == "__main__":
    main()
