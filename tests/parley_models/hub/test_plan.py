"""What is told before anything is fetched, held against the promises' own arithmetic."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from parley_models.backbone.convert import weight_shapes
from parley_models.backbone.quantize import Quantization
from parley_models.device import BESIDE_BYTES
from parley_models.errors import UsageError
from parley_models.hub.cards import CARDS, known_card
from parley_models.hub.catalogue import CATALOGUE, STEP_3B, STEP_130B, Entry, find_entry
from parley_models.hub.footprint import BFLOAT16, INT3, INT4, INT4_WIDE, INT8, Footprint, Precision
from parley_models.hub.hardware import Gpu, card_as_gpu, double_rate, from_nvml, from_smi, gpus
from parley_models.hub.plan import Plan, Room, fit, plan, room
from tests.conftest import ROOT
from tests.fakes.float_checkpoint import CONFIG

WIDE = Room(80, 12, 2_000, 2_000, one_disk=True)
AQAA = CATALOGUE["aqaa-int4"]


def card(name: str) -> Gpu:
    gpu = card_as_gpu(name)
    assert gpu is not None
    return gpu


def planned(name: str, *there: Gpu, room_here: Room = WIDE) -> Plan:
    return plan(name, find_entry(name), there, room_here)


def test_sizes_are_the_published_ones_to_the_last_parameter() -> None:
    assert Footprint(STEP_130B, INT4).parameters == 131_946_590_208
    assert Footprint(STEP_3B, INT4).parameters == 3_529_706_496
    assert Footprint(STEP_130B, INT4).cache_bytes_per_id() == 360_448
    assert Footprint(STEP_3B, INT4).cache_bytes_per_id() == 32_768
    assert Footprint(STEP_130B, INT4).cache_bytes_per_id("int8") == 360_448 / 16 * 8.5
    assert Footprint(STEP_130B, BFLOAT16).weight_bytes == pytest.approx(263_893_180_416, rel=1e-4)


@pytest.mark.parametrize("precision", [INT8, INT4, INT4_WIDE, INT3], ids=lambda precision: f"{precision.name}-{precision.group_size}")
def test_what_is_counted_is_what_is_stored(precision: Precision) -> None:
    quantization, stored = Quantization(precision.name, precision.group_size), 0
    config = replace(CONFIG, hidden_size=512, intermediate_size=1024)
    for key, shape in weight_shapes(config).items():
        stored += sum(size.numel() * dtype.itemsize for size, dtype in quantization.stored(key, shape).values())
    assert Footprint(config, precision).weight_bytes == pytest.approx(stored, rel=0.005)


def test_the_promised_speeds_come_out() -> None:
    """PROMISES' table: 4.25 bits at 4k against the measured copies caps at 42.5 on an H100 and 61 on an H200, of which 80 % are counted."""
    bytes_per_step = Footprint(STEP_130B, Precision("int4", 4.25, 8.0)).bytes_per_step(4096)
    assert 3.0e12 / bytes_per_step == pytest.approx(42.5, rel=0.03)
    assert 4.3e12 / bytes_per_step == pytest.approx(61, rel=0.03)
    on_h200 = fit(AQAA, card("H200"))
    assert on_h200 is not None
    assert on_h200.ids_per_s == pytest.approx(0.8 * 4.3e12 / Footprint(STEP_130B, INT4_WIDE).bytes_per_step(4096))
    assert on_h200.context_minutes == pytest.approx(32_768 / 41.667 / 60, rel=1e-3)
    assert on_h200.first_sound_s is not None
    assert 0.7 < on_h200.first_sound_s < 2


def test_each_machine_gets_its_verdict() -> None:
    assert "Your 24 GB card (RTX 4090) can't hold this model: it takes 76 GB" in planned("aqaa-int4", card("RTX 4090")).verdict
    assert "No GPU was found" in planned("aqaa").verdict
    assert "should talk with it in real time" in planned("aqaa", card("H200")).verdict
    assert "`parley models pull aqaa-int4` fetches it" in planned("aqaa", card("H200")).verdict
    assert "`parley models pull aqaa-int3` fetches it" in planned("aqaa", card("RTX PRO 6000")).verdict
    assert "makes 18 of the 45 ids a second" in planned("aqaa-int4", card("RTX PRO 6000")).verdict
    assert "as aqaa-int4 it takes 76 GB and fits" in planned("aqaa-int8", card("H100")).verdict
    assert "comes with Parley" in planned("mini").verdict
    busy = replace(card("H200"), free_bytes=40_000_000_000)
    assert "other programs hold 111 GB" in planned("aqaa-int4", busy).verdict
    assert "Your 4 cards together" in planned("aqaa-int4", *[card("RTX 4090")] * 4).verdict
    assert (
        "the disk can't: 92 GB are needed and 50 GB are free" in planned("aqaa", card("H200"), room_here=Room(80, 12, 50, 50, True)).verdict
    )
    assert "the backbone runs on a server" in planned("aqaa-remote").verdict
    unknown = Gpu("Something New", 200_000_000_000, 200_000_000_000)
    assert "nothing can be said about speed" in planned("aqaa", unknown).verdict
    assert "beside AQAA" in planned("draft-3b-int4", card("H200")).verdict


def test_the_best_form_is_chosen_for_who_names_only_the_model() -> None:
    assert [form.name for form in planned("aqaa", card("H200")).forms] == ["aqaa-int8", "aqaa-int4", "aqaa-int3"]
    for name, best in {"B200": "aqaa-int4", "H200": "aqaa-int4", "H100": "aqaa-int3", "A100": "aqaa-int3"}.items():
        chosen = planned("aqaa", card(name)).chosen
        assert chosen is not None
        assert chosen.name == best
    named = planned("aqaa-int8", card("H200")).chosen
    assert named is not None
    assert (named.name, named.keeps_up) == ("aqaa-int8", False)


def test_a_context_that_would_not_fit_is_kept_in_8_bits() -> None:
    roomy, tight, none = (fit(AQAA, card(name)) for name in ("H200", "H100", "RTX 4090"))
    assert roomy is not None
    assert tight is not None
    assert none is not None
    assert (roomy.cache, tight.cache, none.cache) == ("bfloat16", "int8", "int8")
    assert tight.context_minutes == roomy.context_minutes  # in bfloat16 it would be 11.8 minutes of 13.1
    free = card("H100").free_bytes - Footprint(STEP_130B, INT4_WIDE).weight_bytes - BESIDE_BYTES
    assert 11 < free // 360_448 / 41.667 / 60 < 12
    assert tight.fits
    barely = replace(card("H100"), free_bytes=round(tight.needed_gb * 1e9) + 10**6)
    found = fit(AQAA, barely)
    assert found is not None
    assert found.fits
    assert found.context_minutes == pytest.approx(4096 / 41.667 / 60, rel=0.01)


def test_the_card_with_most_free_memory_counts() -> None:
    found = planned("aqaa", replace(card("H200"), free_bytes=1), card("RTX PRO 6000"))
    assert found.card is not None
    assert found.card.name == "RTX PRO 6000"


def test_rooms_are_added_up_where_there_is_one_disk() -> None:
    aqaa = room(AQAA, 85_000_000_000, 85_000_000_000, one_disk=True)
    assert aqaa.model_gb == pytest.approx(73.6, abs=0.1)
    assert aqaa.on_the_way_gb == pytest.approx(11.9, abs=0.1)
    assert not aqaa.enough
    assert room(AQAA, 90_000_000_000, 13_000_000_000, one_disk=False).enough
    assert room(CATALOGUE["mini"], 0, 0, one_disk=True).model_gb == 0


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100 PCIe"),
        ("NVIDIA H100 NVL", "H100 NVL"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA H20", "H20"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "RTX PRO 6000"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA A100-SXM4-40GB", "A100-SXM4-40GB"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA L4", "L4"),
        ("Tesla T4", "T4"),
        ("rtx 4080 super", "RTX 4080 SUPER"),
        ("AMD Instinct MI300X", None),
    ],
)
def test_drivers_names_are_understood(told: str, name: str | None) -> None:
    found = known_card(told)
    assert (found.name if found else None) == name


def test_every_card_of_the_table_is_found_by_its_own_name() -> None:
    assert len({each.name for each in CARDS}) == len(CARDS)
    for each in CARDS:
        assert known_card(each.name) is each


def test_clocks_and_buses_give_the_data_sheets_figures() -> None:
    assert double_rate(2619, 5120) == pytest.approx(3352, abs=1)  # an H100's memory
    assert double_rate(10_501, 384) == pytest.approx(1008, abs=1)  # an RTX 4090's
    assert double_rate(0, 384) is None
    assert Gpu("Something New", 1, 1, 1000.0).usable_gb_per_s == 900


def test_the_drivers_program_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA RTX PRO 6000, 97887, 96000'\necho 'NVIDIA L4, 23034, 22500'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert from_smi() == [
        Gpu("NVIDIA RTX PRO 6000", 97_887 << 20, 96_000 << 20),
        Gpu("NVIDIA L4", 23_034 << 20, 22_500 << 20),
    ]
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate with the driver.'\nexit 9\n")
    assert from_smi() is None
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert from_smi() is None


def test_a_machine_without_any_of_it_has_no_cards() -> None:
    assert gpus((lambda: None, lambda: None)) == []
    assert gpus((lambda: None, list, lambda: [card("L4")])) == [card("L4")]


@pytest.mark.hardware
def test_the_management_library_and_the_program_agree() -> None:
    by_library, by_program = from_nvml(), from_smi()
    assert by_library
    assert by_program
    assert [gpu.name for gpu in by_library] == [gpu.name for gpu in by_program]
    assert all(abs(a.total_bytes - b.total_bytes) < 2**30 for a, b in zip(by_library, by_program, strict=True))


def test_the_catalogue_says_what_it_has() -> None:
    assert find_entry("aqaa").name == "aqaa-int4"
    with pytest.raises(UsageError, match="it has mini, aqaa-int8"):
        find_entry("gpt")


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_every_row_of_the_catalogue_is_complete(entry: Entry) -> None:
    assert entry.licence
    assert entry.built_in or entry.on_a_server or (entry.geometry and entry.precision)
    assert entry.built_in or entry.download_bytes > 10**9
    for source in entry.sources:
        assert not source.wants("README.md")
        assert not source.wants("modeling_step1.py"), "nothing of a repository is ever run"
        assert not source.wants("lib/liboptimus_ths-torch2.5-cu124.cpython-310-x86_64-linux-gnu.so")
        assert source.role != "backbone" or source.wants("model-00001-of-00028.safetensors") != entry.on_a_server


def test_planning_needs_neither_torch_nor_the_hub() -> None:
    code = (
        "import sys; import parley_models.hub.plan, parley_models.hub.hardware;"
        "print([name for name in ('torch', 'onnxruntime', 'huggingface_hub', 'pynvml') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "models", capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
