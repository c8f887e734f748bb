"""What the project's own attacks may rely on."""

from tests.trials.conftest import client as client
