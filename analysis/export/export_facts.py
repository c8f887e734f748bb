"""What an export is of: its study in a few words, and its CSV files. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.codebook.codebook import Columns


@dataclass(frozen=True, slots=True)
class Resource:
    """One CSV file of an export: its name, its path in it, its columns, its bytes."""

    name: str
    path: str
    title: str
    columns: Columns
    n_bytes: int
    sha256: str

    @property
    def is_data(self) -> bool:
        """Whether Psych-DS counts it as data, not as what was computed from them."""
        return self.path.startswith("data/")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an export says of its study. ``exported_at`` is ISO 8601 in UTC."""

    slug: str
    title: str
    document_sha256: str
    exported_at: str
    has_simulated: bool
    is_pilot: bool = False
    has_texts: bool = False

    @property
    def name(self) -> str:
        """The data set's name, for people."""
        pilot = ", pilot" * self.is_pilot
        return f"{self.title} ({self.slug}{pilot}{', with simulated people' * self.has_simulated})"

    def note(self, simulated: str) -> str:
        """Return what a picture must say; ``simulated`` is the sentence about robots."""
        return " ".join(["Pilot."] * self.is_pilot + [simulated] * self.has_simulated)

    @property
    def description(self) -> str:
        """What the data are, in a few sentences and a fingerprint."""
        pilot = " These are the answers of the pilot, which never count with the study's own."
        robots = " SIMULATED PEOPLE ARE INCLUDED: these are not results about people."
        return (
            "People judged whether an AI's label of a photo is right, in a between-subjects study "
            "of how the AI's answer is explained. One row a response in responses, a person in "
            "participants, a step in events, a classifier and photo in items, a trial of training "
            "or validation in practice, a question of the study's own in answers, an example on "
            f"a trial's page in shown. Study document (SHA-256): {self.document_sha256}."
            f"{pilot * self.is_pilot}{robots * self.has_simulated}"
        )
