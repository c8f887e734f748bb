"""The demo's own parts: its port, its secrets, its children, its photos."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study_site.demo import demo_study, serve


def test_a_port_in_use_is_refused_with_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"make demo PORT={port + 1}"):
            serve.check_port(port)


@pytest.mark.parametrize("port", [0, 70000])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(SystemExit, match="expected a number from 1 to 65535"):
        serve.check_port(port)


def test_a_second_demo_on_the_same_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "DATA_DIR", tmp_path)
    with serve.only_demo(), pytest.raises(SystemExit, match="already runs"), serve.only_demo():
        pass
    with serve.only_demo():
        pass


def test_a_secret_is_made_once_and_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "DATA_DIR", tmp_path / "new")
    first = serve.kept_secret("password", 12)
    assert serve.kept_secret("password", 12) == first
    assert (tmp_path / "new" / "password").stat().st_mode & 0o777 == 0o600


def test_children_are_stopped_even_if_they_do_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "LOGS", tmp_path)
    (tmp_path / "deaf.py").write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    children = serve.Children()
    child = children.start("deaf", ["deaf"])
    while "ready" not in (tmp_path / "deaf.log").read_text():
        time.sleep(0.05)
    children.stop(grace_s=0.2)
    assert child.returncode == -9


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_children_end_when_the_demo_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from study_site.demo import serve as demo\n"
        f"demo.LOGS = demo.ROOT = Path({str(tmp_path)!r})\n"
        "(demo.ROOT / 'sleeper.py').write_text('import time; time.sleep(60)')\n"
        "child = demo.Children().start('sleeper', ['sleeper'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < deadline:
        if "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{pid}/cmdline").exists()


def test_the_photos_are_the_sure_labels_in_four_categories(tmp_path: Path) -> None:
    pytest.importorskip("elpv_dataset", reason="requirements-demo.txt is not installed")
    demo_study.photos_arrange(tmp_path)
    demo_study.photos_arrange(tmp_path)
    counts = {folder.name: len(list(folder.iterdir())) for folder in (tmp_path / "all").iterdir()}
    assert counts == {
        "mono_functional": 588,
        "mono_defective": 313,
        "poly_functional": 920,
        "poly_defective": 402,
    }


def test_the_demos_plan_is_the_reference_studys_flow() -> None:
    plan = demo_study.PLAN
    assert plan.training
    assert plan.validation
    assert (plan.training.n, plan.validation.n, plan.validation.pass_mark) == (5, 10, 8)
    assert plan.test.n == 30
    names = ["ResNet-50", "kNN", "EMD-NN", "EMD-Corr", "CHM-NN", "CHM-Corr", "CAM"]
    names += ["CHM-Corr++"]
    assert [condition.name for condition in plan.conditions] == names


@pytest.mark.django_db
def test_the_staff_password_is_what_the_demo_prints() -> None:
    from django.contrib.auth import authenticate

    for password in ("first-password", "second-password"):
        demo_study.staff_user(password)
        assert authenticate(username="staff", password=password) is not None
