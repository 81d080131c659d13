"""Reports of a span of time or a coil, as HTML and PDF."""

from rkd_keras.station.reports.build import build_report
from rkd_keras.station.reports.content import collect, span_of
from rkd_keras.station.reports.html import report_html
from rkd_keras.station.reports.pdf import report_pdf

__all__ = ["build_report", "collect", "report_html", "report_pdf", "span_of"]
