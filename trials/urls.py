"""The participant's addresses."""

from django.urls import path

from trials.participant import entry, interactive_view, views

urlpatterns = [
    path("s/<slug:slug>/", entry.consent, name="consent"),
    path("s/<slug:slug>/next-person/", entry.next_person, name="next-person"),
    path("s/<slug:slug>/session/", views.session, name="session"),
    path("s/<slug:slug>/stop/", views.stop, name="stop"),
    path("s/<slug:slug>/events/", views.events, name="events"),
    path("s/<slug:slug>/mask/", interactive_view.mask, name="mask"),
    path("study.schema.json", views.study_schema, name="study-schema"),
    path("image/<str:token>.jpg", views.crop, name="crop"),
    path("photo/<str:size>/<str:token>.jpg", views.whole_photo, name="whole-photo"),
    path("panel/<str:name>", views.panel_file, name="panel-file"),
]
