"""The facts of an export: its study in a few words, and its CSV files. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.codebook.codebook import DATA, Columns


@dataclass(frozen=True, slots=True)
class Resource:
    """One CSV file of an export: its name, relative path, columns and size in bytes."""

    name: str
    path: str
    title: str
    columns: Columns
    n_bytes: int
    sha256: str

    @property
    def is_data(self) -> bool:
        """Whether the file has data in the sense of Psych-DS, not computed tables."""
        return self.path.startswith("data/")


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts on the study of an export. ``exported_at`` is ISO 8601 in UTC.

    ``frozen_sha256`` is empty for a draft.
    """

    slug: str
    title: str
    document_sha256: str
    exported_at: str
    has_simulated: bool
    is_pilot: bool = False
    has_texts: bool = False
    frozen_sha256: str = ""

    @property
    def name(self) -> str:
        """The data set's human-readable name."""
        pilot = ", pilot" * self.is_pilot
        return f"{self.title} ({self.slug}{pilot}{', with simulated people' * self.has_simulated})"

    def note(self, simulated: str) -> str:
        """Return the note below every figure; ``simulated`` is the sentence about robots."""
        return " ".join(["Pilot."] * self.is_pilot + [simulated] * self.has_simulated)

    @property
    def description(self) -> str:
        """Return a description of the data in a few sentences, with the study's fingerprint."""
        pilot = (
            " These are the answers of the pilot. They are never combined with those of the main "
            "study."
        )
        robots = " SIMULATED PEOPLE ARE INCLUDED: these are not results about people."
        return (
            "People judged whether an AI's label of a photo is right, in a between-subjects study "
            "of how the AI's answer is explained. The files have one row per response "
            "(responses), person (participants), event (events), classifier and photo (items), "
            "trial of training or validation (practice), answer to a question of the study "
            "(answers), and example on a trial's page (shown). Study document (SHA-256): "
            f"{self.document_sha256}.{pilot * self.is_pilot}{robots * self.has_simulated}"
        )


def renamed(resources: list[Resource]) -> list[Resource]:
    """Return the resources under unique names; data files keep their names."""
    return [
        resource
        if resource.name in DATA and resource.is_data
        else _with_name(resource, f"table-{resource.name}")
        for resource in resources
    ]


def _with_name(resource: Resource, name: str) -> Resource:
    short = name.replace("_", "-")
    return Resource(
        short, resource.path, resource.title, resource.columns, resource.n_bytes, resource.sha256
    )
