"""The page of a student that comes with the package, for make_bundle.py."""

import textwrap

BUILDERS = {
    "edge_resnet_small": "EdgeResNetSmall",
    "edge_resnet_tiny": "EdgeResNetTiny",
}


def command_of(config, name):
    """Return the command that makes a run of these settings."""
    from rkd_keras.runs.settings import Settings

    settings = Settings.from_config(config)
    if settings.teacher:
        folder = settings.teacher.rstrip("/").rpartition("/")[2]
        settings.teacher = f"runs/{folder}"
    settings.out = f"runs/{name}"
    return settings.command("NEU-DET")


def card_page(facts):
    """Return the page as Markdown; every number comes from `facts`."""
    builder = BUILDERS[facts["preset"]]
    test, val = facts["test"], facts["val"]
    times, images = facts["latency"], facts["images"]
    low, high = (100 * end for end in test["int8"]["interval"])
    commands = "\n".join(facts["commands"])
    page = f"""\
# {builder}, NEU weights

The student `{facts["preset"]}` that comes with the package: Keras weights
(`rkd_keras.models.{builder}(weights="neu")`, {_mb(facts["weights_bytes"])}) and an
int8 TFLite file (`rkd_keras.predict.load({_load(facts)})`,
{_mb(facts["int8_bytes"])}). It names the defect on a 64x64 picture of hot-rolled
strip: {", ".join(test["int8"]["recall"])}; or says that the surface is none of them.

## How it was made

{_state(facts)}{_teacher(facts)}
{facts["parameters"]:,} trainable parameters and {facts["multiply_adds"]:,}
multiply-adds an image; shape {_shape(facts["shape"])}. Seed {facts["seed"]}, TensorFlow
{facts["versions"]["tensorflow"]}, Keras {facts["versions"]["keras"]}. Commands, in this
order, with `--foreign` for the other line's pictures in the last:

```sh
{commands}
```

The last one makes the files and this page; no number here was typed.

## On what

The NEU surface defect database (Northeastern University, Shenyang): grey pictures of
hot-rolled strip, 200x200 pixels, reduced to 64x64. {images["train"]} pictures trained
it, {images["val"]} chose and calibrated it, {images["test"]} tested it, split by the
protocol NEU-600. The pictures are not part of this package.

## How good

| {images["test"]} test pictures | Keras, float32 | TFLite, int8 |
|---|---:|---:|
| accuracy | {_percent(test["keras"]["accuracy"])} | \
{_percent(test["int8"]["accuracy"])} |
| GMean | {test["keras"]["gmean"]:.4f} | {test["int8"]["gmean"]:.4f} |
| calibration error (ECE) before the temperature | {test["ece_before"]:.4f} | |
| ... and after (temperature {facts["temperature"]:.3f}) | \
{test["keras"]["ece"]:.4f} | {test["int8"]["ece"]:.4f} |
| accuracy on the {images["val"]} validation pictures | \
{_percent(val["keras"]["accuracy"])} | {_percent(val["int8"]["accuracy"])} |

With {images["test"]} pictures the accuracy of the int8 file lies between {low:.1f} and
{high:.1f} % (Wilson, 95 %). Recall of each class, int8:
{_recalls(test["int8"]["recall"])}.

{_unknown(facts["unknown"])}

**Time.** {times["median_ms"]:.3f} ms an image (median of {times["runs"]:,}; 95th
percentile {times["p95_ms"]:.3f}), int8, one thread of "{times["processor"]}", batch 1,
with other work on the machine. The paper gives 51 ms for its student on a GTX 1080 Ti.
A process that classifies one picture holds {times["peak_mb"]:.0f} MB.

## What it must not be used for

- As it is on a line of your own. It knows one mill's pictures under one light. Pictures
  of one class were taken under similar conditions and the split is random, so the
  accuracy above is optimistic even for that mill. Train on your pictures
  ([train and distil](../guides/train.md)) and check on others of them.
- To find that a strip is good. There is no class without a defect; a clean surface
  is called by a defect's name unless the unknown verdict catches it.
- As the only judge where a missed defect can hurt somebody.
- For pictures of which a defect fills a small part only: it judges a 64x64 picture as
  a whole, and larger ones are reduced to that.
- To measure. Sizes come from `rkd_keras.measure`.
"""
    return "\n\n".join(_wrapped(block) for block in page.split("\n\n"))


def _wrapped(block):
    """Fill a paragraph; headings, tables, code and lists stay as they are."""
    if block.startswith(("#", "|", "```", "- ")):
        return block
    return textwrap.fill(block, 88, break_long_words=False, break_on_hyphens=False)


def _mb(size):
    return f"{size / 1e6:.2f} MB"


def _percent(share):
    return f"{100 * share:.2f} %"


def _load(facts):
    first = facts["preset"] == "edge_resnet_small"
    return "" if first else f'"{facts["preset"]}"'


def _shape(shape):
    return ", ".join(f"`{name}={value}`" for name, value in shape.items())


def _state(facts):
    if not facts["preliminary"]:
        return ""
    return "**Preliminary: a few epochs, to be replaced before a release.** "


def _teacher(facts):
    teacher = facts["teacher"]
    if teacher is None:
        return "Trained on the labels alone, without a teacher."
    options = ", ".join(f"{name}={value}" for name, value in teacher["options"].items())
    known = ""
    if "accuracy" in teacher:
        known = f" ({_percent(teacher['accuracy'])} on the test part)"
    return (
        f"Distilled by RKD and KD from {teacher['model']}"
        f"{f' with {options}' if options else ''}{known}."
    )


def _recalls(recalls):
    return ", ".join(f"{name} {_percent(value)}" for name, value in recalls.items())


def _unknown(facts):
    text = (
        "**Unknown.** The threshold was set for "
        f"{_percent(facts['stated_false_alarm_rate'])} false alarms; on the test "
        f"pictures there were {_percent(facts['false_alarms_on_test'])}."
    )
    if "auroc" in facts:
        text += (
            f" Of {facts['foreign_images']} pictures of another line (CR7-DET, "
            f"cold-rolled) {_percent(facts['foreign_called_unknown'])} were called "
            f"unknown; the area under the ROC curve is {facts['auroc']:.4f}."
        )
    return text
