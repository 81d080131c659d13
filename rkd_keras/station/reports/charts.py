"""Small charts as SVG text, for pages that stand alone."""

from html import escape

SEVERITY_COLOURS = ("#8aa4bd", "#6a9fd0", "#e0b000", "#f07800", "#b3261e")

_WIDTH, _HEIGHT = 950, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 10, 10, 34


def trend_svg(trend, bin_ms, label_of):
    """Draw the shares of frames with defects and of rejected frames.

    Args:
        trend: list of dicts as of `frames.trend`, at least one.
        bin_ms: length of a span.
        label_of: function from milliseconds to a short text.

    Returns:
        SVG text.
    """
    first, last = trend[0]["start_ms"], trend[-1]["start_ms"] + bin_ms
    inner = _WIDTH - _LEFT - _RIGHT
    shares = [row["with_defects"] / row["frames"] for row in trend]
    top = _round_up(max(shares))

    def x(ms):
        return _LEFT + (ms - first) / (last - first) * inner

    def y(share):
        return _TOP + (1 - share / top) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_open(_WIDTH, _HEIGHT, "trend of the share of frames with defects")]
    for part in (0.0, 0.5, 1.0):
        level = y(part * top)
        parts.append(_line(_LEFT, level, _WIDTH - _RIGHT, level, "#d4dbe2"))
        parts.append(_text(_LEFT - 6, level + 4, f"{100 * part * top:.3g} %", "end"))
    width = max(bin_ms / (last - first) * inner - 1, 1)
    for row, share in zip(trend, shares, strict=True):
        rejected = row["rejected"] / row["frames"]
        for value, colour in ((share, "#5b8fc7"), (rejected, "#b3261e")):
            parts.append(
                f'<rect x="{x(row["start_ms"]):.1f}" y="{y(value):.1f}" '
                f'width="{width:.1f}" height="{y(0) - y(value):.1f}" '
                f'fill="{colour}"/>'
            )
    for part in (0.0, 0.5, 1.0):
        moment = first + part * (last - first)
        anchor = ("start", "middle", "end")[int(part * 2)]
        parts.append(_text(x(moment), _HEIGHT - 10, label_of(moment), anchor))
    return "".join([*parts, "</svg>"])


def map_svg(content):
    """Draw a coil's defects along and across the strip.

    Args:
        content: as of `coil_map`.

    Returns:
        SVG text.
    """
    length = content["length_m"] or 1.0
    # Without a scale, pixels tell where across the strip a defect lies.
    unit = "mm" if all(d["across_mm"] is not None for d in content["defects"]) else "px"
    span = max([*(d[f"across_{unit}"] for d in content["defects"]), 1.0])
    inner, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    parts = [_open(_WIDTH, _HEIGHT, "defects along the strip")]
    parts.append(
        f'<rect x="{_LEFT}" y="{_TOP}" width="{inner}" height="{height}" '
        'fill="#eef1f4" stroke="#d4dbe2"/>'
    )
    for defect in content["defects"]:
        x = _LEFT + defect["position_m"] / length * inner
        y = _TOP + defect[f"across_{unit}"] / span * height
        colour = SEVERITY_COLOURS[max(defect["severity"], 1) - 1]
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}">'
            f"<title>{escape(defect['label'])}, severity {defect['severity']}, "
            f"{defect['position_m']:.2f} m</title></circle>"
        )
    for part in (0.0, 0.5, 1.0):
        anchor = ("start", "middle", "end")[int(part * 2)]
        x = _LEFT + part * inner
        parts.append(_text(x, _HEIGHT - 10, f"{part * length:.4g} m", anchor))
    return "".join([*parts, "</svg>"])


def _round_up(share):
    levels = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    return next(level for level in levels if share <= level)


def _open(width, height, title):
    return (
        f'<svg viewBox="0 0 {width} {height}" width="100%" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="12">'
    )


def _line(x0, y0, x1, y1, colour):
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
        f'stroke="{colour}"/>'
    )


def _text(x, y, text, anchor):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#51606f">'
        f"{escape(text)}</text>"
    )
