"""What tests of the staff's pages share."""

from __future__ import annotations

import csv
import io
import re

from django.contrib.auth.models import User

from analysis.blind import blind_lift
from trials.models import Study


def lifted(study: Study) -> Study:
    """Lift the blind of a study."""
    blind_lift(study=study, user=User.objects.create(username="lea", is_staff=True))
    return study


def rows(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a downloaded file."""
    return list(csv.DictReader(io.StringIO(content.decode())))


def cells_of(page: str, title: str, name: str) -> list[str]:
    """Return the cells of one row of a table of the page."""
    section = page.split(f"<h3>{title}</h3>")[1]
    return re.findall(r"<td>([^<]*)</td>", section.split(f'<th scope="row">{name}</th>')[1])
