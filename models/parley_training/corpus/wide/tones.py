"""Questions about the asker's own voice: how high, fast, loud it is, whether it whispers, which mood is in it.

Each exchange says how its question must sound.
"""

from __future__ import annotations

from parley_training.corpus.exchange import Tone
from parley_training.corpus.frames import wording
from parley_training.corpus.grammar import Grammar
from parley_training.corpus.wide.scene import Scene, SceneWriter, among, plainly

_CATEGORY = "Voice understanding"
_HEAR = "(do you hear|do you think|would you say|can you tell|can you hear|could you tell|what do you think|tell me|please tell me)"


def _voice(one: str, other: str, *, is_voice: str, own: str) -> Grammar:
    """Whether one's voice is this or that."""
    either = f"({one} or {other}|{other} or {one})"
    return wording(
        either=either,
        hear=_HEAR,
        voice="(my voice|my voice|the voice i have|this voice)",
        direct=f"(is <voice> <either>|{is_voice}|do i (speak|talk) with (a|an) <either> voice|do i have (a|an) <either> voice|{own}|what is my voice, <either>|which is it, my voice, <either>|would you call my voice <either>|"
        "do you find my voice <either>|does my voice sound <either>|listen to me, is my voice <either>|hear my voice, is it <either>)",
        clause=f"((if|whether) <voice> is <either>|(if|whether) i have (a|an) <either> voice|(if|whether) my voice sounds <either>|what my voice is, <either>|{own})",
        topic="(the kind of voice i have, <either>)",
        fragment="(my voice, <either>|<either>, my voice|my voice, is it <either>|<either>, how is my voice)",
        order="(listen to my voice and tell me if it is <either>|listen, and say if my voice is <either>|judge my voice, <either>)",
    )


pitch = SceneWriter(
    "voice_pitch",
    _CATEGORY,
    _voice("high", "low", is_voice="is my voice more <either>", own="how high is my voice"),
    among(
        [
            Scene({}, plainly("Your voice is high."), "high", tone=Tone(pitch="high")),
            Scene({}, plainly("Your voice is low."), "low", tone=Tone(pitch="low")),
        ]
    ),
    weight=4,
)


def _speech(one: str, other: str, *, own: str, nouns: str) -> Grammar:
    """Whether one speaks this or that way."""
    return wording(
        either=f"({one} or {other}|{other} or {one})",
        direct=f"(do i (speak|talk) <either>|am i (speaking|talking) <either>|{own}|is my speech <either>|how do i (speak|talk), <either>|would you say that i (speak|talk) <either>|do you think i (speak|talk) <either>|"
        f"how (am i speaking|am i talking), <either>|{nouns}|is this <either>, the way i (speak|talk)|did i say that <either>)",
        clause=f"((if|whether) i (speak|talk) <either>|(if|whether) i am (speaking|talking) <either>|how i (speak|talk), <either>|{own})",
        topic=f"({nouns.split('|', 1)[0]})",
        fragment="(my speech, <either>|<either>, my speech|the way i (speak|talk), <either>|<either>, how do i talk)",
        order="(listen to me and tell me if i (speak|talk) <either>|listen, and say if i am (speaking|talking) <either>|judge how i (speak|talk), <either>)",
    )


pace = SceneWriter(
    "voice_pace",
    _CATEGORY,
    _speech(
        "fast",
        "slow",
        own="how fast (do i speak|am i talking|am i speaking)",
        nouns="my speed, is it fast or slow|is my speed fast or slow",
    ),
    among(
        [
            Scene({}, plainly("You speak fast."), "fast", tone=Tone(pace="fast")),
            Scene({}, plainly("You speak slowly."), "slowly", tone=Tone(pace="slow")),
        ]
    ),
    weight=4,
)
loudness = SceneWriter(
    "voice_loudness",
    _CATEGORY,
    _speech(
        "loud",
        "quiet",
        own="how loud (do i speak|am i talking|am i)",
        nouns="my voice, is it loud or quiet|is my voice loud or quiet|am i loud or quiet",
    ),
    among(
        [
            Scene({}, plainly("You are loud."), "loud", tone=Tone(loudness="loud")),
            Scene({}, plainly("You are quiet."), "quiet", tone=Tone(loudness="quiet")),
        ]
    ),
    weight=4,
)
whispering = SceneWriter(
    "voice_whisper",
    _CATEGORY,
    wording(
        direct="(am i whispering|do i whisper|am i whispering or (speaking|talking)|do you hear me whisper|is this a whisper|did i whisper that|is my voice a whisper|would you call this whispering|was that a whisper|am i using my voice or whispering|"
        "is this whispering or speaking|do i speak in a whisper|am i talking in a whisper|can you hear if i whisper)",
        clause="((if|whether) i am whispering|(if|whether) this is a whisper|(if|whether) i (whisper|am whispering) or (speak|talk)|(if|whether) i speak in a whisper)",
        fragment="(whispering or speaking|whisper or not|a whisper or not|this, is it a whisper|whispering, am i)",
        order="(listen and tell me if i am whispering|tell me if i whisper|say if this is a whisper)",
    ),
    among(
        [
            Scene({}, plainly("Yes, you are whispering."), "yes whispering", tone=Tone(whispered=True)),
            Scene({}, plainly("No, you are not whispering."), "no not whispering", tone=Tone(whispered=False)),
        ]
    ),
    weight=3,
)
mood = SceneWriter(
    "voice_mood",
    _CATEGORY,
    wording(
        moods="(|||, happy, sad or angry|, sad or happy|, happy or sad|, angry or happy|, happy, sad, angry or neutral)",
        direct="(how do i sound <moods>|how does my voice sound <moods>|what mood am i in <moods>|how am i feeling <moods>|which emotion do you hear [in my voice]|what emotion is in my voice|what feeling do you hear in my voice|can you hear how i feel|"
        "guess how i feel|what is my mood <moods>|do i sound (happy|sad|angry|happy or sad|sad or angry)|am i (happy|sad|angry|happy or sad)|how do you think i feel <moods>|what do you hear in my voice|what does my voice tell you about my mood|"
        "can you tell my mood from my voice|which mood do you hear <moods>|listen to my voice, how do i feel)",
        clause="(how i sound <moods>|how i feel <moods>|what mood i am in|which emotion is in my voice|if i sound (happy|sad|angry)|what feeling you hear in my voice)",
        topic="(the mood in my voice|the emotion in my voice|the feeling in my voice|my mood, by my voice)",
        fragment="(my mood <moods>|my voice, happy or sad|the emotion in my voice|the mood in my voice <moods>|happy, sad or angry, how do i sound)",
        order="(guess my mood|guess how i feel|guess my feelings|listen to my voice and tell me how i feel|tell my mood by my voice)",
    ),
    among(
        [
            Scene({}, plainly("You sound happy."), "happy", tone=Tone(mood="happy")),
            Scene({}, plainly("You sound sad."), "sad", tone=Tone(mood="sad")),
            Scene({}, plainly("You sound angry."), "angry", tone=Tone(mood="angry")),
            Scene({}, plainly("You sound neutral."), "neutral", tone=Tone(mood="neutral")),
        ]
    ),
    weight=6,
)
