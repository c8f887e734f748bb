"""The forms of the researchers' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.inputs.reading import DEEPEST, LEAST_WHITE
from classifiers.core.inputs.zip_files import ENCODINGS
from classifiers.models import Dataset
from classifiers.run_names import MAX_NAME
from classifiers.services.queueing import backbones_ready
from trials.models import Study
from trials.ready_made import READY_MADE
from trials.roles import role_of

MAX_ROBOTS = 200
READY_MADE_WORDS = {
    "short": "Short first study (a good start): four conditions, one set of 20 photos",
    "demo": "The demo: eight conditions, two sets of 30 photos",
    "judge-advisor": "Judge and advisor: an answer, the AI's advice, a final answer",
    "crossover": "Crossover: each person judges without and with the AI, on different photos",
    "reader-study": "Reader study: the same photos without and with the AI, on five levels",
    "choose": "Choice among classes: people name the class themselves",
    "replica-cub": "Replica of the reference study on birds (CUB-200-2011)",
    "replica-imagenet": "Replica of the reference study on ImageNet",
}

SHORT_FIRST = sorted(READY_MADE, key=lambda name: (name != "short", name))
LETTERS = "Letters from a to z, small or capital, digits, - and _"
NO_NAME = {"invalid": f"{LETTERS} only, without spaces, such as birds-2026."}


class StudyNameField(forms.SlugField):
    """A study's name in addresses, unique on the site."""

    def clean(self, value: Any) -> Any:
        slug = super().clean(value)
        if slug and Study.objects.filter(slug=slug).exists():
            raise forms.ValidationError(
                f"A study {slug!r} exists already; choose another name.", code="taken"
            )
        return slug


def study_name() -> StudyNameField:
    """Return the field of a new study's name."""
    return StudyNameField(
        label="Name in addresses",
        max_length=50,
        error_messages=NO_NAME,
        help_text=f"{LETTERS}, such as birds-2026. Participants see it in the address.",
    )


class NewStudyForm(forms.Form):
    """A new study: from a template, from nothing, or from a file."""

    slug = study_name()
    dataset = forms.ModelChoiceField(
        Dataset.objects.order_by("slug"),
        to_field_name="slug",
        label="Photos",
        empty_label=None,
        help_text="The dataset whose photos people judge.",
    )
    title = forms.CharField(
        max_length=200,
        required=False,
        label="Title",
        help_text="The name of the study. Participants see it. Empty: the title of the template.",
    )
    source = forms.ChoiceField(
        label="Begin with",
        widget=forms.RadioSelect,
        choices=[
            *((name, READY_MADE_WORDS.get(name, name)) for name in SHORT_FIRST),
            ("blank", "The reference study's defaults: six conditions, 20 sets of 30 photos"),
            ("file", "A file: an exported study (.zip) or a document (.yaml)"),
        ],
        initial="short",
    )
    file = forms.FileField(label="File", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("source") == "file" and not data.get("file"):
            self.add_error("file", "No file was sent. Choose the file to begin with.")
        return data


class CopyForm(forms.Form):
    """A copy of a study, on the same photos or on others."""

    slug = study_name()
    dataset = forms.ModelChoiceField(
        Dataset.objects.order_by("slug"), to_field_name="slug", label="Photos", empty_label=None
    )


class PhotosForm(forms.Form):
    """Photos to import: an uploaded zip, or a folder on the server."""

    SELDOM = frozenset({"root", "split_seed", "encoding", "grey_white"})

    slug = forms.SlugField(
        label="Name of the dataset",
        max_length=50,
        error_messages=NO_NAME,
        help_text=f"{LETTERS}.",
    )
    file = forms.FileField(
        label="Zip of labelled folders",
        required=False,
        help_text="One folder a category, photos inside; a file categories.csv "
        "(folder,label,definition) gives readable labels and definitions.",
    )
    root = forms.CharField(
        label="Or a folder on the server",
        max_length=1000,
        required=False,
        help_text="ROOT/<split>/<category>/<file>. For administrators.",
    )
    split = forms.ChoiceField(
        label="Which photos do people judge?",
        widget=forms.RadioSelect,
        choices=[
            ("draw", "Draw them: the others become the AI's memory"),
            ("folders", "My folders say so: they are named gallery and query"),
        ],
        initial="draw",
    )
    query_share = forms.FloatField(
        label="Share of photos to judge", min_value=0.01, max_value=0.99, initial=0.3
    )
    split_seed = forms.IntegerField(label="Seed of the draw", min_value=0, initial=1)

    encoding = forms.ChoiceField(
        label="Encoding of file names",
        required=False,
        choices=[("", "As the zip says, or UTF-8"), *ENCODINGS.items()],
        help_text="Only for a zip that was refused because its file names have no known encoding.",
    )
    grey_white = forms.IntegerField(
        label="White of 16-bit grey photos",
        min_value=LEAST_WHITE,
        max_value=DEEPEST,
        required=False,
        help_text="Empty: 65535. For cameras of 12 bits, 4095. It holds for all photos of the "
        "dataset and cannot be changed later, so that they can be compared.",
    )

    def __init__(self, *args: Any, is_administrator: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_administrator:
            del self.fields["root"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("file") and not data.get("root"):
            limit = settings.UPLOAD_MAX_BYTES // 1_000_000
            self.add_error(
                "file", f"No file arrived. Choose a zip of at most {limit:,} MB (the site's limit)."
            )
        return data

    @property
    def usual(self) -> list[forms.BoundField]:
        """The fields that every import needs."""
        return [field for field in self if field.name not in self.SELDOM]

    @property
    def seldom(self) -> list[forms.BoundField]:
        """The fields that the page folds."""
        return [field for field in self if field.name in self.SELDOM]

    @property
    def is_folded(self) -> bool:
        """Whether the folded fields are as they were at first, and right."""
        return not self.is_bound or not self.SELDOM & {*self.changed_data, *self.errors}

    @property
    def draw(self) -> tuple[float, int] | None:
        """The share and seed that draw the photos to judge; None if the folders give the split."""
        data = self.cleaned_data
        return (data["query_share"], data["split_seed"]) if data["split"] == "draw" else None


class GalleryForm(forms.Form):
    """A gallery to build."""

    backbone = forms.ChoiceField(
        label="Backbone",
        help_text="The neural network that looks at the photos. The first one needs no graphics "
        "card, and is a good start.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = backbones_ready()
        self.fields["backbone"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class PredictForm(forms.Form):
    """Predictions to make."""

    classifiers = forms.MultipleChoiceField(
        label="Classifiers",
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (name, f"{each.label} ({name})")
            for name, each in CLASSIFIERS.items()
            if not each.needs_mask
        ],
        initial=[name for name, each in CLASSIFIERS.items() if each.is_suggested],
        help_text="The AIs whose guesses people judge. Linear head gives a guess alone, kNN adds "
        "similar photos, EMD-Corr and CHM-Corr add matched parts. Those marked suit most studies.",
    )
    n_shortlist = forms.IntegerField(
        label="Shortlist",
        min_value=20,
        max_value=1000,
        initial=50,
        help_text="How many nearest photos EMD-Corr and CHM-Corr compare part by part. 50 as "
        "published; 25 takes half the time.",
    )
    name = forms.CharField(
        label="Name",
        max_length=MAX_NAME,
        required=False,
        help_text="For one classifier: what the conditions of a study call these predictions. "
        "Empty: named after the classifier and its parameters.",
    )


class OutsideForm(forms.Form):
    """The predictions of an outside AI."""

    name = forms.CharField(
        label="Name of the predictions",
        max_length=MAX_NAME,
        help_text="Study documents call them so, such as resnet152-gradcam.",
    )
    predictions = forms.FileField(
        label="predictions.csv", help_text="Columns image, label, confidence."
    )
    evidence = forms.FileField(
        label="Panels",
        required=False,
        help_text="A zip with evidence.jsonl and its files, or evidence.jsonl alone.",
    )
    scores = forms.FileField(
        label="scores.csv", required=False, help_text="Columns image, label, score."
    )


class ShareForm(forms.Form):
    """Who may change a study beside its owner."""

    editors = forms.CharField(
        label="User names",
        required=False,
        help_text="Of researchers, separated by commas or spaces.",
    )

    def clean_editors(self) -> list[Any]:
        names = self.cleaned_data["editors"].replace(",", " ").split()
        found = {item.get_username(): item for item in get_user_model().objects.all()}
        unknown = [name for name in names if name not in found or role_of(found[name]) is None]
        if unknown:
            raise forms.ValidationError(
                f"No staff account {', '.join(unknown)}. Ask an administrator to make it."
            )
        return [found[name] for name in dict.fromkeys(names)]


class RobotsForm(forms.Form):
    """The number of simulated people to run in a study, and whether they learn."""

    n = forms.IntegerField(label="Simulated people", min_value=1, max_value=MAX_ROBOTS, initial=6)
    learning = forms.FloatField(
        label="Learning", min_value=-2, max_value=2, initial=0, step_size=0.01, required=False
    )
    seed = forms.IntegerField(min_value=0, initial=0, required=False, widget=forms.HiddenInput)
