"""`rkd-keras models`: list the models by name."""


def models():
    """List the models that train, distill and compare know.

    Example: rkd-keras models
    """
    from rich.console import Console
    from rich.table import Table

    from rkd_keras.models import list_models, network_size

    table = Table("model", title="6 classes, 64x64 pixels, full width")
    table.add_column("trainable parameters", justify="right")
    table.add_column("multiply-adds", justify="right")
    for name in list_models():
        size = network_size(name, size=64, classes=6)
        table.add_row(name, f"{size['parameters']:,}", f"{size['multiply_adds']:,}")
    Console().print(table)
