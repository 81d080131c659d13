"""What `rkd-keras serve` lends the station from other rooms of the package.

Module-level functions, since the station calls them in its child processes.
"""


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

    from rkd_keras.data.samples.fusion import fusion
    from rkd_keras.data.samples.mosaic import mosaic
    from rkd_keras.files.images import resize_image
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


def _migrated(file, image):
    from rkd_keras.data.domains import grey_images
    from rkd_keras.files.images import resize_image, to_rgb_uint8
    from rkd_keras.models import load_model
    from rkd_keras.models.translate import translate

    generator = load_model(file, threads=1)
    height, width, channels = generator.input_shape[1:]
    images = resize_image(image, (height, width))[None]
    if channels == 1:
        images = grey_images(images)
    return to_rgb_uint8(translate(generator, images)[0])


def _pixels(batch):
    import numpy as np

    image = np.clip(np.round(np.asarray(batch)[0]), 0, 255).astype("uint8")
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
