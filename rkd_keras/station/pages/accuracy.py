"""How well the model does on a labelled folder."""

from nicegui import run, ui

from rkd_keras.station import inspection
from rkd_keras.station.pages.elements import button, card, field, heading, markup
from rkd_keras.station.pages.layout import attempt, page_frame

_FACTS = (
    ("accuracy", "accuracy"),
    ("macro_recall", "macro recall"),
    ("gmean", "GMean"),
)


async def accuracy_page(station, account):
    """Show the page."""
    folders = await run.io_bound(inspection.labelled_folders, station)
    with page_frame(station, account, "Accuracy", "/accuracy"):
        heading("Accuracy on a labelled folder")
        if not folders:
            with card():
                ui.label("No labelled folder is known.")
                ui.label(
                    "Put one into the folder 'labelled' of the station's data folder, "
                    "or name it with --labelled: one folder of images per class, or a "
                    "NEU-DET folder."
                ).classes("soft")
            return
        with card(), ui.element("div").classes("line"):
            select = field(
                ui.select,
                "Labelled folder",
                options=sorted(folders),
                value=min(folders),
            ).style("min-width: 260px")

            async def evaluate():
                box.clear()
                with box, card():
                    with ui.element("div").classes("line"):
                        ui.spinner(size="2em")
                        ui.label("The folder is being classified …")
                done, metrics = await attempt(
                    inspection.evaluate, station, folders[select.value]
                )
                box.clear()
                if done:
                    with box:
                        _show(metrics, select.value)

            button("Evaluate", evaluate, "primary", "E", "Evaluate the folder")
        box = ui.element("div").classes("stack")


def _show(metrics, name):
    with card():
        with ui.element("div").classes("line").style("gap: 36px"):
            for key, text in _FACTS:
                with ui.element("div"):
                    ui.label(f"{100 * metrics[key]:.2f} %").style(
                        "font-size: 30px; font-weight: 700"
                    )
                    ui.label(text).classes("soft")
            with ui.element("div"):
                ui.label(f"{metrics['images']:,}").style(
                    "font-size: 30px; font-weight: 700"
                )
                ui.label(f"images of {name}").classes("soft")
    with card("Confusion matrix"):
        markup(
            "confusion.html.j2",
            names=metrics["class_names"],
            matrix=metrics["confusion_matrix"],
        )
