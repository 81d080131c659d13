"""Where along a strip its defects lie."""

import math

import sqlalchemy as sa

from rkd_keras.errors import InputError
from rkd_keras.station.device_view import coil_view
from rkd_keras.station.store import devices, frames, schema

MAX_DEFECTS = 20_000
MOST_SECTIONS = 80


_SHOWN = ("id", "frame_id", "position_m", "across_mm", "label", "severity")


def coil_map(store, coil_id):
    """Return a coil's defects by position, class and severity.

    Args:
        store: the `Store`.
        coil_id: the coil.

    Returns:
        Dict: `coil`, `length_m` (as far as frames or defects tell), `frames`,
        `unplaced` (defects whose position is not known), `defects` (list of
        dicts `id`, `frame_id`, `position_m`, `across_mm`, `across_px`, `label`,
        `severity`), `sections` (dict of `length_m`, a round number, and `counts`
        {label: list of counts}).

    Raises:
        InputError: when there is no such coil.
    """
    frame_table, defect_table = schema.frames, schema.defects
    with store.read() as connection:
        coil = devices.get_coil(connection, coil_id)
        if coil is None:
            raise InputError(f"there is no coil {coil_id}")
        found = frames.defects_of_coil(connection, coil_id, MAX_DEFECTS)
        settings = connection.execute(
            sa.select(schema.devices.c.settings).where(
                schema.devices.c.id == coil["device_id"]
            )
        ).scalar_one()
        count, last = connection.execute(
            sa.select(sa.func.count(), sa.func.max(frame_table.c.position_m)).where(
                frame_table.c.coil_id == coil_id
            )
        ).one()
        unplaced = connection.execute(
            sa.select(sa.func.count()).where(
                defect_table.c.coil_id == coil_id,
                defect_table.c.position_m.is_(None),
            )
        ).scalar_one()
    positions = [defect["position_m"] for defect in found]
    length = max([*positions, last or 0.0, 0.0])
    section = section_length(length)
    bins = max(math.ceil(length / section), 1)
    across = ("y", "height") if settings.get("travel_axis") == "x" else ("x", "width")
    return {
        "coil": coil_view(coil),
        "length_m": round(length, 3),
        "frames": count,
        "unplaced": unplaced,
        "defects": [
            {key: defect[key] for key in _SHOWN}
            | {"across_px": defect[across[0]] + defect[across[1]] / 2}
            for defect in found
        ],
        "sections": {
            "length_m": section,
            "counts": section_counts(found, bins * section, bins),
        },
    }


def section_length(length_m):
    """Return a round length that divides a strip into at most 80 sections.

    Args:
        length_m: length of the strip, metres.

    Returns:
        1, 2 or 5 times a power of ten, metres.

    Example:
        >>> section_length(81.3), section_length(2000.0)
        (2.0, 50.0)
    """
    least = max(length_m, 1e-3) / MOST_SECTIONS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(n for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))
    return float(f"{step * power:.6g}")


def section_counts(defects, length_m, bins):
    """Count defects per section of the strip.

    Args:
        defects: list of dicts with `label` and `position_m`.
        length_m: length of the strip, metres.
        bins: number of sections.

    Returns:
        Dict of label to list of `bins` counts.

    Example:
        >>> defects = [{"label": "scratches", "position_m": x} for x in (0, 9, 10)]
        >>> section_counts(defects, 10.0, 2)
        {'scratches': [1, 2]}
    """
    counts = {}
    for defect in defects:
        row = counts.setdefault(defect["label"], [0] * bins)
        share = defect["position_m"] / length_m if length_m > 0 else 0.0
        row[min(max(int(share * bins), 0), bins - 1)] += 1
    return counts
