"""Post frames to a rating station and read the stored verdicts.

python examples/station_client.py              # drawn strips, a station of its own
python examples/station_client.py --data path/to/strips --url http://127.0.0.1:8080
python examples/station_client.py --data path/to/strips --url https://station:8080 \
    --device line-1 --token rkd_... --speed 2.0 --fps 25

The client needs nothing but Python. Every frame carries a key of its own, so that
posting it again after a broken connection stores it only once.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def main(data=None, url=None, device="line-1", token=None, fps=5.0, speed=2.0):
    with contextlib.ExitStack() as stack:
        if data is None:
            data = draw_strips(stack.enter_context(tempfile.TemporaryDirectory()))
        if url is None:
            url = stack.enter_context(own_station())
        return post_folder(data, url, device, token, fps, speed)


def post_folder(folder, url, device, token, fps, speed):
    """Post a folder's images at a steady rate; return the stored verdicts."""
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"there are no images in {folder}")
    run = f"{int(time.time())}"
    started = time.monotonic()
    verdicts = []
    for number, file in enumerate(files):
        time.sleep(max(started + number / fps - time.monotonic(), 0))
        position = round(number / fps * speed, 3)
        key = f"{run}-{number}"
        frame = post_frame(url, device, file.read_bytes(), key, position, token)
        verdicts.append(frame)
        probability = frame["probability"]
        sure = "" if probability is None else f" {100 * probability:.0f} %"
        print(
            f"{file.name}: {frame['decision']}, {frame['label']}{sure}, severity "
            f"{frame['severity']}, frame {frame['id']}"
        )
    rejected = sum(frame["decision"] == "reject" for frame in verdicts)
    print(f"{len(verdicts)} frames stored, {rejected} rejected")
    return verdicts


def post_frame(url, device, data, key, position_m=None, token=None, tries=20):
    """Post an encoded image; return the stored verdict, a dict.

    A station that is starting again, or whose queue is full, is asked again.
    """
    query = {"frame_key": key}
    if position_m is not None:
        query["position_m"] = position_m
    address = f"{url}/api/v1/devices/{device}/frames?{urllib.parse.urlencode(query)}"
    headers = {"content-type": "application/octet-stream"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(address, data, headers, method="POST")
    for attempt in range(tries):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                detail = json.load(error).get("detail", "")
            if error.code not in (503, 507):
                raise SystemExit(f"refused ({error.code}): {detail}") from None
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            detail = str(error)
        if attempt + 1 < tries:
            time.sleep(min(0.2 * 2**attempt, 5.0))
    raise SystemExit(f"frame {key} was not stored: {detail}")


@contextlib.contextmanager
def own_station(device="Line 1"):
    """Run `rkd-keras serve` for as long as the example needs it; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [os.path.join(os.path.dirname(sys.executable), "rkd-keras"), "serve"]
    with tempfile.TemporaryDirectory() as folder:
        options = ["--device", device, "--port", str(port), "--data-dir", folder]
        server = subprocess.Popen([*command, *options])
        url = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + 120
            while not is_ready(url):
                if server.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the station did not start")
                time.sleep(0.2)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def is_ready(url):
    with contextlib.suppress(OSError):
        with urllib.request.urlopen(f"{url}/api/v1/health", timeout=5) as answer:
            return answer.status == 200
    return False


def draw_strips(folder, frames=12):
    """Draw a strip and cut it into frames, as a line camera does."""
    import cv2

    from rkd_keras.data.synthetic import draw_strip

    strip = draw_strip(128 * frames, 400, defects=frames // 2, rng=0).image
    for i in range(frames):
        frame = strip[128 * i : 128 * (i + 1)]
        cv2.imwrite(f"{folder}/frame_{i:02d}.png", frame)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of images; strips are drawn without")
    parser.add_argument("--url", help="the station; one is started when left out")
    parser.add_argument("--device", default="line-1", help="the device's id")
    parser.add_argument("--token", help="API token, where the station asks for one")
    parser.add_argument("--fps", type=float, default=5.0, help="frames per second")
    parser.add_argument(
        "--speed", type=float, default=2.0, help="line speed in m/s, for positions"
    )
    main(**vars(parser.parse_args()))
