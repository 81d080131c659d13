"""Start the station and serve its pages, or add an account and end."""

import os
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import AnyPath, AnyPaths, MmPerPixel, Option, checked
from rkd_keras.station.asked_accounts import MadeAccounts, add_accounts
from rkd_keras.station.config import MOST_DAYS

DATABASE_VARIABLE = "RKD_KERAS_DATABASE_URL"
_PACKAGES = ("fastapi", "fastapi_offline", "nicegui", "sqlalchemy", "alembic")
_PACKAGES += ("argon2", "fpdf")


@checked
def serve(
    host: Annotated[
        str, Option("Address to listen on; 0.0.0.0 for the network.")
    ] = "127.0.0.1",
    port: Annotated[int, Option("TCP port.")] = 8080,
    data_dir: Annotated[
        AnyPath, Option("Folder of the database, images and reports.")
    ] = Path("runs/station"),
    model: Annotated[
        AnyPath | None,
        Option(".tflite, .onnx, .keras or SavedModel; the package's own."),
    ] = None,
    source: Annotated[
        list[str] | None,
        Option(
            "simulated, a folder of images, a video file, a camera index or an rtsp:// "
            "address; repeatable. A simulated strip when left out."
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        Option("Name of a device whose frames are posted; repeatable."),
    ] = None,
    fps: Annotated[
        float,
        Option("Frames per second of folders and simulations.", above=0, at_most=100),
    ] = 5.0,
    mm_per_pixel: MmPerPixel = None,
    speed: Annotated[
        float | None, Option("Line speed in m/s for devices made here.")
    ] = None,
    keras_model: Annotated[
        AnyPath | None, Option(".keras file for heat maps by Grad-CAM.")
    ] = None,
    generator: Annotated[
        AnyPath | None, Option(".keras CycleGAN generator to show.")
    ] = None,
    labelled: Annotated[
        AnyPaths | None,
        Option("Labelled folder for the page Accuracy; repeatable."),
    ] = None,
    workers: Annotated[
        int | None,
        Option(
            "Inference processes; two where there are two cores.",
            above=0,
            at_most=64,
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        Option(
            "SQLAlchemy URL, e.g. postgresql+psycopg://user@host/station; that of the "
            f"environment variable {DATABASE_VARIABLE}, or SQLite in the data folder."
        ),
    ] = None,
    keep_images_days: Annotated[
        float,
        Option("Age at which images are pruned, days.", above=0, at_most=MOST_DAYS),
    ] = 30.0,
    keep_images_gb: Annotated[
        float,
        Option(
            "Size at which the oldest images are pruned, 2^30 bytes.",
            above=0,
            at_most=1_000_000,
        ),
    ] = 20.0,
    min_free_mb: Annotated[
        float,
        Option(
            "Room that must stay free on the disk, 2^20 bytes.",
            at_least=0,
            at_most=1_000_000_000,
        ),
    ] = 500.0,
    max_upload_mb: Annotated[
        float,
        Option("Largest picture that is taken in, 2^20 bytes.", above=0, at_most=4096),
    ] = 20.0,
    max_megapixels: Annotated[
        float, Option("Most pixels of a picture, millions.", above=0, at_most=1000)
    ] = 20.0,
    tls_cert: Annotated[AnyPath | None, Option("Certificate (PEM) for HTTPS.")] = None,
    tls_key: Annotated[AnyPath | None, Option("Its private key.")] = None,
    mqtt: Annotated[
        str | None, Option("Publish results: mqtt://host:port/prefix.")
    ] = None,
    add_user: Annotated[
        str | None, Option("Add a user (asks for a password) and end.")
    ] = None,
    add_token: Annotated[
        str | None, Option("Make an API token of this name and end.")
    ] = None,
    role: Annotated[
        str, Option("Role for both: operator or engineer.", ("operator", "engineer"))
    ] = "engineer",
) -> MadeAccounts | None:
    """Start the rating station and serve its pages.

    Without options it shows a simulated strip, rated by the student that comes
    with the package, at http://127.0.0.1:8080, for this machine only. To open it
    to the network, add a user first, then give --host.

    Returns:
        `None` when the station was ended; with `add_user` or `add_token` a
        `MadeAccounts`, at once.

    Raises:
        InputError: when a package is missing or something cannot be used, before
            the first page is served.

    Example:
        >>> import tempfile
        >>> serve(data_dir=tempfile.mkdtemp(), add_token="press").token
        'press'
    """
    _require_packages()
    from rkd_keras.files.model_file import model_file
    from rkd_keras.station.asked_devices import make_devices
    from rkd_keras.station.config import StationConfig
    from rkd_keras.station.station import Station

    if bool(tls_cert) != bool(tls_key):
        raise InputError("--tls-cert and --tls-key must be given together")
    _check_tls(tls_cert, tls_key)
    model = model if model is None else model_file(model)
    if keras_model is None and model is not None and model.suffix == ".keras":
        keras_model = model
    config = StationConfig(
        data_dir=data_dir.absolute(),
        database_url=database_url or os.environ.get(DATABASE_VARIABLE) or None,
        model=_existing(model, "--model"),
        keras_model=_existing(keras_model, "--keras-model"),
        generator=_existing(generator, "--generator"),
        host=host,
        port=port,
        workers=min(os.cpu_count() or 1, 2) if workers is None else workers,
        max_upload_bytes=int(max_upload_mb * 2**20),
        max_pixels=int(max_megapixels * 1e6),
        keep_images_days=keep_images_days,
        keep_images_bytes=int(keep_images_gb * 2**30),
        min_free_bytes=int(min_free_mb * 2**20),
        labelled=tuple(_existing(p, "--labelled").absolute() for p in labelled or ()),
        tls=tls_cert is not None,
        mqtt_url=mqtt,
    )
    if add_user or add_token:
        return add_accounts(config, add_user, add_token, role)
    station = Station(config)
    try:
        make_devices(
            station.devices, source or [], device or [], fps, mm_per_pixel, speed
        )
        run_station(station, tls_cert, tls_key)
    finally:
        station.close()
    return None


def run_station(station, tls_cert=None, tls_key=None):
    """Start a station and serve it until it is ended.

    Args:
        station: a `Station`.
        tls_cert: certificate for HTTPS, or `None`. Defaults to `None`.
        tls_key: its private key, or `None`. Defaults to `None`.

    Raises:
        InputError: when the port is not free or the station cannot start.
    """
    import uvicorn

    from rkd_keras.station.app import create_app

    config = station.config
    _check_port(config.host, config.port)
    app = create_app(station)
    # Here, so that what is wrong ends in a sentence and not in a traceback.
    station.start()
    print(f"Rating station: {config.url}", flush=True)
    print(f"Data folder:    {config.data_dir}", flush=True)
    if not station.asks_for_password:
        print("For this machine only; no password is asked for.", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=400,
            timeout_graceful_shutdown=5,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
        )
    )
    server.run()
    if not server.started:
        raise InputError("the station could not start; the reason stands above")


def _require_packages():
    from importlib.util import find_spec

    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise InputError(
            f'the station needs {", ".join(missing)}: pip install "rkd-keras[station]"'
        )


def _check_port(host, port):
    import errno
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise InputError(
                    f"{host} is no address of this machine; give another --host"
                ) from error
            reason = "is in use" if error.errno == errno.EADDRINUSE else "is not free"
            raise InputError(
                f"port {port} of {host} {reason}; give another --port"
            ) from error


def _check_tls(cert, key):
    """Tell what is wrong with a certificate before the station starts."""
    import ssl

    if cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except OSError as error:
        raise InputError(
            f"--tls-cert {cert} and --tls-key {key} cannot be used: {error}"
        ) from error


def _existing(path, option):
    if path is not None and not path.exists():
        raise InputError(f"{option} {path} does not exist")
    return path
