"""Mini 1's wider world: what its writers write besides those of Mini 0 (`corpus.writers`)."""

from parley_training.corpus.wide import (
    alphabet,
    clock,
    counting,
    creative,
    following,
    games,
    products,
    riddles,
    saying,
    timers,
    tones,
)
from parley_training.corpus.wide.feelings import feelings
from parley_training.corpus.wide.human_words import human_word
from parley_training.corpus.wide.outside import abilities, outside
from parley_training.corpus.wide.repeating import repeat
from parley_training.corpus.wide.roles import role_play, roles
from parley_training.corpus.wide.scene import Derived, SceneWriter
from parley_training.corpus.wide.talk import about_parley, small_talk

WideWriter = SceneWriter | Derived

_WRITERS: tuple[WideWriter, ...] = (
    products.products,
    products.two_steps,
    alphabet.letter_after,
    alphabet.letter_before,
    alphabet.spell,
    alphabet.unspell,
    repeat,
    counting.count_by,
    counting.count_up,
    counting.count_down,
    saying.say_manner,
    saying.say_emotion,
    saying.say_times,
    saying.two_styles,
    saying.from_now_on,
    saying.in_style,
    saying.say_again,
    saying.stop,
    feelings,
    tones.pitch,
    tones.pace,
    tones.loudness,
    tones.whispering,
    tones.mood,
    creative.jokes,
    creative.topic_jokes,
    creative.verses,
    creative.stories,
    creative.short_stories,
    creative.any_stories,
    creative.rhymes,
    riddles.ask_riddle,
    riddles.judge_riddle,
    riddles.solve_riddle,
    clock.time,
    clock.dates,
    clock.days,
    timers.timer,
    timers.reminder,
    timers.cancel_timer,
    timers.list_timers,
    timers.tool_result,
    following.follow_same,
    following.follow_other,
    following.follow_number,
    following.why,
    following.sure,
    games.start_guessing,
    games.guessing,
    games.start_hands,
    games.hands,
    games.start_chain,
    games.chain,
    human_word,
    about_parley,
    small_talk,
    abilities,
    role_play,
    *roles.values(),
    *outside.values(),
)

WIDE: dict[str, WideWriter] = {writer.intent: writer for writer in _WRITERS}
"""By intent. `Derived` writers write exchanges of other intents, in a style or in a role."""

REPLACED = frozenset({"beyond", "abilities"})
"""Writers of Mini 0 that say less than what Mini 1 knows."""
