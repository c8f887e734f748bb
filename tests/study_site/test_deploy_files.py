"""The files that docs/deploy.md installs are valid, and the page names each of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from study_site.demo.bootstrap import ROOT

FOLDER = ROOT / "docs" / "deploy"
UNITS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".service", ".timer"})
CERTIFICATE = re.compile(r"(ssl_certificate(?:_key)?) .*/(\w+\.pem);")


def test_the_page_names_each_file() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    assert not [path.name for path in FOLDER.iterdir() if path.name not in page]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_has_its_sections_and_a_timer_its_service(name: str) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.read(FOLDER / name)
    kind = Path(name).suffix
    assert "Unit" in unit
    assert unit["Service" if kind == ".service" else "Timer"]
    assert kind == ".service" or Path(name).with_suffix(".service").name in UNITS


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_a_unit(name: str, tmp_path: Path) -> None:
    for unit in UNITS:
        text = (FOLDER / unit).read_text().replace("/opt/study/.venv/bin/", "/usr/bin/env ")
        (tmp_path / unit).write_text(text)
    asked = name.replace("@.", "@1.")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / asked)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not re.findall(rf".*(?:{re.escape(str(tmp_path))}|study-).*", done.stderr)


@pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx")
@pytest.mark.parametrize("name", ["nginx.conf", "nginx-container.conf"])
def test_nginx_takes_the_configuration(name: str, tmp_path: Path) -> None:
    keys = [str(tmp_path / file) for file in ("privkey.pem", "fullchain.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=a", "-keyout", keys[0], "-out", keys[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    site = CERTIFICATE.sub(rf"\1 {tmp_path}/\2;", (FOLDER / name).read_text())
    site = re.sub(r"server web:", "server 127.0.0.1:", site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ {site} }}"
    )
    test = ["nginx", "-t", "-q", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]
    done = subprocess.run(test, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_containers_configuration_of_nginx_differs_in_places_only() -> None:
    here, there = (
        (FOLDER / name).read_text().splitlines() for name in ("nginx.conf", "nginx-container.conf")
    )
    others = [line for line, other in zip(here, there, strict=True) if line != other]
    assert len(others) == 4  # the heading, the upstream's server, the certificate and its key


def test_compose_has_the_five_parts_and_files_that_exist() -> None:
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    services = compose["services"]
    assert {"web", "worker", "database", "redis", "nginx"} < set(services)
    waits = {name for service in services.values() for name in service.get("depends_on", {})}
    assert waits <= set(services)
    assert (FOLDER / services["web"]["build"]["context"] / "manage.py").is_file()
    assert (ROOT / services["web"]["build"]["dockerfile"]).is_file()


def test_the_image_copies_what_the_site_is_made_of() -> None:
    copied = re.findall(r"^COPY (.*) \S+$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert all((ROOT / name).exists() for name in names)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert names >= packages | {"templates", "static", "manage.py", "requirements.txt"}


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        reason = "no hadolint: pip install -r requirements-dev.txt"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    # DL3008 wants versions of Debian's packages, which disappear from its mirrors.
    words = [linter, "--no-color", "--ignore", "DL3008", str(FOLDER / "Dockerfile")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
