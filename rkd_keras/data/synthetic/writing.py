"""Write drawn data sets in the layout of NEU-DET."""

import json
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import AnyPath, Option, Overwrite, Quiet, Seed, checked

# A report on such images must be able to say that they are not real.
ORIGIN = "synthetic.json"


@checked
def write_dataset(
    out: Annotated[AnyPath, Option("Folder to write, in NEU-DET's layout.")],
    per_class: Annotated[int, Option("Images of each class.", at_least=1)] = 100,
    size: Annotated[int, Option("Side in pixels.", at_least=16)] = 200,
    view: Annotated[
        int,
        Option(
            "Side of what is shown, in pixels of NEU: smaller is closer.", at_least=16
        ),
    ] = 200,
    plain: Annotated[
        bool, Option("Whether the classes are easily told from each other.")
    ] = False,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
):
    """Draw strips with six classes of defects, with boxes.

    `IMAGES/<class>_<n>.jpg` and `ANNOTATIONS/<class>_<n>.xml` (Pascal VOC with
    the true boxes; pixels from 1, the maxima inclusive), n from 1, and
    `synthetic.json`, which says that the images were drawn. Image n of a class
    depends on `seed`, `size`, `view` and `plain` alone, not on how many are drawn.

    Returns:
        The folder, a `Path`.

    Raises:
        InputError: when the folder holds something, which `overwrite` replaces if it
            was drawn, or for a size or count out of range.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_dataset(folder, per_class=1, size=64)
        ...     print(len(list((path / "IMAGES").iterdir())))
        6
    """
    import numpy as np

    from rkd_keras.data.synthetic.drawing import draw_image
    from rkd_keras.data.synthetic.truth import CLASS_NAMES
    from rkd_keras.files.images import write_image
    from rkd_keras.files.results import make_folder
    from rkd_keras.progress import shown_progress

    images, annotations = out / "IMAGES", out / "ANNOTATIONS"
    if out.exists():
        _clear(out, overwrite)
    for folder in (images, annotations):
        make_folder(folder)
    origin = {
        "drawn_by": "rkd_keras.data.synthetic",
        "seed": seed,
        "size": size,
        "view": view,
    }
    (out / ORIGIN).write_text(json.dumps(origin) + "\n")
    wanted = [(c, n) for c in range(len(CLASS_NAMES)) for n in range(1, per_class + 1)]
    with shown_progress("drawing", quiet) as progress:
        for done, (label, number) in enumerate(wanted, start=1):
            rng = np.random.default_rng([seed, label, number])
            drawing = draw_image(CLASS_NAMES[label], size, rng, view, plain)
            name = f"{CLASS_NAMES[label]}_{number}"
            write_image(images / f"{name}.jpg", drawing.image, quality=92)
            (annotations / f"{name}.xml").write_text(_voc(name, drawing))
            progress(done, len(wanted))
    return out


def _clear(out, overwrite):
    """Remove what was drawn earlier, and nothing else."""
    if not out.is_dir():
        raise InputError(f"{out} is a file; give a folder to write to")
    if not any(out.iterdir()):
        return
    if not overwrite or not (out / ORIGIN).is_file():
        raise InputError(f"{out} is not empty; give another folder")
    for folder, suffix in (("IMAGES", "jpg"), ("ANNOTATIONS", "xml")):
        for file in (out / folder).glob(f"*.{suffix}"):
            file.unlink()


def _voc(name, drawing):
    from xml.sax.saxutils import escape

    height, width = drawing.image.shape
    lines = [
        "<annotation>",
        "\t<folder>IMAGES</folder>",
        f"\t<filename>{escape(name)}.jpg</filename>",
        "\t<source>",
        "\t\t<database>rkd_keras synthetic</database>",
        "\t</source>",
        "\t<size>",
        f"\t\t<width>{width}</width>",
        f"\t\t<height>{height}</height>",
        "\t\t<depth>1</depth>",
        "\t</size>",
        "\t<segmented>0</segmented>",
    ]
    for class_name, (left, top, right, bottom) in drawing.objects:
        lines += [
            "\t<object>",
            f"\t\t<name>{escape(class_name)}</name>",
            "\t\t<pose>Unspecified</pose>",
            "\t\t<truncated>0</truncated>",
            "\t\t<difficult>0</difficult>",
            "\t\t<bndbox>",
            f"\t\t\t<xmin>{left + 1}</xmin>",
            f"\t\t\t<ymin>{top + 1}</ymin>",
            f"\t\t\t<xmax>{right}</xmax>",
            f"\t\t\t<ymax>{bottom}</ymax>",
            "\t\t</bndbox>",
            "\t</object>",
        ]
    return "\n".join([*lines, "</annotation>", ""])
