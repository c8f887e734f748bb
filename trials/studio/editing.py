"""The editor: a form made from the schema, the same document as YAML, checked during typing."""

from __future__ import annotations

import json
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from classifiers.models import Dataset
from trials import services
from trials.models import Study
from trials.participant.forms import storable
from trials.roles import editor_only, researcher_only
from trials.studio.editor import answer, document_check, text_check
from trials.studio.preview import choices
from trials.studio.previewing import AROUND, HEADER
from trials.study.document import write
from trials.study.schema import Json, schema
from trials.study.yaml_text import MAX_BYTES

MAX_BODY = 6 * MAX_BYTES  # JSON may escape a character as six


@require_POST
@researcher_only
def check(request: HttpRequest) -> HttpResponse:
    """Judge ``{"text": ...}`` or ``{"document": ...}`` on a dataset; nothing is stored."""
    if request.content_type != "application/json":
        return JsonResponse({"error": "Expected JSON with text or document."}, status=415)
    if len(request.body) > MAX_BODY:
        said = f"Expected a document of at most {MAX_BYTES:,} bytes."
        return JsonResponse({"error": said}, status=413)
    try:
        asked = json.loads(request.body)
        dataset = Dataset.objects.filter(slug=asked.get("dataset")).first()
        if "document" in asked:
            checked = document_check(dict(asked["document"]))
        else:
            checked = text_check(str(asked["text"]))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return JsonResponse({"error": "Expected JSON with text or document."}, status=400)
    return JsonResponse(answer(checked, dataset))


@require_http_methods(["GET", "HEAD", "POST"])
@editor_only
def edit(request: HttpRequest, study: Study) -> HttpResponse:
    """Change a draft's document. The typed text is kept even if it is not a valid document."""
    if study.is_frozen:
        context = {"study": study, "text": _posted(request), "document": write(study.document)}
        return render(request, "studio/authoring/frozen.html", context, status=409)
    if request.method == "POST":
        return _saved(request, study)
    text = study.draft_text or write(study.document)
    return _page(request, study, text)


def _posted(request: HttpRequest) -> str:
    return storable(request.POST.get("text", ""))


def _saved(request: HttpRequest, study: Study) -> HttpResponse:
    text, base = _posted(request), request.POST.get("base", "")
    user = request.user
    assert user.is_authenticated  # noqa: S101 - for the types
    checked = text_check(text)
    if text.startswith("{") and checked.document:  # the form sends JSON, the text pane shows YAML
        text = write(checked.document)
    try:
        if checked.plan is None:
            services.study_keep_text(study=study, text=text, user=user, base=base)
            n = len(checked.problems)
            messages.warning(
                request,
                f"Saved as a draft. {n} {'problem has' if n == 1 else 'problems have'} to be fixed "
                "before it becomes the study's document and the study can be launched.",
            )
        else:
            services.study_revise(study=study, document=checked.document, user=user, base=base)
            messages.success(request, "Saved.")
    except services.StudyChanged:
        study.refresh_from_db()
        messages.warning(
            request,
            "Somebody else saved this study while you were editing, so your version is not saved. "
            "It is below, complete. Compare it with theirs; saving again replaces theirs by yours.",
        )
        return _page(request, study, text, status=409, is_conflict=True)
    except services.StudyRefused as error:
        messages.error(request, str(error))
        return _page(request, study, text, status=409)
    return redirect(f"{request.path}?saved=1")


def _page(
    request: HttpRequest, study: Study, text: str, *, status: int = 200, is_conflict: bool = False
) -> HttpResponse:
    checked = text_check(text)
    judged = answer(checked, study.dataset)
    context = {
        "study": study,
        "text": text,
        "base": services.study_base(study),
        "problems": checked.said,
        "is_conflict": is_conflict,
        "readiness": judged["readiness"],
        "data": _data(study, judged) | {"is_unsaved": status != HTTPStatus.OK},
    }
    response = render(request, "studio/authoring/edit.html", context, status=status)
    response[HEADER] = AROUND  # the page that people see is in a frame
    return response


def _data(study: Study, judged: Json) -> dict[str, object]:
    return {
        "schema": schema(),
        "dataset": study.dataset.slug,
        "slug": study.slug,
        "answer": judged,
        "preview": judged["preview"] or choices(study.plan),
    }
