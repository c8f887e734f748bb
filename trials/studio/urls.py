"""The researchers' addresses, below ``studio/``."""

from django.urls import path

from trials.studio import (
    actions,
    dataset_ai,
    dataset_photos,
    datasets,
    editing,
    lists,
    predictions,
    previewing,
    studies,
)

urlpatterns = [
    path("", studies.home, name="studio"),
    path("new/", studies.new, name="studio-new"),
    path("check/", editing.check, name="studio-check"),
    path("datasets/", datasets.home, name="studio-datasets"),
    path("datasets/new/", datasets.new, name="studio-photos"),
    path("datasets/imports/<int:pk>/again/", datasets.again, name="studio-import-again"),
    path("datasets/jobs.json", datasets.jobs, name="studio-jobs"),
    path("datasets/<slug:slug>/", datasets.one, name="studio-dataset"),
    path("datasets/<slug:slug>/photos/", dataset_photos.photos, name="studio-dataset-photos"),
    path("datasets/<slug:slug>/ai/", dataset_ai.performance, name="studio-dataset-ai"),
    path("datasets/<slug:slug>/predictions/", predictions.home, name="studio-predictions"),
    path("datasets/<slug:slug>/gallery/", datasets.gallery, name="studio-gallery"),
    path("datasets/<slug:slug>/predict/<int:pk>/", datasets.predict, name="studio-predict"),
    path("datasets/<slug:slug>/cancel/<str:kind>/<int:pk>/", datasets.cancel, name="studio-cancel"),
    path("study/<slug:slug>/", studies.one, name="studio-study"),
    path("study/<slug:slug>/edit/", editing.edit, name="studio-edit"),
    path("study/<slug:slug>/lists/", lists.lists, name="studio-lists"),
    path("study/<slug:slug>/preview/", previewing.preview, name="studio-preview"),
    path("study/<slug:slug>/preview/screen/", previewing.screen, name="studio-screen"),
    path("study/<slug:slug>/preview/live/", previewing.live, name="studio-live"),
    path("study/<slug:slug>/do/<slug:name>/", actions.act, name="studio-act"),
    path("study/<slug:slug>/copy/", actions.copy, name="studio-copy"),
    path("study/<slug:slug>/share/", actions.share, name="studio-share"),
    path("study/<slug:slug>/simulate/", actions.simulate, name="studio-simulate"),
    path("study/<slug:slug>/study.zip", actions.export, name="studio-archive"),
]
