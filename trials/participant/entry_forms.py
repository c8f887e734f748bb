"""Forms of the entry page: the consent, the signed arrival, and the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trials.participant import devices

PIXELS = {"min_value": 1, "max_value": 100_000, "required": False}


class ConsentForm(forms.Form):
    """The consent. ``enrolment_key`` comes with the page, so a second click is idempotent."""

    agree = forms.BooleanField(
        error_messages={"required": _("To take part, please tick the box that says you agree.")}
    )
    enrolment_key = forms.RegexField(r"^[A-Za-z0-9_-]{16,64}$", widget=forms.HiddenInput)


class DeviceForm(forms.Form):
    """What the page's script detected. Values that cannot be read are left out, never refused."""

    device_kind = forms.ChoiceField(choices=[(kind, kind) for kind in devices.KINDS])
    device_width = forms.IntegerField(**PIXELS)  # type: ignore[arg-type]
    device_height = forms.IntegerField(**PIXELS)  # type: ignore[arg-type]
    device_ratio = forms.FloatField(min_value=0.1, max_value=20, required=False)
    device_zone = forms.RegexField(r"^[A-Za-z0-9_+/-]{1,64}$", required=False)


def device_of(data: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the device as it is stored: by the script, or without one by the headers."""
    form = DeviceForm(data)
    form.is_valid()
    said = form.cleaned_data
    has_script = bool(said.get("device_kind"))
    return {
        "kind": said["device_kind"] if has_script else devices.kind_of(headers),
        "browser": devices.browser_of(headers),
        "width": said.get("device_width"),
        "height": said.get("device_height"),
        "pixel_ratio": said.get("device_ratio"),
        "time_zone": said.get("device_zone", ""),
        "has_script": has_script,
    }
