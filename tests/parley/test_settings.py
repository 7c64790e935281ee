"""Settings as a user meets them: what is chosen stays, and no file can keep Parley from starting."""

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from parley.audio.settings import AudioSettings
from parley.conversation.offer import BuiltIn, Remote
from parley.settings import (
    AppearanceSettings,
    EngineSettings,
    PrivacySettings,
    Settings,
    TurnSettings,
    load_settings,
    save_settings,
)
from parley_models.errors import StoreError
from parley_models.style import Style

CHOSEN = Settings(
    engine=EngineSettings("remote", "aqaa", "cuda:1", 20.0, "wss://talk.example/v1/realtime?model=x", "secret"),
    audio=AudioSettings("Mic “β”", "Speaker", echo_cancellation=False, input_gain_db=3.5, half_duplex=True),
    turns=TurnSettings(open_microphone=True, threshold=0.7, silence_ms=900),
    style=Style("happy", 0.5, 1.25, -2.0, "cantonese", "slt", "whisper"),
    privacy=PrivacySettings(keep_history=False, keep_recordings=True),
    appearance=AppearanceSettings("dark", "de"),
    character="Captain Rosa",
    window="AAAA",
)


def test_every_setting_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    save_settings(path, CHOSEN)
    assert load_settings(path).settings == CHOSEN
    assert not load_settings(path).trouble
    for part in dataclasses.fields(Settings):  # so that the test above says something about every one of them
        chosen, default = getattr(CHOSEN, part.name), getattr(Settings(), part.name)
        assert chosen != default, part.name


def test_a_choice_taken_back_is_the_default_again(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    save_settings(path, CHOSEN)
    save_settings(path, Settings())
    assert load_settings(path).settings == Settings()


def test_without_a_file_there_are_the_defaults_and_nothing_is_said(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "settings.toml")
    assert loaded.settings == Settings()
    assert not loaded.trouble
    assert not list(tmp_path.iterdir())


def test_what_was_written_by_hand_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('# mine\ncharacter = "Chef"\nfuture = 7\n[engine]\nbundle = "mini" # small\nwarp = true\n[tomorrow]\nx = [1, 2]\n')
    save_settings(path, dataclasses.replace(load_settings(path).settings, character="Robot"))
    text = path.read_text()
    for kept in ("# mine", "future = 7", "# small", "warp = true", "[tomorrow]", "x = [1, 2]"):
        assert kept in text
    assert load_settings(path).settings.character == "Robot"


def test_a_file_that_is_no_toml_is_told_and_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for content in (b"engine = [", b"\xff\xfe\x00"):
        path.write_bytes(content)
        loaded = load_settings(path)
        assert loaded.settings == Settings()
        (sentence,) = loaded.trouble
        assert sentence.startswith("settings.toml can't be used")
        save_settings(path, CHOSEN)
        assert content in {file.read_bytes() for file in tmp_path.glob("settings.bad*.toml")}
        assert load_settings(path).settings == CHOSEN


def test_one_wrong_value_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('character = "Chef"\nappearance = 3\n[turns]\nthreshold = 7\nsilence_ms = 900\n[style]\nrate = "fast"\npitch = 2\n')
    loaded = load_settings(path)
    assert loaded.settings == Settings(character="Chef", turns=TurnSettings(silence_ms=900), style=Style(pitch=2.0))
    (sentence,) = loaded.trouble
    for name in ("turns.threshold", "style.rate", "appearance must be a table"):
        assert name in sentence
    assert (tmp_path / "settings.bad.toml").read_text() == path.read_text()
    load_settings(path)
    assert len(list(tmp_path.iterdir())) == 2  # the same file is kept aside once


@pytest.mark.parametrize("content", ["engine = [", "[turns]\nthreshold = 7\n"])
def test_where_no_copy_can_be_kept_a_wrong_file_is_told_all_the_same(tmp_path: Path, content: str) -> None:
    path = tmp_path / f"{'s' * 248}.toml"  # with `.bad` in it the name is too long for any disk, as no folder is closed to root
    path.write_text(content)
    loaded = load_settings(path)
    assert loaded.settings == Settings()
    (sentence,) = loaded.trouble
    assert "no copy of the file can be kept (File name too long)" in sentence
    assert path.read_text() == content


def test_only_the_user_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("")
    path.chmod(0o644)
    save_settings(path, CHOSEN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["settings.toml"]


def test_a_place_that_can_not_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"can't be written to .*settings.toml"):
        save_settings(tmp_path / "blocked" / "settings.toml", CHOSEN)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.toml"
    save_settings(path, CHOSEN)

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        save_settings(path, Settings())
    assert load_settings(path).settings == CHOSEN
    assert [file.name for file in tmp_path.iterdir()] == ["settings.toml"]


def test_the_engine_that_was_chosen_is_the_one_that_is_asked() -> None:
    assert EngineSettings().choice == BuiltIn("mini", "auto", None)
    assert CHOSEN.engine.choice == Remote("wss://talk.example/v1/realtime?model=x", "secret")
    assert "secret" not in repr(CHOSEN.engine.choice)
