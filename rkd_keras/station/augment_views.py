"""What augmentation makes of a sample, for the page of a frame."""

SIDE = 128


def augment_views(images, seed, generator=None):
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

    quad = [resize_image(image, (SIDE, SIDE)) for image in images[:4]]
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
