"""What a participant's page may send."""

from django import forms

ONE_DAY_MS = 24 * 3600 * 1000


class ConsentForm(forms.Form):
    """The consent. ``enrolment_key`` comes with the page, so a second click is the same act."""

    agree = forms.BooleanField(
        error_messages={"required": "To take part, please tick the box that says you agree."}
    )
    enrolment_key = forms.RegexField(r"^[A-Za-z0-9_-]{16,64}$", widget=forms.HiddenInput)


class StepForm(forms.Form):
    """One step done: which one, and on a trial the answer and its time."""

    step = forms.IntegerField(min_value=0)
    answer = forms.TypedChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
    )
    rt_ms = forms.CharField(required=False)

    def clean_rt_ms(self) -> int | None:
        """Return whole milliseconds; a clock that went wrong is missing, the answer is not."""
        text: str = self.cleaned_data["rt_ms"]
        is_a_time = text.isascii() and text.isdecimal() and len(text) <= len(str(ONE_DAY_MS))
        return int(text) if is_a_time and int(text) <= ONE_DAY_MS else None
