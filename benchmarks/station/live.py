"""Does the live page show each single bad frame while the station is under load?

    python benchmarks/station/live.py --json docs/results/station/live.json

Posts frames of one surface to some devices at a fixed rate; on the first device one
frame at a time is black, which cannot be judged and comes before what goes to review.
A page in headless Chromium (`chromium`, `chromedriver` and the package selenium)
writes down which frames its verdict has named. Then posting ends, and it is timed how
long the page takes to turn grey.
"""

import argparse
import http.client
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
from harness import StationProcess

sys.path.insert(0, str(Path(__file__).parents[1]))

from provenance import provenance  # noqa: E402

_WATCH = """
window.named = new Set();
window.wasGrey = true;
const look = () => {
  const isGrey = Boolean(document.querySelector('.verdict.grey'));
  if (isGrey && !window.wasGrey) window.greyAt = Date.now();
  window.wasGrey = isGrey;
  const terms = [...document.querySelectorAll('.verdict.invalid dt')];
  const term = terms.find((e) => e.innerText === 'frame');
  if (term) window.named.add(+term.nextElementSibling.innerText);
};
new MutationObserver(look).observe(document.querySelector('.view'),
  {subtree: true, childList: true, characterData: true, attributes: true});
"""


def main():
    """Run it and print what was shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=2)
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--bad", type=int, default=20, help="single bad frames")
    parser.add_argument("--every-s", type=float, default=2.5, help="between them")
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    names = [f"line-{n}" for n in range(1, arguments.devices + 1)]
    with tempfile.TemporaryDirectory() as folder:
        station = StationProcess(folder, names)
        station.start()
        try:
            result = measure(station, names, arguments)
        finally:
            station.stop()
    print(json.dumps(result))
    if arguments.json:
        content = {**provenance(), **result}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


def measure(station, names, arguments):
    """Post, look on, and compare; returns a dict."""
    seconds = arguments.bad * arguments.every_s + 3
    bad, posted, last = [], [0] * len(names), [0.0]

    def post(number):
        connection = http.client.HTTPConnection("127.0.0.1", station.port, timeout=60)
        path = f"/api/v1/devices/{names[number]}/frames"
        began, due_bad = time.monotonic(), 2.0
        for count in range(int(seconds * arguments.fps)):
            late = began + count / arguments.fps - time.monotonic()
            time.sleep(max(late, 0))
            now = time.monotonic() - began
            is_bad = number == 0 and now >= due_bad and len(bad) < arguments.bad
            connection.request("POST", path, picture(count, is_bad))
            answer = json.loads(connection.getresponse().read())
            posted[number] += 1
            if number == 0:
                last[0] = time.time()
            if is_bad:
                bad.append(answer["id"])
                due_bad = now + arguments.every_s
            if now > seconds:
                break

    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("--headless", "--no-sandbox", "--disable-gpu"):
        options.add_argument(flag)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options, service)
    try:
        browser.get(f"http://127.0.0.1:{station.port}/?device={names[0]}")
        time.sleep(3)
        browser.execute_script(_WATCH)
        began = time.monotonic()
        threads = [threading.Thread(target=post, args=(n,)) for n in range(len(names))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        named = set(browser.execute_script("return [...window.named]"))
        time.sleep(6)
        grey = browser.execute_script("return window.greyAt || 0")
    finally:
        browser.quit()
    return {
        "devices": len(names),
        "asked_fps": arguments.fps,
        "answered_fps": round(posted[0] / took, 1),
        "bad": len(bad),
        "bad_shown": len(set(bad) & named),
        "grey_after_s": (
            round(grey / 1000 - last[0], 2) if grey / 1000 > last[0] else None
        ),
    }


def picture(number, is_bad):
    """Return an encoded frame: rough steel, or black."""
    rng = np.random.default_rng(number)
    image = np.zeros((128, 256), np.uint8)
    if not is_bad:
        image = rng.normal(140, 6, image.shape).clip(0, 255).astype(np.uint8)
        image = cv2.GaussianBlur(image, (3, 3), 0)
    return cv2.imencode(".png", image)[1].tobytes()


if __name__ == "__main__":
    main()
