"""``visual-correspondence-study demo|manage …``, the command of the installed package."""

from __future__ import annotations

import importlib.util
import os
import sys

USAGE = """usage: visual-correspondence-study demo [--port PORT]
       visual-correspondence-study manage COMMAND …

demo    set up and serve the demo; its data go into var/ of the current folder, or into DATA_DIR
manage  Django's commands, such as migrate, import_dataset, create_study, backup
"""


def main() -> None:
    """Run the subcommand that the command line names."""
    program, *words = sys.argv
    if words[:1] == ["demo"]:
        _demo(program, words[1:])
    elif words[:1] == ["manage"]:
        from django.core.management import execute_from_command_line

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "study_site.settings")
        execute_from_command_line([program, *words[1:]])
    else:
        is_asked = words[:1] in (["-h"], ["--help"])
        (sys.stdout if is_asked else sys.stderr).write(USAGE)
        sys.exit(0 if is_asked else 2)


def _demo(program: str, words: list[str]) -> None:
    if importlib.util.find_spec("elpv_dataset") is None:
        sys.exit(
            "The demo's photos are not installed. Install them: "
            "pip install 'visual-correspondence-study[demo]'"
        )
    from study_site.demo.serve import main as serve

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "study_site.settings")
    sys.argv = [f"{program} demo", *words]
    serve()
