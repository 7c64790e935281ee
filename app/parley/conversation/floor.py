"""Who has the floor."""

from parley.conversation.events import Activity
from parley.conversation.listening import Listening
from parley.conversation.speaking import Sounding


def activity(heard: Listening, speaking: Sounding | None, *, asked: bool) -> Activity:
    """What is going on: somebody speaks, or an answer is heard, or waited for; `asked`: a question has no answer yet."""
    if heard.utterance is not None:
        return Activity.LISTENING
    if speaking is not None and (speaking.begun or speaking.purpose != "answer"):
        return Activity.SPEAKING
    return Activity.THINKING if speaking is not None or asked else Activity.IDLE
