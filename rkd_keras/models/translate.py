"""Run an image-to-image network over images."""


def translate(generator, images, batch_size=32, progress=None):
    """Run a generator over images; pixels in and out as uint8."""
    import numpy as np

    made = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size].astype("float32")
        output = np.asarray(generator(batch, training=False))
        made.append(np.clip(np.round(output), 0, 255).astype("uint8"))
        if progress is not None:
            progress(len(batch))
    return np.concatenate(made) if made else images[:0]
