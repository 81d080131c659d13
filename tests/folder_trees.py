"""Folders of pictures and annotations, and what was made of them."""

import cv2
import numpy as np

VOC = """<annotation><object><name>{}</name><bndbox><xmin>1</xmin><ymin>2</ymin>
<xmax>5</xmax><ymax>6</ymax></bndbox></object></annotation>"""
PICTURE = cv2.imencode(".png", np.zeros((8, 8), "uint8"))[1].tobytes()


def write(root, *names, content=PICTURE):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def classes(index):
    """Dict from an image's name within the data set to its class."""
    names = [index.class_names[label] for label in index.labels]
    return dict(zip(index.names(), names, strict=True))


def unused(index):
    return {
        each.path.relative_to(index.root).as_posix(): each.reason
        for each in index.unused
    }
