"""A report as PDF."""

import io
from pathlib import Path

from rkd_keras.measure.grade import ALL_DECISIONS
from rkd_keras.station.reports.charts import map_svg, trend_svg
from rkd_keras.station.reports.html import (
    faults_text,
    in_words,
    local_time,
    plain,
    share_text,
    span_text,
)

_INK, _SOFT, _LINE = (22, 32, 43), (81, 96, 111), (212, 219, 226)
_MARGIN = 15


def report_pdf(content, title, author, model):
    """Render a report.

    Args:
        content: as of `collect`.
        title: its title.
        author: who made it.
        model: short name of the model in use.

    Returns:
        The PDF's bytes.
    """
    page = _Page(f"{title} - made {local_time(content['made_ms'])}")
    pdf, tally = page.pdf, content["tally"]
    page.font(20, bold=True)
    pdf.multi_cell(0, 9, page.text(title), new_x="LMARGIN", new_y="NEXT")
    page.note(
        f"{local_time(content['from_ms'])} to {local_time(content['to_ms'])}, made by "
        f"{author}, model {model}"
    )
    facts = [("frames", f"{tally['frames']:,}", "")]
    facts.append(
        (
            "with defects",
            f"{tally['with_defects']:,}",
            share_text(tally["with_defects"], tally["frames"]),
        )
    )
    for decision in ALL_DECISIONS:
        count = tally["by_decision"].get(decision, 0)
        facts.append((decision, f"{count:,}", share_text(count, tally["frames"])))
    page.facts(facts)
    if tally["by_fault"]:
        page.note(f"Pictures that could not be judged: {faults_text(tally)}.")

    page.heading("Defects by class and severity")
    rows = [
        [
            plain(label),
            *(str(by_severity.get(s) or "") for s in range(1, 6)),
            str(sum(by_severity.values())),
        ]
        for label, by_severity in sorted(tally["by_class"].items())
    ]
    header = ["class", *(f"severity {s}" for s in range(1, 6)), "all"]
    page.table(header, rows, (50, 22, 22, 22, 22, 22, 20), numbers_from=1)

    page.heading("Trend")
    page.trend(content["trend"], content["bin_ms"])
    if content["map"]:
        page.heading("Coil map")
        page.coil_map(content["map"])
    page.heading("Worst frames")
    page.pictures(content["worst"], content["devices"])
    page.heading("Warnings")
    page.table(
        ["raised", "warning", "acknowledged", "by", "note"],
        [
            [
                local_time(a["raised_ms"]),
                a["message"],
                local_time(a["acknowledged_ms"]) if a["acknowledged_ms"] else "open",
                a["acknowledged_by"] or "",
                a["note"] or "",
            ]
            for a in content["alarms"]
        ],
        (36, 62, 36, 22, 24),
    )
    page.heading("Record")
    page.table(
        ["when", "who", "what", "detail"],
        [
            [local_time(e["at_ms"]), e["actor"], e["action"], e["detail"]]
            for e in content["events"]
        ],
        (36, 30, 38, 76),
    )
    return bytes(pdf.output())


class _Page:
    """The few drawings that a report is made of."""

    def __init__(self, footer):
        from fpdf import FPDF

        class Document(FPDF):
            def footer(self):
                self.set_y(-12)
                self.set_font_size(8)
                self.set_text_color(*_SOFT)
                self.cell(0, 5, footer_text)
                self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

        self.pdf = Document(format="A4")
        self._unicode = self._add_font()
        footer_text = self.text(footer)
        self.pdf.set_margin(_MARGIN)
        self.pdf.set_auto_page_break(True, 18)
        self.font(10)
        self.pdf.add_page()

    def _add_font(self):
        """Use the fonts that come with Matplotlib where it is installed."""
        try:
            from matplotlib import get_data_path
        except ImportError:
            return False
        folder = Path(get_data_path()) / "fonts" / "ttf"
        self.pdf.add_font("body", "", folder / "DejaVuSans.ttf")
        self.pdf.add_font("body", "B", folder / "DejaVuSans-Bold.ttf")
        return True

    def font(self, size, bold=False, colour=_INK):
        family = "body" if self._unicode else "Helvetica"
        self.pdf.set_font(family, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)

    def text(self, text):
        """Return what the font can show; the rest becomes a question mark."""
        if not self._unicode:
            return text.encode("latin-1", "replace").decode("latin-1")
        known = self.pdf.fonts["body"].cmap
        return "".join(c if c == "\n" or ord(c) in known else "?" for c in text)

    def note(self, text):
        self.font(9, colour=_SOFT)
        self.pdf.multi_cell(0, 5, self.text(text), new_x="LMARGIN", new_y="NEXT")
        self.font(10)

    def heading(self, text):
        if self.pdf.will_page_break(40):
            self.pdf.add_page()
        self.pdf.ln(6)
        self.font(13, bold=True)
        self.pdf.cell(0, 8, text, new_x="LMARGIN", new_y="NEXT")
        self.font(10)

    def facts(self, facts):
        self.pdf.ln(4)
        width, y = self.pdf.epw / len(facts), self.pdf.get_y()
        self.pdf.set_draw_color(*_LINE)
        for number, (name, value, share) in enumerate(facts):
            x = _MARGIN + number * width
            self.pdf.rect(x, y, width - 3, 23, round_corners=True, corner_radius=2)
            self.pdf.set_xy(x + 2, y + 2)
            self.font(14, bold=True)
            self.pdf.cell(width - 7, 8, value)
            self.pdf.set_xy(x + 2, y + 11)
            self.font(8, colour=_SOFT)
            self.pdf.cell(width - 7, 5, name)
            self.pdf.set_xy(x + 2, y + 15)
            self.pdf.cell(width - 7, 5, share)
        self.pdf.set_xy(_MARGIN, y + 25)
        self.font(10)

    def table(self, header, rows, widths, numbers_from=None):
        if not rows:
            self.note("None.")
            return
        self.font(8)
        self.pdf.set_fill_color(255, 255, 255)
        self.pdf.set_draw_color(*_LINE)
        count = len(header) if numbers_from is None else numbers_from
        align = ["LEFT"] * count + ["RIGHT"] * (len(header) - count)
        with self.pdf.table(
            col_widths=widths,
            text_align=align,
            borders_layout="HORIZONTAL_LINES",
            line_height=5,
        ) as table:
            for row in [header, *rows]:
                table.row([self.text(cell) for cell in row])
        self.font(10)

    def trend(self, trend, bin_ms):
        if not trend:
            self.note("No frames.")
            return
        self._chart(trend_svg(trend, bin_ms, local_time))
        self.note(
            "Share of frames with defects (blue) and of rejected frames (red), per "
            f"{span_text(bin_ms)}."
        )

    def coil_map(self, content):
        self._chart(map_svg(content))
        self.note(
            f"Coil {content['coil']['name']}: {len(content['defects'])} defects on "
            f"{content['length_m']:.1f} m, head at the left; "
            f"{content['unplaced']} without a position."
        )

    def _chart(self, svg):
        """Draw what the HTML report shows, as wide as the page."""
        self.pdf.image(io.BytesIO(svg.encode()), w=self.pdf.epw)
        self.pdf.ln(2)

    def pictures(self, worst, names):
        if not worst:
            self.note("No frame with a defect and a kept image.")
            return
        width = (self.pdf.epw - 6) / 2
        column = 0
        for frame in worst:
            height = min(width * frame["height"] / frame["width"], 70)
            if column == 0:
                if self.pdf.will_page_break(height + 16):
                    self.pdf.add_page()
                y = self.pdf.get_y()
                lowest = y
            x = _MARGIN + column * (width + 6)
            lowest = max(lowest, self._picture(frame, names, x, y, width, height))
            column = 1 - column
            if column == 0:
                self.pdf.set_xy(_MARGIN, lowest + 4)
        if column:
            self.pdf.set_xy(_MARGIN, lowest + 4)

    def _picture(self, frame, names, x, y, width, height):
        scale = min(width / frame["width"], height / frame["height"])
        self.pdf.image(
            io.BytesIO(frame["image_data"]),
            x,
            y,
            frame["width"] * scale,
            frame["height"] * scale,
        )
        self.pdf.set_draw_color(255, 90, 54)
        for d in frame["defects"]:
            box = (d["x"], d["y"], d["width"], d["height"])
            bx, by, bw, bh = (v * scale for v in box)
            self.pdf.rect(x + bx, y + by, bw, bh)
        self.pdf.set_xy(x, y + frame["height"] * scale + 1)
        self.font(8)
        where = ""
        if frame["position_m"] is not None:
            where = f", at {frame['position_m']:.1f} m"
        name = names.get(frame["device_id"], frame["device_id"])
        text = (
            f"severity {frame['severity']}: {in_words(frame)}, "
            f"{frame['decision']}\n"
            f"frame {frame['id']}, {name}, {local_time(frame['received_ms'])}{where}"
        )
        self.pdf.multi_cell(width, 4, self.text(text), align="L")
        return self.pdf.get_y()
