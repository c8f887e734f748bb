"""Files made to harm: each is named, and memory stays bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.classifiers import hostile

MAX_PEAK = 1_500_000_000


def test_200_hostile_files_are_named_within_a_bounded_memory(tmp_path: Path) -> None:
    written = hostile.write(tmp_path)
    command = [sys.executable, "-m", hostile.__name__, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=500)
    said = json.loads(done.stdout)
    assert len(written) == hostile.N_PICTURES + hostile.N_ARCHIVES
    assert set(written) - set(said["named"]) == hostile.TAKEN
    assert said["peak"] < MAX_PEAK
