"""What is going on, in the words and colours that the window shows."""

from dataclasses import dataclass, field, replace

from parley.conversation.events import Activity, EngineChanged, EngineState, SoundChanged, StateChanged


@dataclass(frozen=True, slots=True)
class Shown:
    """One state as it is shown."""

    word: str
    hint: str
    icon: str
    colour: str
    """Of the theme's palette."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The last news of engine, conversation and sound card together."""

    engine: EngineChanged = field(default_factory=lambda: EngineChanged(EngineState.STARTING))
    state: StateChanged = field(default_factory=lambda: StateChanged(Activity.IDLE, open_microphone=False, muted=False, held=False))
    sound: SoundChanged = field(default_factory=lambda: SoundChanged("", ""))
    is_remote: bool = False
    """Whether the engine is at an address, where it is not ours to start."""

    def after(self, news: EngineChanged | StateChanged | SoundChanged) -> "Situation":
        """The situation when this has become known."""
        match news:
            case EngineChanged():
                return replace(self, engine=news)
            case StateChanged():
                return replace(self, state=news)
            case SoundChanged():
                return replace(self, sound=news)

    @property
    def can_listen(self) -> bool:
        """Whether there is a microphone, and it is not muted."""
        return self.sound.microphone is not None and not self.state.muted

    @property
    def shown(self) -> Shown:
        """What to show: what both sides do comes first, then what is in the way, then how to begin."""
        return _activity(self) or _obstacle(self) or _invitation(self)


def _activity(now: Situation) -> Shown | None:
    state, ready = now.state, now.engine.state in {EngineState.READY, EngineState.ASLEEP}
    waits = "" if ready else "The engine is not up yet; you will be answered as soon as it is."
    if state.activity is Activity.LISTENING and now.sound.microphone is not None:
        hint = waits or ("Let go when you are done" if state.held else "Pause when you are done")
        return Shown("Listening", hint, "microphone", "accent")
    if state.activity is Activity.SPEAKING:
        quiet = "There is no speaker: read the answer above" if now.sound.speaker is None else "Esc, Space or your voice interrupts"
        if state.muted:
            quiet = "Your microphone is muted · Esc interrupts"
        return Shown("Speaking", "Quieter while you speak" if state.ducked else quiet, "speaker", "speaking")
    if state.activity is Activity.THINKING and ready:
        return Shown("Thinking", "Esc takes it back", "spark", "thinking")
    return None


def _obstacle(now: Situation) -> Shown | None:
    engine = now.engine
    match engine.state:
        case EngineState.STARTING | EngineState.LOADING:
            loading = engine.state is EngineState.LOADING
            hint = "Loading the model" if loading else "You can speak or type already"
            return Shown("Engine starting", hint, "engine", "thinking")
        case EngineState.STUCK:
            return Shown("Engine stuck", "It has not answered for a second; Parley waits for it", "warning", "warning")
        case EngineState.DIED if now.is_remote:
            return Shown("No connection", "Parley keeps trying; nothing is lost", "warning", "danger")
        case EngineState.DIED:
            return Shown("Engine died", "It is being started again; nothing is lost", "warning", "danger")
        case EngineState.FAILED:
            return Shown("Engine failed", "Try again, or choose another in Settings", "warning", "danger")
        case EngineState.STOPPED:
            return Shown("Engine stopped", "", "engine", "ink_soft")
        case EngineState.READY | EngineState.ASLEEP:
            pass
    if now.sound.microphone is None:
        return Shown("No microphone", "Typing still works", "microphone-off", "warning")
    if now.state.muted:
        return Shown("Muted", "Parley hears nothing until you unmute", "microphone-off", "warning")
    return None


def _invitation(now: Situation) -> Shown:
    if now.state.open_microphone:
        return Shown("Open microphone", "Just speak", "open-microphone", "accent")
    if now.sound.speaker is None:
        return Shown("No speaker", "Answers can still be read", "speaker-off", "warning")
    if now.engine.state is EngineState.ASLEEP:
        return Shown("Asleep", "Hold Space and speak: that wakes it", "clock", "ink_soft")
    return Shown("Ready", "Hold Space and speak", "microphone", "ink_soft")
