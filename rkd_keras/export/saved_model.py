"""Write SavedModels for TensorFlow Serving."""


def write_saved_model(serving, path):
    """Write the serving model with two signatures.

    `serving_default` takes `images`, float32 `(N, H, W, 3)`; `serving_bytes`
    takes `image_bytes`, `(N,)` strings of encoded JPEG, PNG, BMP or GIF images of
    any size, which the graph decodes and resizes by the package's rule. Both give
    `probabilities` and `embedding`.

    Args:
        serving: `keras.Model` as of `serving_model`.
        path: the folder to write.
    """
    import keras
    import tensorflow as tf

    shape = serving.inputs[0].shape[1:]

    def serve(images):
        probabilities, embedding = serving(images, training=False)
        return {"probabilities": probabilities, "embedding": embedding}

    def serve_bytes(image_bytes):
        images = tf.map_fn(
            lambda data: decode_and_resize(data, shape[:2]),
            image_bytes,
            fn_output_signature=tf.TensorSpec(shape, tf.float32),
        )
        return serve(images)

    archive = keras.export.ExportArchive()
    archive.track(serving)
    archive.add_endpoint(
        "serving_default",
        serve,
        input_signature=[tf.TensorSpec((None, *shape), tf.float32, name="images")],
    )
    archive.add_endpoint(
        "serving_bytes",
        serve_bytes,
        input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")],
    )
    archive.write_out(str(path), verbose=False)


def decode_and_resize(data, size):
    """Decode and resize in graph operations as `rkd_keras.files.images` does.

    Args:
        data: scalar string tensor, an encoded image.
        size: `(height, width)` in pixels.

    Returns:
        Tensor `(height, width, 3)`, float32, whole grey levels 0 to 255.
    """
    import tensorflow as tf

    # The accurate transform is OpenCV's; TensorFlow's own choice is the fast one.
    image = tf.cond(
        tf.io.is_jpeg(data),
        lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(data, channels=3, expand_animations=False),
    )
    image.set_shape((None, None, 3))
    # Each axis by itself: averaged where it shrinks, interpolated where it grows.
    smaller = tf.minimum(tf.shape(image)[:2], size)
    for shape, method in ((smaller, "area"), (size, "bilinear")):
        image = tf.image.resize(image, shape, method=method)
        image = tf.clip_by_value(tf.round(image), 0.0, 255.0)
    return tf.ensure_shape(image, (*size, 3))
