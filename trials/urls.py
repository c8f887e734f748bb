"""The participant's addresses."""

from django.urls import path

from trials import views

urlpatterns = [
    path("s/<slug:slug>/", views.consent, name="consent"),
    path("s/<slug:slug>/session/", views.session, name="session"),
    path("image/<str:token>.jpg", views.crop, name="crop"),
]
