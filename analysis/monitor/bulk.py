"""Actions on several people of the list: their codes as a file, and notes of payment."""

from __future__ import annotations

import csv
import io

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from analysis.monitor.people import PeopleForm, people_found
from analysis.results.computing import shows_computing
from analysis.tables.csv_cells import neutral
from trials.models import Participant, Study
from trials.roles import editor_only
from trials.services.bulk import CODE_COLUMNS, codes_give, people_pay
from trials.study.pseudonyms import pseudonym

CODES, PAY = "codes", "pay"
Payment = Participant.Payment


@require_POST
@editor_only
@shows_computing
def selected(request: HttpRequest, study: Study) -> HttpResponse:
    """Do something with the chosen people, or with everybody whom the filter shows."""
    back = reverse("studio-people", args=[study.slug]) + f"?{request.GET.urlencode()}"
    people = _chosen(request, study)
    what = request.POST.get("do", "")
    if not people:
        messages.warning(request, "Nobody is selected. Tick people in the list, or everybody.")
    elif what == CODES:
        return _codes_file(request, study, people)
    elif what == PAY and request.POST.get("payment") in Payment.values:
        payment = Payment(request.POST["payment"])
        n = people_pay(people=people, payment=payment, user=request.user)
        messages.success(
            request,
            f"Payment {payment.value}: noted for {n} of {len(people)} people"
            f"{'' if n == len(people) else '; for the others it was noted already'}.",
        )
    else:
        messages.error(request, f"Found {what!r}, expected codes or pay. Nothing changed.")
    return redirect(back)


def _chosen(request: HttpRequest, study: Study) -> list[Participant]:
    form = PeopleForm(study, request.GET)
    form.is_valid()
    found = people_found(study, form.cleaned_data)
    everybody = list(found.order_by("number"))
    if "everybody" in request.POST:
        return everybody
    who = set(request.POST.getlist("who"))
    return [each for each in everybody if pseudonym(each.is_simulated, each.number) in who]


def _codes_file(request: HttpRequest, study: Study, people: list[Participant]) -> HttpResponse:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(CODE_COLUMNS)
    for row in codes_give(study=study, people=people, user=request.user):
        writer.writerow([neutral(cell) for cell in row])  # ids come from visitors' addresses
    response = HttpResponse(stream.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-codes.csv"'
    return response
