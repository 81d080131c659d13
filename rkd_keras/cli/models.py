"""`rkd-keras models`: list the models by name."""


def models():
    """List the models that train, distill and compare know.

    Example: rkd-keras models
    """
    from rkd_keras.cli.table import print_table
    from rkd_keras.models import list_models, network_size

    rows = []
    for name in list_models():
        size = network_size(name, size=64, classes=6)
        rows.append((name, f"{size['parameters']:,}", f"{size['multiply_adds']:,}"))
    title = "6 classes, 64x64 pixels, full width"
    print_table(("model", "trainable parameters", "multiply-adds"), rows, title)
