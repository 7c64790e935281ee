import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from parley_models import brain as brains
from parley_models.backbone.gain import Costs
from parley_models.brain import BackboneBrain
from parley_models.errors import BundleCorrupt, BundleMissing
from parley_models.manifest import Drafting, Manifest, manifest_toml, read_manifest
from tests.fakes.thimble import LAYOUT, MANIFEST
from tests.fakes.tiny_bundle import write_backbone

COLD = replace(MANIFEST, sampling=replace(MANIFEST.sampling, audio_temperature=0), context_tokens=512)
SPEECH = [LAYOUT.audio_offset + 3] * 2 + [LAYOUT.semantic_offset + 9] * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle = tmp_path_factory.mktemp("bundle")
    write_backbone(bundle / "backbone")
    write_backbone(bundle / "small")
    return bundle / "backbone"


def answer(folder: Path, manifest: Manifest) -> tuple[list[int], BackboneBrain]:
    brain = BackboneBrain.load(folder, manifest)
    brain.resume([1, 4, *SPEECH])
    brain.hear(SPEECH, last=True)
    return list(brain.decode(seed=3, limit=50)), brain


@pytest.mark.parametrize("drafting", [Drafting(layers=1, always=True), Drafting(folder="small", always=True)])
def test_a_bundle_that_drafts_gives_the_same_answers(folder: Path, drafting: Drafting) -> None:
    alone, brain = answer(folder, COLD)
    assert brain._speculation is None
    drafted, brain = answer(folder, replace(COLD, drafting=drafting))
    assert brain._speculation is not None
    assert brain._speculation.judged > 30
    assert drafted == alone


def test_a_pulled_draft_is_used_where_it_is_and_fits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    drafts = replace(COLD, drafting=Drafting(pulled="draft", always=True))
    alone, brain = answer(folder, drafts)
    assert brain._speculation is None
    place = tmp_path / "parley" / "drafts" / "draft" / "backbone"
    shutil.copytree(folder, place)
    drafted, brain = answer(folder, drafts)
    assert brain._speculation is not None
    assert brain._speculation.judged > 30
    assert drafted == alone
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(config | {"vocab_size": 99}))
    _, brain = answer(folder, drafts)  # damaged: told, and answered without
    assert brain._speculation is None
    assert "draft can't draft: " in caplog.text


@pytest.mark.parametrize(("checks", "used"), [((1.0, 1.0, 1.0, 1.0, 1.1), True), ((1.0, 2.0, 3.0, 4.0, 5.0), False)])
def test_measuring_decides(folder: Path, monkeypatch: pytest.MonkeyPatch, checks: tuple[float, ...], used: bool) -> None:
    monkeypatch.setattr(brains, "measure", lambda *_, **__: Costs(checks, 0.05))
    _, brain = answer(folder, replace(COLD, drafting=Drafting(layers=1)))
    assert (brain._speculation is not None) == used


def test_what_is_measured_here_can_be_used(folder: Path) -> None:
    answer(folder, replace(COLD, drafting=Drafting(folder="small")))


def test_drafters_that_are_not_there(folder: Path) -> None:
    with pytest.raises(BundleMissing, match=r"lacks .*nobody"):
        BackboneBrain.load(folder, replace(COLD, drafting=Drafting(folder="nobody")))
    with pytest.raises(BundleCorrupt, match="of 2 layers can't draft with its lowest 7"):
        BackboneBrain.load(folder, replace(COLD, drafting=Drafting(layers=7)))


def test_the_manifest_keeps_it(tmp_path: Path) -> None:
    drafting = Drafting(layers=3, always=True)
    (tmp_path / "bundle.toml").write_text(manifest_toml(replace(MANIFEST, drafting=drafting)), "utf-8")
    assert read_manifest(tmp_path).drafting == drafting
    (tmp_path / "bundle.toml").write_text(manifest_toml(replace(MANIFEST, drafting=Drafting(folder="../elsewhere"))), "utf-8")
    with pytest.raises(BundleCorrupt, match=r"damaged at drafting\.folder"):
        read_manifest(tmp_path)
