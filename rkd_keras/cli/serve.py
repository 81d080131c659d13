"""`rkd-keras serve`: the rating station, a web page for the plant's network."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.errors import InputError

PASSWORD_VARIABLE = "RKD_KERAS_PASSWORD"  # noqa: S105
DATABASE_VARIABLE = "RKD_KERAS_DATABASE_URL"
SIMULATED = "simulated"
SIMULATED_SCALE = 0.5  # mm per pixel
SIMULATED_SPEED = 0.3  # m/s: five frames of 128 rows a second


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port.")] = 8080,
    data_dir: Annotated[
        Path, typer.Option(help="Folder of the database, images and reports.")
    ] = Path("runs/station"),
    model: Annotated[
        Path | None,
        typer.Option(help=".tflite, .onnx, .keras or SavedModel; the package's own."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="simulated, a folder of images, a video file, a camera index or an "
            "rtsp:// address; repeatable. A simulated strip when left out."
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="Name of a device whose frames are posted; repeatable."),
    ] = None,
    fps: Annotated[
        float, typer.Option(help="Frames per second of folders and simulations.")
    ] = 5.0,
    mm_per_pixel: Annotated[
        float | None, typer.Option(help="Size of a pixel for devices made here.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Line speed in m/s for devices made here.")
    ] = None,
    keras_model: Annotated[
        Path | None, typer.Option(help=".keras file for heat maps by Grad-CAM.")
    ] = None,
    generator: Annotated[
        Path | None, typer.Option(help=".keras CycleGAN generator to show.")
    ] = None,
    labelled: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled folder for the page Accuracy; repeatable."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Inference processes; two where there are two cores."),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar=DATABASE_VARIABLE,
            help="SQLAlchemy URL, e.g. postgresql+psycopg://user@host/station; SQLite "
            "in the data folder.",
        ),
    ] = None,
    keep_images_days: Annotated[
        float, typer.Option(help="Age at which images are pruned.")
    ] = 30.0,
    keep_images_gb: Annotated[
        float, typer.Option(help="Size at which the oldest images are pruned.")
    ] = 20.0,
    min_free_mb: Annotated[
        float, typer.Option(help="Room that must stay free on the disk.")
    ] = 500.0,
    max_upload_mb: Annotated[
        float, typer.Option(help="Largest picture that is taken in.")
    ] = 20.0,
    max_megapixels: Annotated[
        float, typer.Option(help="Most pixels of a picture.")
    ] = 20.0,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate (PEM) for HTTPS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key.")] = None,
    mqtt: Annotated[
        str | None, typer.Option(help="Publish results: mqtt://host:port/prefix.")
    ] = None,
    add_user: Annotated[
        str | None, typer.Option(help="Add a user (asks for a password) and end.")
    ] = None,
    add_token: Annotated[
        str | None, typer.Option(help="Make an API token of this name and end.")
    ] = None,
    role: Annotated[
        str, typer.Option(help="Role for both: operator or engineer.")
    ] = "engineer",
):
    """Start the rating station and serve its pages.

    Without options it shows a simulated strip, rated by the student that comes
    with the package, at http://127.0.0.1:8080, for this machine only. To open it
    to the network, add a user first, then give --host.

    Example: rkd-keras serve --source path/to/strips
    """
    _require_packages()
    import os
    from functools import partial

    from rkd_keras.cli import station_explain, station_hooks
    from rkd_keras.data.synthetic.camera import simulate_strip
    from rkd_keras.station import Hooks, StationConfig
    from rkd_keras.station.station import Station

    if bool(tls_cert) != bool(tls_key):
        raise InputError("--tls-cert and --tls-key must be given together")
    config = StationConfig(
        data_dir=data_dir.absolute(),
        database_url=database_url,
        model=_existing(_model_file(model), "--model"),
        keras_model=_existing(keras_model, "--keras-model") or _if_keras(model),
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
        _add_account(config, add_user, add_token, role)
        return
    hooks = Hooks(
        simulate=simulate_strip,
        augment=partial(
            station_hooks.augment, generator=_existing(generator, "--generator")
        ),
        explain=station_explain.explain,
        evaluate=station_hooks.evaluate_folder,
    )
    station = Station(config, hooks)
    try:
        _make_devices(station, source or [], device or [], fps, mm_per_pixel, speed)
        _run(station, tls_cert, tls_key)
    finally:
        station.close()


def _require_packages():
    from importlib.util import find_spec

    needed = ("fastapi", "fastapi_offline", "nicegui", "sqlalchemy", "alembic")
    needed += ("argon2", "fpdf")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise InputError(
            f'the station needs {", ".join(missing)}: pip install "rkd-keras[station]"'
        )


def _run(station, tls_cert, tls_key):
    import errno
    import socket

    import uvicorn

    from rkd_keras.station.app import create_app

    config = station.config
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            reason = "is in use" if error.errno == errno.EADDRINUSE else "is not free"
            raise InputError(
                f"port {config.port} of {config.host} {reason}; give another --port"
            ) from error
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


def _make_devices(station, sources, names, fps, mm_per_pixel, speed):
    """Make the devices that the command line names, each only once."""
    from rkd_keras.station.device import DeviceSettings

    manager = station.devices
    manager.load()
    known = [device for device in manager.all() if not device.is_pictures]
    if not sources and not names and not known:
        sources = [SIMULATED]
    settings = DeviceSettings(mm_per_pixel, speed)
    simulated = DeviceSettings(
        mm_per_pixel or SIMULATED_SCALE, speed or SIMULATED_SPEED, min_contrast=0.1
    )
    wanted = [(None, source_of(text, fps)) for text in sources]
    wanted += [(name, {"kind": "posted"}) for name in names]
    for number, (name, spec) in enumerate(wanted, len(known) + 1):
        if name is None:
            found = [d for d in known if _same(d.source, spec)]
        else:
            found = [d for d in known if d.name == name]
        if found:
            continue
        chosen = simulated if spec["kind"] == SIMULATED else settings
        made = manager.create(name or f"Line {number}", spec, chosen)
        manager.start_later(made)


def _same(source, spec):
    keys = ("kind", "path", "url", "index")
    return all(source.get(key) == spec.get(key) for key in keys)


def source_of(text, fps):
    """Turn what --source was given into a device's source.

    Args:
        text: `"simulated"`, a folder, a video file, an index or an address.
        fps: frames per second, where the source has none of its own.

    Returns:
        Dict, see `rkd_keras.station.cameras.open_source`.

    Raises:
        InputError: when it is none of these.

    Example:
        >>> source_of("0", 5)
        {'kind': 'camera', 'index': 0}
    """
    if text == SIMULATED:
        return {"kind": "simulated", "fps": fps, "seed": 0}
    if text.isdecimal():
        return {"kind": "camera", "index": int(text)}
    if "://" in text:
        return {"kind": "stream", "url": text}
    path = Path(text)
    if path.is_dir():
        from rkd_keras.files.images import list_images

        list_images(path)
        return {"kind": "folder", "path": str(path.absolute()), "fps": fps}
    if path.is_file():
        return {"kind": "video", "path": str(path.absolute())}
    raise InputError(
        f"--source {text} is no folder, file, camera index, address or 'simulated'"
    )


def _add_account(config, user, token, role):
    from rkd_keras.station.security import Accounts
    from rkd_keras.station.store import Store

    config.data_dir.mkdir(parents=True, exist_ok=True)
    store = Store(config.store_url)
    try:
        accounts = Accounts(store, config.data_dir / "secret.key")
        if user:
            accounts.put_user(user, _password(), role)
            print(f"User {user} with the role {role} may log in.")
        if token:
            _, made = accounts.create_token(token, role)
            print(f"API token {token} with the role {role}; it is not shown again:")
            print(made)
    finally:
        store.close()


def _password():
    import os
    import sys

    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise InputError(
            f"give the password in the environment variable {PASSWORD_VARIABLE}, or "
            "run the command in a terminal"
        )
    return typer.prompt("Password", hide_input=True, confirmation_prompt=True)


def _model_file(model):
    if model is not None and (model / "model.keras").is_file():
        return model / "model.keras"
    return model


def _if_keras(model):
    """Return the model when it can show heat maps by gradients itself."""
    file = _model_file(model)
    return file if file is not None and file.suffix == ".keras" else None


def _existing(path, option):
    if path is not None and not path.exists():
        raise InputError(f"{option} {path} does not exist")
    return path
