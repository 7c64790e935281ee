"""Characters: choose, edit, bring in, hand on; what can't be played says why."""

from dataclasses import replace
from pathlib import Path

from parley.conversation.character import Character
from parley.conversation.events import CharacterChanged, EngineChanged, EngineState
from parley.ui.role_editor import RoleEditor
from parley.ui.roles_panel import RoleCard, RolesPanel
from parley_models.style import Style
from tests.fakes.window_talk import GHOST, MINI, PIRATE, RICH
from tests.parley.ui.conftest import Desktop, end


def card(panel: RolesPanel, name: str) -> RoleCard:
    return next(each for each in panel.cards if each.character.name == name)


def test_a_character_is_chosen_with_a_click_and_parley_again(desktop: Desktop) -> None:
    panel = desktop.window.roles_panel
    card(panel, "Pirate").click()
    desktop.settle()
    assert card(panel, "Pirate").isChecked() and not card(panel, "Parley").isChecked()
    card(panel, "Parley").click()
    desktop.settle()

    assert desktop.called("set_character") == [(PIRATE,), (None,)]


def test_what_the_bundle_cannot_speak_is_marked_with_the_reason(desktop: Desktop) -> None:
    panel = desktop.window.roles_panel
    assert card(panel, "Pirate").lack == ""
    ghost = card(panel, "Ghost")
    assert ghost.lack == "Not in its full style here"
    assert ghost.toolTip().startswith("<p>") and "manner" in ghost.toolTip() and "manner" in ghost.accessibleDescription()

    desktop.talk.tell(EngineChanged(EngineState.READY, offer=RICH))
    desktop.settle()
    assert card(panel, "Ghost").lack == ""


def test_what_is_too_long_for_a_card_is_in_its_hint_and_never_markup(desktop: Desktop) -> None:
    wordy = RoleCard(desktop.theme, Character("Wordy", "Says <b>a lot</b> & more."), None)

    assert wordy.toolTip() == "<p>Says &lt;b&gt;a lot&lt;/b&gt; &amp; more</p>"
    end(wordy)


def test_a_role_that_a_small_model_does_not_know_is_marked(desktop: Desktop) -> None:
    desktop.cast.own = [Character("Judge", "Strict.", kind="judge")]
    offer = replace(MINI, roles=("pirate",))
    desktop.talk.tell(EngineChanged(EngineState.READY, offer=offer))
    desktop.settle()

    assert "plays only these roles: pirate" in card(desktop.window.roles_panel, "Judge").unplayable


def test_where_no_role_can_be_played_every_character_is_marked_and_none_is_talked_to(desktop: Desktop) -> None:
    desktop.talk.tell(EngineChanged(EngineState.READY, offer=replace(MINI, roles=())))
    desktop.talk.tell(CharacterChanged(PIRATE))
    desktop.settle()
    panel = desktop.window.roles_panel
    assert [each.character.name for each in panel.cards if not each.unplayable] == ["Parley"]
    assert "plays no roles" in card(panel, "Pirate").accessibleDescription()
    assert desktop.window.view.welcome.title.text() == "Talk to Parley"

    desktop.talk.tell(EngineChanged(EngineState.READY, offer=RICH))
    desktop.settle()
    assert desktop.window.view.welcome.title.text() == "Talk to Pirate"


def test_the_character_in_force_is_marked_whoever_set_it(desktop: Desktop) -> None:
    desktop.talk.tell(CharacterChanged(PIRATE))
    desktop.settle()

    assert card(desktop.window.roles_panel, "Pirate").isChecked()
    assert desktop.called("set_character") == []


def test_editing_a_shipped_character_makes_the_users_own(desktop: Desktop) -> None:
    panel = desktop.window.roles_panel
    desktop.talk.tell(CharacterChanged(PIRATE))
    desktop.settle()
    panel.edit_button.click()
    editor = panel.editor
    assert editor.name_field.text() == "Pirate"
    assert editor.style_panel.rows["rate"].value == 0.9
    editor.name_field.setText("Old pirate")
    editor.fields["greeting"].setPlainText("Arr!")
    editor.keep_button.click()
    desktop.settle()

    (kept,) = desktop.cast.own
    assert (kept.name, kept.greeting, kept.style) == ("Old pirate", "Arr!", Style(rate=0.9, pitch=-3))
    assert desktop.called("set_character") == [(kept,)]
    assert {"Pirate", "Old pirate"} <= {each.character.name for each in panel.cards}


def test_a_style_that_this_engine_lacks_survives_editing(desktop: Desktop) -> None:
    panel = desktop.window.roles_panel
    desktop.talk.tell(CharacterChanged(GHOST))
    desktop.settle()
    panel.edit_button.click()
    panel.editor.fields["scenario"].setPlainText("An attic.")
    panel.editor.style_panel.rows["rate"].slider.setValue(0)  # type: ignore[attr-defined]
    panel.editor.keep_button.click()
    desktop.settle()

    assert desktop.cast.own[0].style == Style(manner="whisper", rate=0.5)


def test_a_character_needs_a_name(desktop: Desktop) -> None:
    panel = desktop.window.roles_panel
    panel.new_button.click()
    panel.editor.name_field.setText("  ")

    assert not panel.editor.keep_button.isEnabled()
    panel.editor.reject()


def test_cards_come_in_and_go_out_as_files(desktop: Desktop, tmp_path: Path) -> None:
    panel = desktop.window.roles_panel
    source = tmp_path / "Wizard.json"
    source.write_text("A wizard.", "utf-8")
    panel.take(source)
    desktop.settle()
    assert card(panel, "Wizard").isChecked()

    panel.give(tmp_path / "out.json")
    assert (tmp_path / "out.json").read_text("utf-8") == "Wizard"


def test_a_file_that_is_no_card_says_so(desktop: Desktop, tmp_path: Path) -> None:
    desktop.window.roles_panel.take(tmp_path / "holiday.txt")

    assert desktop.window.banner.texts == ["holiday.txt is no character card."]


def test_only_the_users_own_are_deleted(desktop: Desktop) -> None:
    panel = desktop.window.roles_panel
    desktop.talk.tell(CharacterChanged(PIRATE))
    desktop.settle()
    panel.delete()
    assert "Pirate" in {each.character.name for each in panel.cards}

    desktop.cast.own = [Character("Mine")]
    panel.reload()
    panel.show_character(Character("Mine"))
    panel.delete()
    assert "Mine" not in {each.character.name for each in panel.cards}
    assert desktop.called("set_character") == [(None,)]


def test_what_is_written_in_the_editor_is_seen_whole(desktop: Desktop) -> None:
    wordy = replace(PIRATE, personality="Loud and merry, and proud of the ship. " * 4, scenario="On board.\nAt dawn.")
    editor = RoleEditor(desktop.theme, wordy, MINI, "Edit", desktop.window)
    editor.open()
    desktop.settle()
    assert {name for name, field in editor.fields.items() if field.verticalScrollBar().maximum() > 0} == set()

    field = editor.fields["scenario"]
    before = field.height()
    field.setPlainText("A line.\n" * 5)
    desktop.settle()
    assert field.height() > before
    field.setPlainText("A line.\n" * 500)
    desktop.settle()
    assert before < field.height() < 260
    end(editor)
