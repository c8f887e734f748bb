"""The code that an export contains: pure modules of this project, found by imports. No Django."""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import sys
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

ROOTS = (
    "analysis.tables.rerun",
    "analysis.tables.tables",
    "analysis.codebook.table_columns",
    "analysis.figures.figures",
)
PACKAGE = "analysis"
# Modules outside of the package that an export may carry: each needs the standard library only.
SHARED = frozenset({"classifiers.difficulty", "trials.study.rule_words"})
R_READER = Path(__file__).with_name("read.R")
FORBIDDEN = ("django", "celery", "torch", "trials", "classifiers", "study_site")

SCRIPT = '''"""Compute this study's tables again from data/*.csv, and compare with tables/*.csv.

    python -m venv env && env/bin/pip install -r requirements.txt && env/bin/python analyse.py

It reads only the files of this folder: no database, no network, no installed project. The exit
status is 0 if every table is the same, 1 if one differs, and 2 if the tables could not be compared.
"""

import os
import sys
from pathlib import Path

# The fits solve many small systems: one thread of NumPy's linear algebra is faster than several.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True  # the export stays as its manifest says
sys.path.insert(0, str(HERE / "code"))


def run():
    for stream in (sys.stdout, sys.stderr):  # a console may lack letters of the study's names
        stream.reconfigure(errors="backslashreplace")
    if sys.version_info < (3, 11):
        return stop("it needs Python 3.11 or later, and this is %d.%d" % sys.version_info[:2])
    try:
        from analysis.tables.rerun import main

        return main(HERE)
    except ImportError as error:
        return stop("%s; install what requirements.txt lists" % error)
    except Exception as error:
        return stop("%s: %s" % (type(error).__name__, error))


def stop(why):
    sys.stderr.write("The analysis could not run: %s.\\n" % why)
    sys.stderr.write("This says nothing about whether the tables agree.\\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(run())
'''


class CodeNotPure(RuntimeError):
    """Raised if a module of the export needs a package that an export does not have."""


@cache
def carried_modules(roots: tuple[str, ...] = ROOTS) -> dict[str, Path]:
    """Return the project's modules that ``roots`` import, directly or not, and their files.

    A root that this installation lacks is left out. Raises ``CodeNotPure`` if one of them imports a
    package that an export cannot contain.
    """
    found: dict[str, Path] = {}
    waiting = [name for name in roots if importlib.util.find_spec(name)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = _file_of(name)
        imported = _imports(found[name])
        impure = sorted(item for item in imported - SHARED if item.partition(".")[0] in FORBIDDEN)
        if impure:
            raise CodeNotPure(
                f"{name} imports {', '.join(impure)}; expected only the standard library, NumPy, "
                "pandas, SciPy and Matplotlib, because an export must run without the project."
            )
        waiting += [item for item in imported if item.startswith(f"{PACKAGE}.") or item in SHARED]
        waiting.append(name.rpartition(".")[0] or PACKAGE)  # a module needs its parent packages
    return dict(sorted(found.items()))


def _file_of(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise CodeNotPure(f"{name}: found no file of it; expected a module of this project.")
    return Path(spec.origin)


def _imports(file: Path) -> set[str]:
    """Return the names of the modules that a file imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{name.name}" for name in node.names} & _modules_of(
                node.module
            ) or {node.module}
    return names


@cache
def _modules_of(package: str) -> frozenset[str]:
    """Return the modules directly in a package of this project; empty for anything else."""
    if package.partition(".")[0] != PACKAGE:
        return frozenset()
    spec = importlib.util.find_spec(package)
    places = (spec and spec.submodule_search_locations) or ()
    return frozenset(
        f"{package}.{iter_module.name}" for iter_module in pkgutil.iter_modules(places)
    )


@cache
def requirements(roots: tuple[str, ...] = ROOTS) -> str:
    """Return requirements.txt: the versions that computed the tables."""
    modules = carried_modules(roots)
    imported = {
        name.partition(".")[0] for file in modules.values() for name in _imports(file) - SHARED
    }
    foreign = imported - set(sys.stdlib_module_names) - {PACKAGE}
    distributions = packages_distributions()
    names = sorted({distributions[item][0] for item in foreign})
    python = (
        f"# Python {sys.version_info.major}.{sys.version_info.minor} computed these tables with"
    )
    return "\n".join([python, *(f"{name}=={version(name)}" for name in names)]) + "\n"


def code_write(folder: Path) -> None:
    """Write ``code/``, ``analyse.py``, ``read.R`` and ``requirements.txt`` into an export."""
    modules = carried_modules()
    for name, file in modules.items():
        place = folder / "code" / Path(*name.split("."))
        target = place / "__init__.py" if file.name == "__init__.py" else place.with_suffix(".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (folder / R_READER.name).write_bytes(R_READER.read_bytes())
    (folder / "analyse.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "requirements.txt").write_text(requirements(), encoding="utf-8")
