"""The engines that run the units of an archive: this process, or Ray."""

import contextlib
import json
import logging
import os
import socket

from rkd_keras.errors import InputError

# What travels through Ray's object store are names of units and a few counts.
OBJECT_STORE_BYTES = 100 * 2**20
ENVIRONMENT = {
    # Ray must not report its use to its makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # On a busy machine Ray's processes start slowly; it would give up too early.
    "RAY_raylet_start_wait_time_s": "180",
    "RAY_agent_register_timeout_ms": "180000",
    "RAY_worker_register_timeout_seconds": "180",
}


def rate_locally(units, settings):
    """Rate units one after the other in this process.

    Args:
        units: list of `Unit`.
        settings: see `UnitRater`.

    Yields:
        The facts of each unit, see `rkd_keras.rating.archive.table.write_part`.
    """
    from rkd_keras.predict.quiet_stderr import quiet_stderr
    from rkd_keras.rating.archive.unit_rater import UnitRater

    with one_thread():
        with quiet_stderr():
            rater = UnitRater(settings)
        for unit in units:
            yield rater(unit)


@contextlib.contextmanager
def one_thread():
    """Let OpenCV use one thread, as it does in an actor."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def actor_class(settings):
    """Make the class whose instances are Ray Data's workers.

    The settings travel within the class, so an actor that died is made again with
    them whatever became of the object store.

    Args:
        settings: see `UnitRater`.

    Returns:
        A class for `map_batches`.
    """

    class RatingActor:
        """Rate the units of a batch and write their files."""

        def __init__(self):
            import cv2

            from rkd_keras.rating.archive.unit_rater import UnitRater

            cv2.setNumThreads(1)
            self.rater = UnitRater(settings)

        def __call__(self, batch):
            from rkd_keras.rating.archive.units import Unit

            units = [Unit.from_json(str(text)) for text in batch["unit"]]
            return {"facts": [json.dumps(self.rater(unit)) for unit in units]}

    return RatingActor


def rate_with_ray(units, settings, workers=None, address=None):
    """Rate units with actors of Ray Data.

    Every actor holds a predictor of its own and uses one thread. Only names and
    counts pass through Ray: actors read the archive and write Parquet themselves,
    so on several machines both must lie on storage that all of them see under the
    same path.

    Args:
        units: list of `Unit`.
        settings: see `UnitRater`.
        workers: number of actors. Defaults to `None`: one for each processor of
            the cluster, or of this machine.
        address: of a Ray cluster, such as `10.0.0.5:6379` or `auto`. Defaults to
            `None`: Ray is started on this machine and stopped at the end.

    Yields:
        The facts of each unit as it is finished, in no order.

    Raises:
        InputError: when Ray is not installed, the cluster cannot be reached, or the
            workers fail.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError("the engine needs Ray: pip install rkd-keras[ray]") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    _start(ray, workers, address)
    try:
        count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        count = min(count, len(units))
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        # A block for each unit: each is reported when it is done.
        items = [{"unit": unit.to_json()} for unit in units]
        dataset = ray.data.from_items(items, override_num_blocks=len(items))
        rated = dataset.map_batches(
            actor_class(settings),
            batch_size=1,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=count),
        )
        for row in rated.iter_rows():
            yield json.loads(row["facts"])
    except ray.exceptions.RayError as error:
        last = str(error).strip().splitlines()[-1]
        raise InputError(f"the workers of Ray failed: {last}") from error
    finally:
        ray.shutdown()


def _start(ray, workers, address):
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    if address is not None:
        try:
            _knock(address)
            ray.init(address=address, **quiet)
        except (OSError, ValueError, RuntimeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise InputError(
                f"no Ray cluster answers at {address}: {reason}"
            ) from error
        return
    try:
        ray.init(
            address="local",
            # Ray Data keeps a processor for itself.
            num_cpus=1 + (workers or os.cpu_count() or 1),
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            **quiet,
        )
    # Ray raises a plain Exception where a process of its own did not come up.
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"Ray could not be started here: {reason}") from error


def _knock(address):
    """Fail at once where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()
