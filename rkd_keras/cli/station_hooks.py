"""What `rkd-keras serve` lends the station from other rooms of the package.

Module-level functions, since the station calls them in its child processes.
"""

FRAME_ROWS = 128
FRAME_COLUMNS = 400
_CHUNK = 5
_KEPT = 200
# Standard deviations of the surface's grain and clouds, as shares of its grey level.
_GRAIN, _CLOUDS = 0.037, 0.04


def simulate_strip(seed):
    """Play a drawn strip for ever.

    New frames are drawn in a thread, until there are enough of them; while the
    next one is not ready, earlier ones come again, some of them mirrored. Strips
    with a coarse grain are left out: a line delivers one finish, this is a smooth
    one.

    Args:
        seed: integer seed.

    Yields:
        Arrays `(128, 400)`, uint8.

    Example:
        >>> frame = next(simulate_strip(0))
        >>> frame.shape, frame.dtype.name
        ((128, 400), 'uint8')
    """
    import threading
    import time

    import numpy as np

    rng = np.random.default_rng(seed)
    kept, shown, unwatched = [], 0, threading.Event()
    arguments = (kept, seed, unwatched)
    drawing = threading.Thread(target=_draw, args=arguments, daemon=True)
    drawing.start()
    try:
        while not kept:
            time.sleep(0.02)
        while True:
            if shown < len(kept):
                yield kept[shown]
                shown += 1
            else:
                frame = kept[rng.integers(len(kept))]
                mirrored = rng.random() < 0.5
                yield np.ascontiguousarray(frame[:, ::-1]) if mirrored else frame
    finally:
        unwatched.set()


def _draw(kept, seed, unwatched):
    import numpy as np

    from rkd_keras.data.synthetic import draw_strip

    rng = np.random.default_rng(seed)
    # The first frame comes at once.
    rows, defects = FRAME_ROWS, 0
    while len(kept) < _KEPT and not unwatched.is_set():
        strip = draw_strip(rows, FRAME_COLUMNS, defects, rng)
        if _is_smooth(strip):
            kept += np.split(strip.image, rows // FRAME_ROWS)
            rows = _CHUNK * FRAME_ROWS
        defects = int(min(rng.poisson(1.0), 3)) if kept else 0


def augment(images, seed, generator=None):
    """Show what augmentation makes of a sample.

    Args:
        images: list of one to four uint8 RGB images of one class, the first is
            the sample; missing ones are made of it by mirroring.
        seed: integer seed.
        generator: `.keras` file of a CycleGAN generator. Defaults to `None`.

    Returns:
        Dict of title to uint8 image.
    """
    import numpy as np

    from rkd_keras.data.fusion import fusion
    from rkd_keras.data.mosaic import mosaic
    from rkd_keras.images import resize_image
    from rkd_keras.layers import MedianBlur2D

    side = 128
    quad = [resize_image(image, (side, side)) for image in images[:4]]
    mirrored = (np.fliplr, np.flipud, lambda image: image[::-1, ::-1])
    found = len(quad)
    for number in range(4 - found):
        quad.append(np.ascontiguousarray(mirrored[number](quad[0])))
    order = np.random.default_rng(seed).permutation(4)
    stack = np.stack(quad)
    views = {"sample": quad[0]}
    others = "others of its class" if found > 1 else "its own mirror images"
    joined = mosaic(stack[order][None], MedianBlur2D(5, padding="valid"))
    views[f"mosaic with {others}"] = _pixels(joined)
    views[f"fusion with {others}"] = _pixels(fusion(stack[:1], stack[1:2]))
    if generator is not None:
        views["migrated by CycleGAN"] = _migrated(generator, quad[0])
    return views


def evaluate_folder(folder, predictor):
    """Score a predictor on a labelled folder.

    Args:
        folder: a folder that `open_dataset` reads.
        predictor: a `Predictor`.

    Returns:
        Dict of `classification_scores`.

    Raises:
        InputError: when the folder cannot be read, or has a class that the model
            does not know.
    """
    import numpy as np

    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.errors import InputError
    from rkd_keras.evaluate import classification_scores

    index = open_dataset(folder)
    strange = sorted(set(index.class_names) - set(predictor.class_names))
    if strange:
        raise InputError(
            f"the model does not know the class {', '.join(strange)}; it knows "
            f"{', '.join(predictor.class_names)}"
        )
    order = [predictor.class_names.index(name) for name in index.class_names]
    answers, labels = [], []
    for start in range(0, len(index), 256):
        files = index.files[start : start + 256]
        images, kept = load_images(files, predictor.input_shape[:2])
        if len(images):
            answers.append(predictor.predict_batch(images)[0])
        labels += [order[int(index.labels[start + i])] for i in kept]
    if not answers:
        raise InputError(f"{folder} holds no image that can be decoded")
    return classification_scores(
        np.array(labels), np.concatenate(answers), predictor.class_names
    )


def _is_smooth(strip):
    import cv2
    import numpy as np

    image = strip.image.astype(np.float32)
    level, clean = max(image.mean(), 1), ~strip.mask
    fine, coarse = (cv2.GaussianBlur(image, (0, 0), sigma) for sigma in (3, 40))
    grain, clouds = (image - fine) / level, (fine - coarse) / level
    return grain[clean].std() <= _GRAIN and clouds[clean].std() <= _CLOUDS


def _migrated(file, image):
    from rkd_keras.cli.migrate_apply import translate
    from rkd_keras.data.domains import grey_images
    from rkd_keras.images import resize_image, to_rgb_uint8
    from rkd_keras.predict.keras_backend import load_keras_model

    generator = load_keras_model(file)
    height, width, channels = generator.input_shape[1:]
    images = resize_image(image, (height, width))[None]
    if channels == 1:
        images = grey_images(images)
    return to_rgb_uint8(translate(generator, images)[0])


def _pixels(batch):
    import numpy as np

    image = np.clip(np.round(np.asarray(batch)[0]), 0, 255).astype("uint8")
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
