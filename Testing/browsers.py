"""A real Chromium without a window, driven as a user would: keys, clicks, and what stands on the page."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from workers import wait_for as wait_step_by_step

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
#: Slices are drawn by the processor.
_SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_QUIET = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
          "--disable-component-update", "--no-first-run", "--hide-scrollbars", "--force-device-scale-factor=1")
#: Every look costs three processes a few milliseconds, and most waits are for a network.
wait_for = partial(wait_step_by_step, step_s=0.15)


@contextmanager
def chromium(webgl: bool = True) -> Iterator[Browser]:
    """A browser until the block ends; the test is left out where there is none.

    Args:
        webgl: whether it can draw slices.
    """
    if not CHROMIUM or not DRIVER:
        pytest.skip("needs Chromium and its driver (Debian: apt-get install chromium chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*_QUIET, *(_SOFTWARE_GL if webgl else ("--disable-3d-apis",))):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    """What a test does with a page.

    Args:
        driver: of selenium.
    """

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.resize(1280, 900)

    def resize(self, width: int, height: int) -> None:
        """Give the window a size in pixels."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme: str) -> None:
        """"dark" or "light"."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def find(self, name: str) -> Any:
        """The element with this id."""
        return self.driver.find_element("id", name)

    def text(self, name: str) -> str:
        """All that an element holds, shown or not."""
        return self.find(name).get_property("textContent").strip()

    def shown(self, name: str) -> bool:
        """Whether it is to be seen."""
        return self.find(name).is_displayed()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    @property
    def focused(self) -> str:
        """Id of what has the focus."""
        return self.driver.switch_to.active_element.get_attribute("id")

    def script(self, code: str, *arguments: Any) -> Any:
        """What a function body returns."""
        return self.driver.execute_script(code, *arguments)

    def screenshot(self, name: str = "") -> bytes:
        """PNG of the window, or of an element with this id."""
        clip = {}
        if name:
            box = self.script("const box = document.getElementById(arguments[0]).getBoundingClientRect();"
                              "return {x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height}",
                              name)
            clip = {"clip": box | {"scale": 1}, "captureBeyondViewport": True}
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", **clip})
        return base64.b64decode(picture["data"])

    def requests(self) -> list[str]:
        """Addresses that were asked since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the console has of errors and of breaches of the policy since the last call; refusals are no errors."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "Failed to load resource" not in entry["message"]]

    def log_in(self, url: str, key: str) -> None:
        """Open a server's page, and give the key."""
        self.driver.get(f"{url}/")
        wait_for(lambda: self.shown("key-section") or self.shown("ask-section"))
        if self.shown("ask-section"):  # a test that failed has not forgotten it
            self.find("forget").click()
        self.find("key").send_keys(key)
        self.find("key").submit()
        wait_for(lambda: self.shown("ask-section"))

    def begin(self, file: Path, *options: str) -> None:
        """Choose a file and options by their ids, and run."""
        self.script("arguments[0].value = ''", self.find("file"))  # else this one is added to the last one
        self.find("file").send_keys(str(file))
        for option in options:
            self.find(option).click()
        self.find("run").click()

    def run(self, file: Path, *options: str) -> str:
        """The same, until there is a result, or a sentence that there is none; gives that."""
        self.begin(file, *options)
        wait_for(lambda: not self.shown("progress-section") and (self.shown("result-section") or self.text("alert")))
        if not self.text("alert"):
            wait_for(lambda: self.text("place") or self.text("no-viewer"))
        return self.text("alert")
