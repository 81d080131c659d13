"""Values of any type are taken as what they are or refused in one sentence."""

import math
import typing
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rkd_keras.errors import InputError, OptionError
from rkd_keras.models import EdgeResNetTiny
from rkd_keras.options import as_kind
from rkd_keras.runs.settings import OPTIONS, Settings

NAMES = [each.name for each in fields(Settings)] + ["width", "stem_stride"]
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.integers(-3, 2**31 - 1).map(np.int64),
    st.floats(width=32).map(np.float32),
    st.booleans().map(np.bool_),
)
VALUES = st.one_of(
    NUMBERS,
    st.none(),
    st.text(max_size=5),
    st.sampled_from(["fast", "holdout", "last", "balanced", "mixup", "1", "nan"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@settings(max_examples=300, deadline=None)
@example("batch_parts", None)
@given(st.sampled_from(NAMES), VALUES)
def test_any_value_of_any_option_fits_or_is_refused(name, value):
    given_values = {"data": "d", "out": "o", name: value}
    try:
        made = Settings(**given_values)
        made.check()
    except InputError as error:
        assert "\n" not in str(error).replace(repr(value), "")
        return
    kind, option = OPTIONS[name]
    kept = made.model_options.get(name, value)
    kept = getattr(made, name, kept) if name in vars(made) else kept
    assert made.to_config()  # JSON can hold it
    if isinstance(kept, float):
        assert math.isfinite(kept)
    option.check(name, kept)


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        (int, np.int64(3), 3),
        (int | None, None, None),
        (float, np.float32(0.5), 0.5),
        (float, 1, 1),
        (bool, np.True_, True),
        (str | None, Path("a"), "a"),
        (Path, "a", Path("a")),
        (list[str], ("a", Path("b")), ["a", "b"]),
        (list[Path] | None, ["a"], [Path("a")]),
    ],
)
def test_values_become_what_the_type_says(kind, value, taken):
    found = as_kind("it", kind, value)
    assert found == taken and type(found) is type(taken)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int, "3", "a whole number, not '3'"),
        (int, 3.0, "a whole number, not 3.0"),
        (int, True, "a whole number, not True"),
        (float, "0.1", "a number, not '0.1'"),
        (bool, "no", "True or False, not 'no'"),
        (bool, 1, "True or False, not 1"),
        (str, 3, "text, not 3"),
        (dict, [1], "a dict, not [1]"),
        (list[int], ["x"], "a whole number, not 'x'"),
    ],
)
def test_values_of_another_type_are_refused(kind, value, words):
    with pytest.raises(OptionError) as error:
        as_kind("it", kind, value)
    assert str(error.value) == f"it must be {words}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 2**32}, "seed must be at least 0 and at most 4294967295"),
        ({"split_seed": 2**70}, "split_seed must be at least 0 and at most 429496"),
        ({"epochs": np.int64(-1)}, "epochs must be at least 1, not -1"),
        ({"learning_rate": np.float32("nan")}, "learning_rate must be above 0, not na"),
        ({"size": 2**20}, "size must be at least 8 and at most 4096"),
        ({"model_options": {"width": 0}}, "width must be above 0, not 0"),
        ({"model_options": {"stem_stride": "2"}}, "stem_stride must be a whole number"),
    ],
)
def test_what_would_fail_later_is_told_at_once(tmp_path, options, message):
    from rkd_keras.runs import train

    with pytest.raises(OptionError, match=message):
        train(tmp_path / "none", tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("width", [np.int64(0), "0.5", float("nan"), True])
def test_networks_refuse_what_is_no_width(width):
    with pytest.raises(OptionError, match="width must be"):
        EdgeResNetTiny(width=width)


def test_every_option_s_type_is_one_that_can_be_checked():
    simple = {int, float, bool, str, dict, Path}
    for name, (kind, option) in OPTIONS.items():
        if option is not None:
            kinds = {k for k in typing.get_args(kind) or (kind,)} - {type(None)}
            assert kinds <= simple, name


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize(
    ("name", "argument", "needed"),
    [
        ("HintonKD", "temperature", {}),
        ("RKDDistance", "delta", {}),
        ("RKDAngle", "delta", {}),
        ("LDAMLoss", "max_margin", {"class_counts": [3, 2]}),
        ("LDAMLoss", "scale", {"class_counts": [3, 2]}),
        ("ClassBalancedLoss", "beta", {"class_counts": [3, 2]}),
        ("ClassBalancedLoss", "gamma", {"class_counts": [3, 2]}),
        ("LogitAdjustedLoss", "tau", {"class_counts": [3, 2]}),
        ("WeightedCrossEntropyLoss", "power", {"class_counts": [3, 2]}),
    ],
)
def test_losses_refuse_what_is_no_number(name, argument, needed, bad):
    """`nan <= 0` is false, so that a check by it lets it through."""
    from rkd_keras import losses

    with pytest.raises(ValueError, match=f"`{argument}` must"):
        getattr(losses, name)(**needed, **{argument: bad})


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize(
    "argument",
    ["temperature", "hard_weight", "kd_weight", "distance_weight", "angle_weight"],
)
def test_the_trainer_refuses_what_is_no_number(argument, bad):
    from rkd_keras.trainers import RKDTrainer

    def network():
        return EdgeResNetTiny(2, (16, 16, 3), width=0.0625)

    with pytest.raises(ValueError, match=f"`{argument}` must"):
        RKDTrainer(network(), network(), **{argument: bad})


def test_a_model_does_not_teach_itself():
    from rkd_keras.trainers import RKDTrainer

    model = EdgeResNetTiny(2, (16, 16, 3), width=0.0625)
    with pytest.raises(ValueError, match="must be two models"):
        RKDTrainer(model, model)


@pytest.mark.parametrize(
    "noise", ["gaussian:nan", "gaussian:inf", "gaussian:-1", "salt-pepper:101"]
)
def test_noise_of_no_amount_is_refused(noise):
    from rkd_keras.data import add_noise

    kind, _, amount = noise.partition(":")
    with pytest.raises(InputError, match="amount of noise must not be"):
        add_noise(np.zeros((1, 4, 4, 3), np.uint8), kind, float(amount))
