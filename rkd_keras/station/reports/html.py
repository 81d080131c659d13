"""A report as one HTML file that stands alone."""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rkd_keras.measure.grade import ALL_DECISIONS
from rkd_keras.predict.verdict import UNKNOWN, verdict_in_words
from rkd_keras.station.reports.charts import map_svg, trend_svg
from rkd_keras.station.reports.content import embedded

_TEMPLATES = Path(__file__).parent.parent / "templates"


def report_html(content, title, author, model):
    """Render a report.

    Args:
        content: as of `collect`.
        title: its title.
        author: who made it.
        model: short name of the model in use.

    Returns:
        HTML text without a reference to anything outside.
    """
    worst = [
        {**f, "image_url": embedded(f["image_data"], "." + f["image"].split(".")[-1])}
        for f in content["worst"]
    ]
    charts = {"trend_svg": "", "map_svg": ""}
    if content["trend"]:
        charts["trend_svg"] = trend_svg(content["trend"], content["bin_ms"], local_time)
    if content["map"]:
        charts["map_svg"] = map_svg(content["map"])
    template = jinja_environment().get_template("report.html.j2")
    return template.render(
        **{**content, "worst": worst},
        **charts,
        title=title,
        author=author,
        model=model,
        decisions=ALL_DECISIONS,
        faults=faults_text(content["tally"]),
    )


def jinja_environment():
    """Make what renders the templates of reports and pages."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"local": local_time, "plain": plain, "span": span_text}
    environment.filters["in_words"] = in_words
    environment.globals["share"] = share_text
    return environment


def local_time(ms):
    """Return a time of the store in the station's own time zone.

    Example:
        >>> len(local_time(1_767_225_600_000))
        19
    """
    return datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def plain(label):
    """Return a class name for people.

    Example:
        >>> plain("rolled-in_scale")
        'rolled-in scale'
        >>> plain("unknown")
        'unknown surface'
    """
    return "unknown surface" if label == UNKNOWN else label.replace("_", " ")


def in_words(found):
    """Say the verdict of a stored defect, or that of a frame's worst one, for people.

    Example:
        >>> in_words({"label": "dent", "class_name": "dent", "probability": 0.874})
        'dent, 87 %'
    """
    if found.get("defects"):
        # The same that the frame's row has.
        key = (found["severity"], found["label"])
        alike = [d for d in found["defects"] if (d["severity"], d["label"]) == key]
        found = (alike or found["defects"])[0]
    return verdict_in_words(found["label"], found["class_name"], found["probability"])


def share_text(part, whole):
    """Return a share in percent, a dash for no share at all.

    Example:
        >>> share_text(1, 8), share_text(0, 0)
        ('12.5 %', '-')
    """
    return f"{100 * part / whole:.3g} %" if whole else "-"


def faults_text(tally):
    """Tell what was wrong with the pictures that could not be judged.

    Example:
        >>> faults_text({"by_fault": {"black": 3, "frozen": 1}})
        'black 3, frozen 1'
    """
    return ", ".join(f"{fault} {n:,}" for fault, n in tally["by_fault"].items())


def span_text(ms):
    """Return a length of time for people.

    Example:
        >>> span_text(120_000), span_text(7_200_000)
        ('2 min', '2 h')
    """
    minutes = ms // 60_000
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
