"""Where along a coil its defects lie."""

import math

from nicegui import run, ui

from rkd_keras.errors import InputError
from rkd_keras.station.coil_map import coil_map
from rkd_keras.station.pages.elements import card, field, heading
from rkd_keras.station.pages.layout import page_frame
from rkd_keras.station.reports.charts import SEVERITY_COLOURS
from rkd_keras.station.reports.html import local_time, plain
from rkd_keras.station.store import devices

_SYMBOLS = ("circle", "rect", "triangle", "diamond", "roundRect", "arrow", "pin")
_CLASS_COLOURS = (
    "#2f6fb3",
    "#c2571a",
    "#2f8f5b",
    "#8a5bb0",
    "#b0892a",
    "#b04a6f",
    "#5b6b7a",
)


async def coils_page(station, account, coil_id=None):
    """Show the page, of the newest coil unless one is given."""
    coils = await run.io_bound(_coils, station)
    with page_frame(station, account, "Coil map", "/coils"):
        heading("Coil map")
        if not coils:
            with card():
                ui.label("No coil was started yet.")
                ui.label(
                    "Start one on the page Live, with the line's speed, or post "
                    "frames with their position."
                ).classes("soft")
            return
        options = {
            c["id"]: f"{c['name']} ({c['device_id']}, {local_time(c['started_ms'])})"
            for c in coils
        }
        chosen = coil_id if coil_id in options else coils[0]["id"]
        with card():
            select = field(ui.select, "Coil", options=options, value=chosen)
            select.style("max-width: 520px")
        box = ui.element("div").classes("stack")

        async def show():
            try:
                content = await run.io_bound(coil_map, station.store, select.value)
            except InputError as error:
                ui.notify(str(error), type="negative")
                return
            box.clear()
            with box:
                _show_map(content)

        select.on_value_change(show)
        await show()


def _coils(station):
    with station.store.read() as connection:
        return devices.list_coils(connection)


def _show_map(content):
    coil, defects = content["coil"], content["defects"]
    with card(), ui.element("div").classes("spread"):
        ui.label(coil["name"]).style("font-size: 22px; font-weight: 700")
        running = "" if coil["ended_at"] else " so far"
        ui.label(
            f"{content['length_m']:,.1f} m{running}, {content['frames']:,} frames, "
            f"{len(defects):,} defects on the map, {content['unplaced']:,} without a "
            "position"
        ).classes("soft")
    if not defects:
        with card():
            ui.label("No defect with a position on this coil.")
        return
    with card("Defects along and across the strip"):
        chart = ui.echart(_scatter(content), on_point_click=_open_frame)
        chart.style("height: 380px; width: 100%")
        with ui.element("div").classes("spread"):
            ui.label(
                "Shape is class. Turn the wheel to zoom, click a defect to open its "
                "frame."
            ).classes("soft small")
            with ui.element("div").classes("line small"):
                ui.label("severity").classes("soft")
                for severity, colour in enumerate(SEVERITY_COLOURS, 1):
                    ui.label(str(severity)).style(
                        f"border-bottom: 5px solid {colour}; padding: 0 8px"
                    )
    with card("Defects per section"):
        ui.echart(_sections(content)).style("height: 280px; width: 100%")


def _open_frame(event):
    if isinstance(event.data, dict) and "frame" in event.data:
        ui.navigate.to(f"/frame/{int(event.data['frame'])}")


def _scatter(content):
    labels = sorted({d["label"] for d in content["defects"]})
    # Without a scale, pixels tell where across the strip a defect lies.
    unit = "mm" if all(d["across_mm"] is not None for d in content["defects"]) else "px"
    section = content["sections"]["length_m"]
    end = section * max(math.ceil(content["length_m"] / section), 1)
    series = []
    for number, label in enumerate(labels):
        points = [
            {
                "value": [
                    round(d["position_m"], 3),
                    round(d[f"across_{unit}"], 1),
                    d["severity"],
                ],
                "frame": d["frame_id"],
                "itemStyle": {"color": SEVERITY_COLOURS[max(d["severity"], 1) - 1]},
            }
            for d in content["defects"]
            if d["label"] == label
        ]
        series.append(
            {
                "name": plain(label),
                "type": "scatter",
                "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                "symbolSize": 11,
                "itemStyle": {"color": "#7d8b99"},
                "data": points,
            }
        )
    across = {
        "name": f"{unit} across",
        "nameLocation": "middle",
        "nameGap": 42,
        "type": "value",
        "min": 0,
        "inverse": True,
    }
    return {
        **_common(),
        "tooltip": {
            ":formatter": "(p) => `${p.seriesName}, severity ${p.value[2]}<br>"
            f"${{p.value[0]}} m along, ${{p.value[1]}} {unit} across`"
        },
        "xAxis": {
            "name": "m from the head",
            "nameLocation": "middle",
            "nameGap": 28,
            "type": "value",
            "min": 0,
            "max": float(f"{end:.6g}"),
            "axisLabel": {"hideOverlap": True},
            "position": "bottom",
            "axisLine": {"onZero": False},
        },
        "yAxis": across,
        "dataZoom": [{"type": "inside", "xAxisIndex": 0}],
        "series": series,
    }


def _sections(content):
    sections = content["sections"]
    length = sections["length_m"]
    counts = sections["counts"]
    bins = len(next(iter(counts.values())))
    return {
        **_common(),
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "category",
            "name": "m from the head",
            "nameLocation": "middle",
            "nameGap": 28,
            "data": [f"{i * length:.4g}" for i in range(bins)],
        },
        "yAxis": {"type": "value", "name": "defects", "minInterval": 1},
        "series": [
            {
                "name": plain(label),
                "type": "bar",
                "stack": "all",
                "itemStyle": {"color": _CLASS_COLOURS[n % len(_CLASS_COLOURS)]},
                "data": counts[label],
            }
            for n, label in enumerate(sorted(counts))
        ],
    }


def _common():
    return {
        "legend": {"top": 0, "type": "scroll"},
        "grid": {"left": 70, "right": 30, "top": 40, "bottom": 50},
        "animation": False,
        "backgroundColor": "#ffffff",
        "textStyle": {"color": "#141d27"},
    }
