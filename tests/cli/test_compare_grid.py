import re

import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs.settings import Settings
from rkd_keras.studies.comparison.entries import parse_losses, parse_models
from rkd_keras.studies.comparison.grid import make_rows
from rkd_keras.studies.comparison.model_sets import MODEL_SETS
from rkd_keras.studies.comparison.published import TABLE_6
from rkd_keras.studies.comparison.train_row import row_settings


def rows_of(models, losses="cross_entropy", splits=("holdout",), seeds=1):
    parsed = parse_models(models), parse_losses(losses)
    return make_rows(*parsed, list(splits), range(seeds))


def test_every_row_of_table_6_is_in_the_paper_set():
    assert set(MODEL_SETS["paper"]) == set(TABLE_6)
    assert len(parse_models("paper")) == 10


@pytest.mark.parametrize("name", MODEL_SETS)
def test_sets_name_known_models(name):
    assert len(parse_models(name)) == len(MODEL_SETS[name])


def test_fig15_is_three_families_at_three_depths():
    assert {re.sub(r"\d", "", m) for m in MODEL_SETS["fig15"]} == {
        "resnet",
        "se_resnet",
        "sarsn",
    }
    assert len(MODEL_SETS["fig15"]) == 9


def test_grid_is_the_product_with_seeds_outermost():
    rows = rows_of(
        "resnet18,sarsn34", "cross_entropy,ldam", ("neu-600", "neu-lt20"), seeds=2
    )
    assert len(rows) == 2 * 2 * 2 * 2
    assert len({row.key for row in rows}) == 16
    assert [row.seed for row in rows] == [0] * 8 + [1] * 8


def test_students_come_after_the_others_and_know_their_teachers():
    rows = rows_of("resnet18:width=0.5@sarsn34:stem_stride=2,sarsn101")
    assert [row.entry for row in rows] == [
        "sarsn101",
        "resnet18:width=0.5@sarsn34:stem_stride=2",
    ]
    student = rows[1]
    assert student.network.options == (("width", 0.5),)
    teacher = student.teacher_row()
    assert teacher.entry == "sarsn34:stem_stride=2"
    assert teacher.network.model == "sarsn34"
    assert teacher.teacher is None


def test_classical_pipelines_appear_once_whatever_the_losses():
    rows = rows_of("lbp+svm,resnet18", "cross_entropy,ldam")
    assert [row.entry for row in rows].count("lbp+svm") == 1
    assert len(rows) == 3


def test_losses_with_sampling():
    entries = parse_losses("all")
    assert "adaptive_gmean" in entries and "cross_entropy+balanced" in entries
    row = rows_of("resnet18", "cross_entropy+balanced")[0]
    assert row.loss_and_sampling == ("cross_entropy", "balanced")
    row = rows_of("resnet18", "ldam+mosaic+fusion")[0]
    assert row.loss_and_sampling == ("ldam", "mosaic+fusion")
    assert "cross_entropy+mosaic+fusion" in entries


def test_options_of_a_row_go_over_the_common_ones():
    common = Settings(data="d", out="o", model_options={"width": 0.5})
    row = rows_of("sarsn34:form=paper:stem_stride=2")[0]
    settings = row_settings(row, common, "o")
    assert settings.model == "sarsn34"
    assert settings.model_options == {"width": 0.5, "form": "paper", "stem_stride": 2}
    assert re.fullmatch(r"[\w.@=+,-]+", row.key)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ("resnet19", "unknown model 'resnet19'; the known ones are densenet121"),
        ("resnet18@resnet19", "unknown model 'resnet19'"),
        ("resnet18:width", "'width' in --models resnet18:width must be argument=value"),
        ("lbp+forest", "unknown pipeline 'lbp.forest'; give one of gabor, lbp, hog"),
        (" , ", "--models must name at least one"),
    ],
)
def test_bad_models(models, message):
    with pytest.raises(InputError, match=message):
        parse_models(models)


def test_bad_losses():
    with pytest.raises(InputError, match="unknown loss 'l2'; the known ones are cross"):
        parse_losses("l2")
    with pytest.raises(InputError, match="unknown sampling 'twice'"):
        parse_losses("ldam+twice")


def test_lists_in_options_stay_whole():
    (entry,) = parse_models("resnet18:stage_strides=[2,2,2,1]:width=0.25")
    assert entry[1].options == (("width", 0.25), ("stage_strides", (2, 2, 2, 1)))


def test_a_network_in_another_order_of_its_options_is_the_same():
    one = "resnet18:stem_stride=2:width=0.5@sarsn34:threshold=soft:stem_stride=2"
    other = "resnet18:width=.50:stem_stride=2@sarsn34:stem_stride=2:threshold=soft"
    (row,) = rows_of(f"{one},{other}")
    assert row.key == rows_of(other)[0].key
    assert row.entry == (
        "resnet18:width=0.5:stem_stride=2@sarsn34:stem_stride=2:threshold=soft"
    )


@pytest.mark.parametrize("name", MODEL_SETS)
def test_the_sets_are_written_in_the_order_of_their_options(name):
    """What a comparison was begun with is found again under its folder's name."""
    assert [entry for entry, *_ in parse_models(name)] == list(MODEL_SETS[name])


def test_an_option_is_given_once():
    with pytest.raises(InputError, match="gives width twice"):
        parse_models("resnet18:width=0.5:width=1.0")


def test_common_options_leave_a_network_alone_that_is_defined_by_them():
    common = Settings("d", "o", width=0.5, stem_stride=4)
    for entry, expected in (
        ("edge_resnet_small", {}),
        ("edge_resnet_tiny:dropout=0.1", {"dropout": 0.1}),
        # Whoever writes it into the entry sees it in its name.
        ("edge_resnet_small:width=0.5", {"width": 0.5}),
        ("sarsn34", {"width": 0.5, "stem_stride": 4}),
        ("mobilenet_v1:width=0.25", {"width": 0.25, "stem_stride": 4}),
    ):
        (row,) = rows_of(entry)
        assert row_settings(row, common, "o").model_options == expected
        assert row.entry == entry
