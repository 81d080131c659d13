"""A page of the station in a headless browser, as a person uses it."""

import contextlib
import tempfile

from station_helpers import wait_until


@contextlib.contextmanager
def open_browser(chromium, driver):
    """Open a headless browser with a profile of its own; close it at the end."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory() as profile:
        for argument in (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--autoplay-policy=no-user-gesture-required",
            f"--user-data-dir={profile}",
            "--window-size=1280,900",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
        browser.set_page_load_timeout(120)
        browser.set_script_timeout(120)
        try:
            yield browser
        finally:
            browser.quit()


class Page:
    """What a person does with a page and sees of it."""

    def __init__(self, browser, url):
        self.browser = browser
        self.url = url

    def open(self, path):
        self.browser.get_log("browser")
        self.browser.get(self.url + path)
        self.wait("return !!document.querySelector('main')")

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def wait(self, script, timeout_s=60):
        wait_until(lambda: self.run(script), timeout_s)

    def text(self):
        return self.run("return document.body.innerText")

    def wait_text(self, text, timeout_s=60):
        wait_until(lambda: text in self.text(), timeout_s)

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def click(self, text):
        self.run(
            "[...document.querySelectorAll('button, a')].find("
            "e => e.innerText.trim().startsWith(arguments[0])).click()",
            text,
        )

    def fill(self, label, text):
        from selenium.webdriver.common.by import By

        path = f'//label[contains(., "{label}")]//input'
        field = self.browser.find_element(By.XPATH, path)
        field.clear()
        field.send_keys(text)

    def no_errors(self):
        bad = [e for e in self.browser.get_log("browser") if e["level"] == "SEVERE"]
        assert bad == []
