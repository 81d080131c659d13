import io
import re

import pytest
from station_helpers import defect_row, frame_row, picture

from rkd_keras.errors import InputError
from rkd_keras.station.frame_view import frame_view
from rkd_keras.station.image_files import ImageFiles
from rkd_keras.station.reports import (
    build_report,
    collect,
    html,
    report_html,
    report_pdf,
)
from rkd_keras.station.reports.content import bin_length, span_of
from rkd_keras.station.store import accounts, alarms, devices, frames

NAME = "Coil <b>№ 7 & 鋼</b>"


@pytest.fixture
def filled(store, line_1, tmp_path):
    """Ten frames of one coil, three with a defect; a warning; a record."""
    files = ImageFiles(tmp_path / "images")
    coil = store.write(lambda c: devices.start_coil(c, "line-1", NAME, 1000, 2.0))
    for number in range(10):
        marked = number % 3 == 1
        row = frame_row(
            received_ms=1000 + number * 30_000,
            coil_id=coil,
            position_m=float(number),
            image=files.write(picture(number % 3), ".jpg", 1000),
            image_bytes=10,
        )
        defects = []
        if marked:
            defects = [defect_row(position_m=number + 0.5, across_mm=60.0, severity=4)]
            row |= {
                "label": "scratches",
                "severity": 4,
                "probability": 0.9,
                "decision": "reject",
                "defect_count": 1,
            }
        store.write(lambda c, r=row, d=defects: frames.insert(c, r, d))
    alarm = {
        "rule": "severe",
        "device_id": "line-1",
        "frame_id": 2,
        "message": "Line 1: <script>alert(1)</script>",
        "severity": 5,
        "raised_ms": 2000,
    }
    number = store.write(lambda c: alarms.insert(c, alarm))
    store.write(lambda c: alarms.acknowledge(c, number, "ada", 3000, "blocked"))
    store.write(lambda c: accounts.record(c, 2500, "ada", "start shift", "Early"))
    return store, files, coil


def test_a_probability_never_stands_beside_unknown_as_its_own(filled):
    store, files, coil = filled
    seen = {"label": "unknown", "severity": 5, "probability": 0.876}
    row = frame_row(coil_id=coil, received_ms=2000, decision="review", **seen)
    row |= {"image": files.write(picture(), ".jpg", 1000), "defect_count": 1}
    defects = [defect_row(**seen, class_name="rolled-in_scale")]
    number = store.write(lambda c: frames.insert(c, row, defects))
    words = "unknown surface, most like rolled-in scale (88 % by the model, which has "
    words += "not seen such surfaces)"
    content = collect(store, files, 0, 10**6, coil)
    report = report_html(content, "t", "ada", "m")
    assert f"<b>{words}</b>, review" in report and report.count("88 %") == 1
    with store.read() as connection:
        frame = frames.get(connection, number)
    view = frame_view(frame)
    assert view["probability"] is None and view["defects"][0]["in_words"] == words
    templates = html.jinja_environment()
    for name in ("frame", "defects", "history"):
        text = templates.get_template(f"{name}.html.j2").render(
            frame=frame, frames=[frame], defects=frame["defects"], device="", devices={}
        )
        assert text.count(words) == (name != "history"), name
        assert "unknown surface" in text and not re.search(r"87\.6|>88", text), name


def test_a_frame_that_is_reviewed_without_a_defect_says_why():
    template = html.jinja_environment().get_template("frame.html.j2")
    frame = frame_row(id=1, decision="review", defects=[], position_m=None, fault=None)
    text = template.render(frame=frame, device="Line 1")
    assert "was not known yet what is normal here" in text
    sound = template.render(frame={**frame, "decision": "accept"}, device="Line 1")
    assert "normal" not in sound


def test_a_report_counts_what_is_there(filled):
    store, files, coil = filled
    content = collect(store, files, 0, 10**6, coil)
    assert content["tally"]["frames"] == 10
    assert content["tally"]["by_decision"] == {"accept": 7, "reject": 3}
    assert content["tally"]["by_class"] == {"scratches": {4: 3}}
    assert sum(row["rejected"] for row in content["trend"]) == 3
    assert [frame["severity"] for frame in content["worst"]] == [4, 4, 4]
    assert len(content["map"]["defects"]) == 3


def test_the_html_stands_alone_and_escapes_what_it_is_given(filled):
    store, files, coil = filled
    content = collect(store, files, 0, 10**6, coil)
    text = report_html(content, NAME, "ada", "student")
    assert "<script" not in text and "<b>№" not in text
    assert "Coil &lt;b&gt;№ 7 &amp; 鋼&lt;/b&gt;" in text
    assert "acknowledged" in text and "blocked" in text and "Early" in text
    addresses = re.findall(r"""(?:src|href)=["']([^"']*)""", text)
    assert addresses and all(a.startswith("data:image/jpeg") for a in addresses)
    assert "http" not in re.sub(r"data:image/[^\"']*", "", text)
    assert len(re.findall(r"<figure>", text)) == 3


def test_the_pdf_has_the_same_facts(filled):
    store, files, coil = filled
    content = collect(store, files, 0, 10**6, coil)
    data = report_pdf(content, NAME, "ada", "student")
    assert data.startswith(b"%PDF-")
    pypdf = pytest.importorskip("pypdf", reason="reading the PDF needs pypdf")
    text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages)
    assert "scratches" in text and "blocked" in text and "№ 7" in text
    assert "start shift" in text and "30 %" in text


def test_the_charts_are_drawn_once_for_both_files(filled):
    """What is written in the SVG stands in the PDF too, in the same order."""
    store, files, coil = filled
    content = collect(store, files, 0, 10**6, coil)
    pypdf = pytest.importorskip("pypdf", reason="reading the PDF needs pypdf")
    data = report_pdf(content, NAME, "ada", "student")
    text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(data)).pages)
    page = report_html(content, NAME, "ada", "student")
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", page)
    assert len(labels) == 9  # three shares and three times, three places
    place = 0
    for label in labels:
        place = text.index(label, place)
    assert page.count("<circle") == 3


def test_a_report_on_nothing_says_so(store, tmp_path):
    files = ImageFiles(tmp_path / "images")
    content = collect(store, files, 0, 1000)
    text = report_html(content, "Empty", "ada", "student")
    for sentence in ("No defects.", "No frames.", "No warnings."):
        assert sentence in text
    assert report_pdf(content, "Empty", "ada", "student").startswith(b"%PDF-")


def test_both_files_are_written_under_a_name_of_our_own(filled, tmp_path):
    store, files, coil = filled
    name = build_report(store, files, tmp_path, NAME, "ada", "m", 0, 10**6, coil)
    assert re.fullmatch("[0-9a-f]{24}", name)
    written = sorted(path.name for path in tmp_path.glob(f"{name}*"))
    assert written == [f"{name}.html", f"{name}.pdf"]


def test_a_report_is_of_a_coil_or_of_a_span(filled):
    store, _, coil = filled
    assert span_of(store, None, 5, 9) == (5, 9)
    start, end = span_of(store, coil, None, None)
    assert start == 1000 and end > start
    for bad in ((None, None, None), (99, None, None), (None, 9, 9)):
        with pytest.raises(InputError):
            span_of(store, *bad)


@pytest.mark.parametrize("hours", [0.01, 1, 8, 24, 24 * 30, 24 * 400])
def test_a_trend_has_a_readable_number_of_spans(hours):
    span = int(hours * 3_600_000)
    assert span / bin_length(span) <= 60


def test_a_report_is_made_through_the_api(client):
    frame = client.post("/api/v1/devices/line-1/frames", content=picture(3)).json()
    assert frame["severity"] == 3
    body = {"start": "2020-01-01T00:00:00Z", "title": 'A "quoted" title'}
    answer = client.post("/api/v1/reports", json=body)
    assert answer.status_code == 201
    report = answer.json()
    page = client.get(report["html_url"])
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    named = page.headers["content-disposition"]
    assert named == 'inline; filename="A-quoted-title.html"'
    assert "A &#34;quoted&#34; title" in page.text
    pdf = client.get(report["pdf_url"])
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert client.get("/api/v1/reports").json()[0]["id"] == report["id"]
    assert client.get("/api/v1/reports/99.pdf").status_code == 404
    assert client.get(f"/api/v1/reports/{report['id']}.exe").status_code == 422
    assert client.post("/api/v1/reports", json={}).status_code == 422
