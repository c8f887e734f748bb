"""The addresses of the page that explains any photo, below ``explain/``."""

from django.urls import path

from trials.studio import explain

urlpatterns = [
    path("", explain.home, name="explain"),
    path("<str:token>/", explain.one, name="explain-one"),
    path("<str:token>/<str:name>", explain.file, name="explain-file"),
]
