"""Pictures of what a CycleGAN makes, every few epochs."""

from pathlib import Path

import keras
import numpy as np


class SampleGrid(keras.callbacks.Callback):
    """Writes a picture of translated images every few epochs.

    Rows: images of X, G of them, F of G of them; images of Y, F of them, G of F
    of them; each under its name. The same images each time, so that epochs can be
    compared.

    Args:
        x: images of X, array `(n, height, width, channels)`, pixels 0 to 255.
        y: images of Y, array of the same size.
        directory: folder for `epoch_0005.png` and so on; made when missing.
        every: epochs between two pictures. Defaults to `5`.

    Raises:
        ValueError: when `every` is not positive.

    Example:
        >>> import numpy as np, tempfile
        >>> images = np.zeros((2, 16, 16, 3), "uint8")
        >>> SampleGrid(images, images, tempfile.mkdtemp(), every=10).every
        10
    """

    def __init__(self, x, y, directory, every=5):
        super().__init__()
        if every < 1:
            raise ValueError(f"`every` must be positive. Received: every={every}")
        self.x, self.y = np.asarray(x, "float32"), np.asarray(y, "float32")
        self.directory = Path(directory)
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        """Write the picture, if it is time."""
        if (epoch + 1) % self.every == 0:
            self.write(f"epoch_{epoch + 1:04d}.png")

    def write(self, name):
        """Write the picture of the model as it is now.

        Args:
            name: of the file, ending in `.png`.

        Raises:
            InputError: when it cannot be written.
        """
        from rkd_keras.data.samples.contact_sheet import contact_sheet
        from rkd_keras.files.images import write_image
        from rkd_keras.files.results import make_folder

        g, f = self.model.generator_g, self.model.generator_f
        fake_y, fake_x = g(self.x, training=False), f(self.y, training=False)
        rows = [
            ("X", self.x),
            ("G(X)", fake_y),
            ("F(G(X))", f(fake_y, training=False)),
            ("Y", self.y),
            ("F(Y)", fake_x),
            ("G(F(Y))", g(fake_x, training=False)),
        ]
        picture = contact_sheet([(name, np.asarray(each)) for name, each in rows], 1)
        make_folder(self.directory)
        write_image(self.directory / name, picture, is_result=True)
