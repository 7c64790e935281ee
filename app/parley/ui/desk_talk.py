"""The window and the conversation, connected: what the user does becomes a call, what happens becomes a picture."""

from dataclasses import replace
from pathlib import Path
from typing import assert_never

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from parley.conversation import events as news
from parley.conversation.character import Character
from parley.conversation.events import EngineState
from parley.conversation.offer import Offer, Remote
from parley.conversation.talk import Talk
from parley.ui.banner import Tone
from parley.ui.bridge import Bridge
from parley.ui.situation import Situation
from parley.ui.window import Window

TROUBLE = {
    EngineState.STUCK: "The engine does not answer. If it stays so, another one is started.",
    EngineState.DIED: "The engine died. Another one is being started; nothing is lost.",
    EngineState.FAILED: "The engine can't be started.",
}
"""Where the engine's own sentence is missing."""

SOUND_FILES = "WAV (*.wav);;FLAC (*.flac)"

Turning = news.Asked | news.Understood | news.Dropped | news.Replaying
Telling = news.Answering | news.Wrote | news.Styled | news.Progressed | news.Spoke | news.Measured | news.Timed


class DeskTalk(QObject):
    """Lives on the window's thread; events come through the bridge."""

    def __init__(self, window: Window, talk: Talk, bridge: Bridge) -> None:
        super().__init__(window)
        self._window, self._talk = window, talk
        self._situation = Situation()
        self._open: int | None = None
        self._character: Character | None = None
        self._offer: Offer | None = None
        bridge.arrived.connect(self.show_event)
        self._connect()

    def _connect(self) -> None:
        window, talk = self._window, self._talk
        window.keys.pressed.connect(self._press)
        window.keys.released.connect(self._release)
        bar = window.talk_bar
        bar.held.connect(self._press)
        bar.let_go.connect(self._release)
        bar.microphone_opened.connect(talk.open_microphone)
        bar.muted.connect(talk.mute)
        bar.interrupted.connect(talk.interrupt)
        bar.composer.sent.connect(talk.send)
        window.view.wanted.connect(self._deed)
        window.view.corrected.connect(talk.correct)
        window.view.suggested.connect(talk.send)
        window.style_panel.style_chosen.connect(talk.set_style)
        window.roles_panel.chosen.connect(talk.set_character)
        window.roles_panel.troubled.connect(self._trouble)
        window.timers.cancelled.connect(talk.cancel_timer)
        conversations = window.conversations
        conversations.new_wanted.connect(talk.new_conversation)
        conversations.sought.connect(window.view.seek)
        conversations.opened.connect(talk.open_conversation)
        conversations.renamed.connect(talk.rename_conversation)
        conversations.deleted.connect(talk.delete_conversation)
        conversations.searched.connect(talk.search)

    def _press(self) -> None:
        self._talk.press()

    def _release(self) -> None:
        self._talk.release(self._window.talk_bar.composer.take())

    def _deed(self, deed: str, turn: int) -> None:
        match deed:
            case "replay":
                self._talk.replay(turn)
            case "continue":
                self._talk.continue_answer(turn)
            case "again":
                self._talk.say_again(turn, self._window.style_panel.style_now)
            case "save":
                path, _ = QFileDialog.getSaveFileName(self._window, "Save the sound", f"parley-{turn}.wav", SOUND_FILES)
                if path:
                    self._talk.save_sound(turn, Path(path))

    def _trouble(self, message: str) -> None:
        self._window.banner.say("trouble", "warning", message, passing=True)

    def show_event(self, event: news.Event) -> None:
        """Show one piece of news. Called on the window's thread, in order."""
        match event:
            case news.EngineChanged() | news.StateChanged() | news.SoundChanged():
                self._show_situation(event)
            case news.Asked() | news.Understood() | news.Dropped() | news.Replaying():
                self._show_turn(event)
            case news.Answering() | news.Wrote() | news.Styled() | news.Progressed() | news.Spoke() | news.Measured() | news.Timed():
                self._show_answer(event)
            case news.StyleChanged() | news.CharacterChanged():
                self._show_manner(event)
            case news.ConversationOpened() | news.ConversationsListed() | news.Found():
                self._show_conversations(event)
            case news.TimersChanged() | news.Rang():
                self._show_timers(event)
            case news.Stumbled() | news.Crashed():
                self._show_trouble(event)
            case _:
                assert_never(event)

    def _show_turn(self, event: Turning) -> None:
        view = self._window.view
        match event:
            case news.Asked():
                view.ask(event)
            case news.Understood():
                view.understand(event)
            case news.Replaying():
                view.replaying(event)
            case news.Dropped():
                view.drop(event)
                if event.reason:
                    self._window.banner.say("dropped", "info", event.reason, passing=True)

    def _show_answer(self, event: Telling) -> None:
        view = self._window.view
        match event:
            case news.Answering():
                self._window.banner.clear("dropped")
                view.begin(event)
            case news.Wrote():
                view.write(event)
            case news.Styled():
                view.restyle(event)
            case news.Progressed():
                view.progress(event)
            case news.Spoke():
                view.finish(event)
            case news.Timed():
                view.time(event)
            case news.Measured():
                view.measure(event)
                self._window.style_panel.show_measured(event)

    def _show_trouble(self, event: news.Stumbled | news.Crashed) -> None:
        if isinstance(event, news.Crashed):
            self._window.banner.say("crashed", "danger", event.message, passing=True)
        elif event.turn is None or not self._window.view.complain(event.turn, event.message):
            self._trouble(event.message)

    def _show_situation(self, event: news.EngineChanged | news.StateChanged | news.SoundChanged) -> None:
        is_remote = isinstance(self._window.chosen.settings.engine.choice, Remote)
        self._situation = replace(self._situation.after(event), is_remote=is_remote)
        self._window.talk_bar.show_situation(self._situation)
        if isinstance(event, news.EngineChanged):
            self._show_engine(event)
        elif isinstance(event, news.SoundChanged):
            self._show_sound(event)

    def _show_engine(self, event: news.EngineChanged) -> None:
        window = self._window
        is_remote = self._situation.is_remote
        window.header.chip.show_engine(event, is_remote=is_remote)
        if event.offer is not None:
            window.style_panel.show_offer(event.offer)
            window.roles_panel.show_offer(event.offer)
            self._offer = event.offer
            self._name_speaker()
        if event.state in {EngineState.STUCK, EngineState.DIED, EngineState.FAILED}:
            offers = {} if event.state is EngineState.STUCK else {"Try again": self._talk.retry}
            if event.state is EngineState.FAILED or is_remote:  # the address may be wrong
                offers["Settings"] = window.settings_wanted.emit
            tone: Tone = "warning" if event.state is EngineState.STUCK else "danger"
            window.banner.say("engine", tone, event.message or TROUBLE[event.state], offers)
        else:
            window.banner.clear("engine")

    def _show_sound(self, event: news.SoundChanged) -> None:
        banner, settings = self._window.banner, {"Settings": self._window.settings_wanted.emit}
        if event.microphone is None or event.speaker is None:
            banner.say("sound", "warning", lack(event), settings)
        elif event.message:
            banner.say("sound", "info", event.message, passing=True)
        else:
            banner.clear("sound")

    def _show_manner(self, event: news.StyleChanged | news.CharacterChanged) -> None:
        if isinstance(event, news.StyleChanged):
            self._window.style_panel.hear_style(event.style)
            return
        self._window.roles_panel.show_character(event.character)
        self._character = event.character
        self._name_speaker()

    def _name_speaker(self) -> None:
        """Who is talked to is who really answers: a character only where the engine plays it."""
        character, offer = self._character, self._offer
        played = character is not None and (offer is None or not character.unplayable(offer))
        self._window.view.use_speaker(character.name if character is not None and played else "")

    def _show_conversations(self, event: news.ConversationOpened | news.ConversationsListed | news.Found) -> None:
        window = self._window
        match event:
            case news.ConversationOpened():
                window.view.open(event.heading, event.turns)
                window.header.title.show_text(event.heading.title or "New conversation")
                window.conversations.show_current(event.heading.number)
                self._open = event.heading.number
            case news.ConversationsListed():
                window.conversations.show_headings(event.headings)
                title = next((each.title for each in event.headings if each.number == self._open), "")
                if title:
                    window.header.title.show_text(title)
            case news.Found():
                window.conversations.show_found(event)

    def _show_timers(self, event: news.TimersChanged | news.Rang) -> None:
        if isinstance(event, news.TimersChanged):
            self._window.timers.show_timers(event.timers)
            return
        label = f"The timer rings: {event.timer.label}" if event.timer.label else "The timer rings."
        self._window.banner.say("rings", "info", label, {"Stop": self._talk.interrupt}, passing=True)


def lack(event: news.SoundChanged) -> str:
    """What is missing and what still works, in a sentence or two."""
    if event.microphone is None and event.speaker is None:
        return "There is neither a microphone nor a speaker: type, and read the answers."
    if event.microphone is None:
        return event.message or "There is no microphone. You can still type."
    return event.message or "There is no speaker. You can still read the answers."
