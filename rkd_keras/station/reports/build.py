"""Make a report's files."""

import secrets

from rkd_keras.files.replacing import replacing
from rkd_keras.station.reports.content import collect
from rkd_keras.station.reports.html import report_html
from rkd_keras.station.reports.pdf import report_pdf


def build_report(
    store, files, folder, title, author, model, from_ms, to_ms, coil_id=None
):
    """Write a report as HTML and PDF.

    Args:
        store: the `Store`.
        files: the `ImageFiles`.
        folder: where reports lie.
        title: its title.
        author: who made it.
        model: short name of the model in use.
        from_ms: first moment, milliseconds since 1970.
        to_ms: end, excluded.
        coil_id: only this coil's frames. Defaults to `None`.

    Returns:
        The name under which both files lie, a random number.
    """
    content = collect(store, files, from_ms, to_ms, coil_id)
    name = secrets.token_hex(12)
    pages = {
        ".html": report_html(content, title, author, model).encode("utf-8"),
        ".pdf": report_pdf(content, title, author, model),
    }
    for suffix, data in pages.items():
        with replacing(folder / f"{name}{suffix}") as temporary:
            temporary.write_bytes(data)
    return name
