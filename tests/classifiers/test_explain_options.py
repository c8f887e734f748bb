"""The command explain draws one photo or a whole split, and takes no option of the other form."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from classifiers.models import Gallery, Job
from tests.factories import make_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.png", "--limit=3"), "--limit is of a whole split; leave it out"),
        (("--dataset=trees", "--truth=dark"), "leave out --gallery and --truth"),
        (("--dataset=trees", "--split=spare"), "Dataset trees has no photos in split 'spare'"),
    ],
)
def test_options_of_the_other_form_are_refused(
    out: Path, words: tuple[str, ...], said: str
) -> None:
    Gallery.objects.create(dataset=make_dataset(), backbone="tiny", status=Job.Status.DONE)
    with pytest.raises(CommandError, match=said):
        call_command("explain", *words, "--classifier=emd-corr", f"--out={out}")
