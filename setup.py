"""What pyproject.toml cannot say: in a wheel, study_site/ has templates/, static/, docs/."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
MOVED = ("templates", "static", "docs")
CODE = [
    f"{name}{end}"
    for name in ("study_site", "classifiers", "trials", "analysis")
    for end in ("", ".*")
]

setup(
    packages=[
        *find_namespace_packages(str(ROOT), include=CODE),
        *(f"study_site.{n}" for n in MOVED),
    ],
    package_dir={f"study_site.{name}": name for name in MOVED},
    package_data={"": ["*.txt", "*.pt", "*.md", "*.yaml", "*.json", "*.R", "*.po", "*.mo"]}
    | {f"study_site.{name}": ["**/*"] for name in ("templates", "static")}
    | {"study_site.docs": ["*.md", "images/*"]},
    include_package_data=False,
)
