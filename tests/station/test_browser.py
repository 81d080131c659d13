"""The pages in a real, headless browser."""

import shutil
from pathlib import Path

import pytest
from browser_page import Page, open_browser
from station_helpers import picture, wait_until
from station_process import StationProcess

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    pytest.importorskip("selenium", reason="browser tests need selenium")
    if not CHROMIUM or not DRIVER:
        pytest.skip("browser tests need chromium and chromedriver (Debian packages)")
    data_dir = tmp_path_factory.mktemp("station")
    (data_dir / "labelled" / "sample").mkdir(parents=True)
    options = ("--device", "Line A", "--source", "simulated")
    station = StationProcess(data_dir, *options)
    try:
        yield station.start()
    finally:
        station.stop()


@pytest.fixture(scope="module")
def browser(station):
    with open_browser(CHROMIUM, DRIVER) as browser:
        yield browser


@pytest.fixture
def page(browser, station):
    return Page(browser, station.url)


def post(station, marks, **query):
    address = "/api/v1/devices/line-a/frames?" + "&".join(
        f"{key}={value}" for key, value in query.items()
    )
    status, frame = station.request("POST", address, picture(marks))
    assert status == 201
    return frame


def test_the_live_page_shows_the_newest_picture_with_its_boxes(page, station):
    page.open("/?device=line-a")
    frame = post(station, 2)
    page.wait("return document.querySelectorAll('.stage svg rect').length >= 2")
    page.wait_text("review".upper())
    text = page.text()
    assert "Line A" in text and "Running" in text and "scratches" in text
    box = page.run(
        "const r = document.querySelector('.stage svg rect');"
        "return ['x', 'y', 'width', 'height'].map(a => +r.getAttribute(a))"
    )
    assert box == frame["defects"][0]["box"]
    picture_shown = page.run(
        "return document.querySelector('.stage image').getAttribute('href')"
    )
    assert picture_shown.startswith("data:image/jpeg")
    page.no_errors()


def test_nothing_comes_from_the_internet(page):
    for path in ("/", "/coils", "/settings"):
        page.open(path)
        names = page.run(
            "return performance.getEntriesByType('resource').map(e => e.name)"
        )
        assert names and all("//127.0.0.1:" in n or n[:5] == "data:" for n in names)


def test_devices_are_chosen_by_key_and_stopped_deliberately(page, station):
    page.open("/")
    page.wait_text("Line 1")
    page.press("1")
    page.wait(
        "return document.querySelector('.device[aria-current=true]')"
        "?.innerText.includes('Line 1')"
    )
    page.press("s")  # no key stops
    page.click("Stop")
    page.wait_text("Stop Line 1?")
    assert station.request("GET", "/api/v1/devices/line-1")[1]["state"] == "running"
    page.run("document.querySelector('.q-dialog .btn.danger').click()")
    page.wait_text("Stopped")
    assert station.request("GET", "/api/v1/devices/line-1")[1]["state"] == "stopped"
    page.wait("return !document.querySelector('.q-dialog')")
    page.run(
        "document.querySelector('.device[aria-current=true] .line button').click()"
    )
    wait_until(
        lambda: (
            station.request("GET", "/api/v1/devices/line-1")[1]["state"] == "running"
        )
    )
    page.press(" ")
    page.wait_text("Held")


def test_a_scan_goes_to_the_coil_number_and_is_no_key(page, station):
    page.open("/")
    page.wait_text("Coil number")
    page.press("2")
    chosen = (
        "return document.querySelector('.device[aria-current=true]')"
        "?.innerText.includes(arguments[0])"
    )
    wait_until(lambda: page.run(chosen, "Line A"))
    page.run(
        "for (const key of [...'1A-S7', 'Enter']) document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key, bubbles: true}))"
    )
    coil = "return document.querySelector('.scan-coil input').value"
    wait_until(lambda: page.run(coil) == "1A-S7")
    assert page.run(chosen, "Line A") and not page.run(
        "return !!document.querySelector('.q-dialog')"
    )
    assert station.request("GET", "/api/v1/devices/line-a")[1]["coil"] is None


def test_a_warning_is_seen_heard_and_acknowledged_with_a_note(page, station):
    page.open("/")
    page.run("window.stationBeeps = 0")
    post(station, 5)
    page.wait_text("WARNING")
    assert "Line A:" in page.text()
    page.wait("return window.stationBeeps > 0")
    role = page.run("return document.querySelector('.banner.alarm').parentElement.role")
    assert role == "alert"
    while station.request("GET", "/api/v1/alarms?open_only=true")[1]:
        count = len(station.request("GET", "/api/v1/alarms?open_only=true")[1])
        page.press("a")  # no key acknowledges
        page.click("Acknowledge")
        page.wait("return !!document.querySelector('.q-dialog .btn.primary')")
        page.fill("Note", "roll changed")
        page.run("document.querySelector('.q-dialog .btn.primary').click()")
        wait_until(
            lambda count=count: (
                len(station.request("GET", "/api/v1/alarms?open_only=true")[1]) < count
            )
        )
    page.wait("return !document.querySelector('.banner.alarm')")
    alarm = station.request("GET", "/api/v1/alarms")[1][0]
    assert alarm["acknowledged_by"] == "local" and alarm["note"] == "roll changed"


def test_a_picture_is_loaded_and_every_step_shown(page, station, tmp_path):
    from selenium.webdriver.common.by import By

    file = tmp_path / "3.jpg"
    file.write_bytes(picture(3))
    page.open("/inspect")
    page.wait("return !!document.querySelector('input[type=file]')")
    page.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(file))
    page.wait("return location.pathname.startsWith('/frame/')")
    page.wait_text("Preprocessing and measurement")
    page.wait("return document.querySelectorAll('.panels figure img').length >= 6")
    text = page.text()
    assert "threshold segmentation (Otsu)" in text and "image enhancement" in text
    assert page.run("return document.querySelectorAll('.stage rect').length") >= 3
    page.click("Show augmented images")
    page.wait_text("view 0")


def test_a_file_that_is_no_picture_is_refused_in_words(page, tmp_path):
    from selenium.webdriver.common.by import By

    file = tmp_path / "notes.jpg"
    file.write_text("no picture")
    page.open("/inspect")
    page.wait("return !!document.querySelector('input[type=file]')")
    page.browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(file))
    page.wait_text("cannot be decoded")


def test_history_is_searched_and_exported(page, station):
    post(station, 4)
    page.open("/history?severity_min=4")
    page.wait_text("newest first")
    rows = page.run(
        "return [...document.querySelectorAll('td .severity')].map(e => +e.innerText)"
    )
    assert rows and min(rows) >= 4
    links = page.run("return [...document.querySelectorAll('a.btn')].map(e => e.href)")
    (csv,) = [link for link in links if "format=csv" in link]
    assert "severity_min=4" in csv
    status, text = station.request("GET", csv.split(str(station.port))[1])
    assert status == 200 and text.startswith(b"frame_id,")


def test_a_coil_is_started_mapped_and_reported(page, station):
    page.open("/?device=line-a")
    page.wait_text("Coil on Line A")
    page.fill("Coil number", "C-77")
    page.click("Start coil")
    page.wait_text("End coil")
    for position in (1.0, 4.0, 9.0):
        post(station, 2, position_m=position)
    page.open("/coils")
    page.wait_text("C-77")
    page.wait_text("6 defects on the map")
    page.wait("return document.querySelectorAll('canvas').length >= 2")
    page.open("/reports")
    page.wait_text("Make report")
    page.press("r")
    page.wait_text("is ready", 120)
    # The word comes before the table's new row.
    links = "[...document.querySelectorAll('td a')].map(e => e.href)"
    page.wait(f"return {links}.some(link => link.endsWith('.html'))")
    report = page.run(f"return {links}.find(link => link.endsWith('.html'))")
    status, html = station.request("GET", report.split(str(station.port))[1])
    assert status == 200 and b"Defects by class" in html
    page.no_errors()


def test_a_shift_has_a_start_and_an_end(page, station):
    page.open("/")
    page.wait_text("Start shift")
    page.fill("Name of the shift", "Night")
    page.click("Start shift")
    page.wait_text("start time")
    page.click("End shift")
    page.wait_text("Start shift")
    shift = station.request("GET", "/api/v1/shifts")[1][0]
    assert shift["name"] == "Night" and shift["ended_at"]


def test_samples_are_reviewed_by_key(page, station):
    post(station, 1)
    page.open("/review")
    page.click("Draw samples")
    page.wait_text("The station says")
    said = page.run("return document.querySelector('section p').innerText")
    assert "scratches" in said or "no defect" in said
    page.press("\ue007")  # Enter
    page.wait_text("100.0 %")
    assert station.request("GET", "/api/v1/reviews/precision")[1][0]["right"] == 1


def test_accuracy_shows_the_confusion_matrix(page):
    page.open("/accuracy")
    page.wait_text("Evaluate")
    page.press("e")
    page.wait(
        "return !!document.querySelector('table.confusion') || "
        "document.body.innerText.includes('carries no student')",
        120,
    )


def test_rules_are_checked_on_the_page(page, station):
    page.open("/settings")
    page.wait("return document.querySelectorAll('textarea.rules').length === 2")
    page.run(
        "const area = document.querySelectorAll('textarea.rules')[1];"
        "area.value = 'rules: [{name: a, severity: 9}]';"
        "area.dispatchEvent(new Event('input'));"
    )
    page.run(
        "document.querySelector("
        "'[aria-label=\"Check and use the warnings rules\"]').click()"
    )
    page.wait_text("severity must be a number from 1 to 5")


def test_a_device_is_changed_on_the_page(page, station):
    page.open("/settings")
    page.wait("return !!document.querySelector('[aria-label=\"Change line-a\"]')")
    page.run("document.querySelector('[aria-label=\"Change line-a\"]').click()")
    page.wait_text("Change Line A")
    page.run(
        "const field = [...document.querySelectorAll('.q-dialog label')].find("
        "e => e.innerText.includes('mm per pixel')).querySelector('input');"
        "field.value = '0.25'; field.dispatchEvent(new Event('input'));"
    )
    page.click("Save")
    wait_until(
        lambda: (
            station.request("GET", "/api/v1/devices/line-a")[1]["settings"][
                "mm_per_pixel"
            ]
            == 0.25
        )
    )
    page.wait_text("0.25 mm per pixel")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_on_every_page(page, station, theme):
    post(station, 5)
    page.open("/")
    page.run("localStorage.setItem('station-theme', arguments[0])", theme)
    for path in (
        "/",
        "/inspect",
        "/history",
        "/coils",
        "/review",
        "/reports",
        "/accuracy",
        "/settings",
        "/frame/1",
    ):
        page.open(path)
        page.wait("return document.querySelector('main').innerText.length > 10")
        assert page.run(CONTRAST) == [], path


def test_the_pages_fit_a_tablet(page, browser):
    size = browser.get_window_size()
    try:
        for width, height in ((1024, 768), (800, 1180)):
            browser.set_window_size(width, height)
            for path in ("/", "/inspect", "/history", "/coils", "/review", "/reports"):
                page.open(path)
                page.wait("return document.querySelector('main').innerText.length > 9")
                wide = page.run(
                    "return document.documentElement.scrollWidth - innerWidth"
                )
                assert wide <= 0, (path, width)
                small = page.run(
                    "return [...document.querySelectorAll('.btn')].filter(e => {"
                    "const b = e.getBoundingClientRect();"
                    "return b.height && b.height < 40}).map(e => e.innerText)"
                )
                assert small == [], path
    finally:
        browser.set_window_size(size["width"], size["height"])


def test_keys_are_listed_and_lead_to_pages(page):
    from selenium.webdriver import ActionChains, Keys

    page.open("/")
    page.wait_text("Hold picture")
    page.press("?")
    page.wait_text("Keys of this page")
    page.open("/")
    ActionChains(page.browser).key_down(Keys.ALT).send_keys("3").key_up(
        Keys.ALT
    ).perform()
    page.wait("return location.pathname === '/history'")


def test_every_control_has_a_name_and_focus_is_seen(page):
    for path in ("/", "/history", "/settings"):
        page.open(path)
        page.wait("return document.querySelector('main').innerText.length > 10")
        nameless = page.run(
            "return [...document.querySelectorAll('button, a, input, textarea')]"
            ".filter(e => e.checkVisibility() && !(e.innerText.trim() || e.ariaLabel"
            " || e.title || e.labels?.length || e.closest('label')"
            " || e.querySelector('img[alt]')"
            " || e.getAttribute('aria-labelledby'))).map(e => e.outerHTML)"
        )
        assert nameless == [], path
    page.open("/")
    page.wait_text("Line A")
    page.press("\ue004")  # Tab
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline not in ("none", "")


def test_a_verdict_turns_grey_when_pictures_end(page, station):
    page.open("/?device=line-a")
    post(station, 5)
    page.wait("return !!document.querySelector('.verdict.reject')")
    page.run("window.stationBeeps = 0; window.greyAt = 0")
    post(station, 4)
    last = page.run(
        "window.lastAt = performance.now();"
        "window.greyWatch = setInterval(() => {"
        " if (!window.greyAt && document.querySelector('.verdict.grey'))"
        "  window.greyAt = performance.now(); }, 20);"
        "return document.querySelector('.verdict.reject') !== null"
    )
    assert last
    page.wait("return window.greyAt > 0")
    # Two seconds, and what this page was too busy to notice.
    assert page.run("return window.greyAt - window.lastAt") < 4000
    text = page.run("return document.querySelector('.verdict').innerText")
    assert "NO PICTURE SINCE" in text and "reject" in text
    assert page.run("return document.querySelector('.nopicture').role") == "alert"
    page.wait("return window.stationBeeps > 0")
    station.request("POST", "/api/v1/devices/line-a/stop")
    page.wait("return document.body.innerText.includes('STOPPED since')")
    station.request("POST", "/api/v1/devices/line-a/start")
    post(station, 0)
    page.wait("return !!document.querySelector('.verdict.accept')")
    page.no_errors()
