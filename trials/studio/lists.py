"""The page on which a draft gets its lists of photos and of trials."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from trials import services
from trials.models import Study
from trials.roles import editor_only
from trials.services.list_uploads import PLACES, list_drop, list_use, lists_used
from trials.services.study_lists import MAX_BYTES
from trials.study.document import PlanRefused


class ListForm(forms.Form):
    """A list to use, and for what."""

    place = forms.ChoiceField(
        label="What is it?", widget=forms.RadioSelect, choices=list(PLACES.items()), initial="keep"
    )
    file = forms.FileField(
        label="File",
        help_text="Photos: a name in each line, a table with the column source, or a list in "
        "brackets. Trials: a table set,image, a JSON list of lists, or the published answers of "
        "the reference study.",
    )

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                f"{file.size:,} bytes; expected at most {MAX_BYTES:,}.", code="large"
            )
        return file


@require_http_methods(["GET", "HEAD", "POST"])
@editor_only
def lists(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the lists that a study uses; take another one for a draft, or leave one out."""
    assert request.user.is_authenticated  # noqa: S101 - for the types
    form = ListForm(request.POST or None, request.FILES or None)
    dropped = request.POST.get("drop", "")
    try:
        if dropped in PLACES:
            list_drop(study=study, place=dropped, user=request.user)
            return redirect("studio-lists", study.slug)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            said = list_use(
                study=study,
                place=form.cleaned_data["place"],
                name=file.name,
                content=file.read(),
                user=request.user,
            )
            messages.success(request, said)
            return redirect("studio-lists", study.slug)
    except (services.StudyRefused, PlanRefused) as error:
        if dropped:
            messages.error(request, str(error))
            return redirect("studio-lists", study.slug)
        form.add_error("file", str(error))
    context = {"study": study, "form": form, "used": lists_used(study)}
    return render(request, "studio/authoring/lists.html", context)
