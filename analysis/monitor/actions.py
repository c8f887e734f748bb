"""Actions on a person. The page asks before each, and each is logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User

from trials import services
from trials.models import Participant

Payment = Participant.Payment


class SureForm(forms.Form):
    """A form without fields: the button confirms."""

    def __init__(self, participant: Participant, data: Any = None) -> None:
        super().__init__(data)
        self.participant = participant


class PayForm(SureForm):
    """The payment that is owed."""

    payment = forms.ChoiceField(
        label="Payment",
        choices=[(item.value, item.value) for item in Payment if item != Payment.NONE],
    )


class ExcludeForm(SureForm):
    """The reason for leaving somebody out."""

    reason = forms.CharField(
        max_length=200,
        help_text="The reason is shown in the export and the log: do not name a person in it.",
        error_messages={"required": "Say why, in a few words."},
    )


class WithdrawForm(SureForm):
    """The participant's number, typed to confirm, so that nobody is deleted by mistake."""

    number = forms.IntegerField(
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 8}),
        label="The person's number",
        error_messages={"required": "Type the number.", "invalid": "Type the number in digits."},
    )

    def clean_number(self) -> int:
        typed: int = self.cleaned_data["number"]
        if typed != self.participant.number:
            raise forms.ValidationError(
                f"Typed {typed}, expected {self.participant.number}. Nothing was deleted."
            )
        return typed


@dataclass(frozen=True, slots=True)
class PersonAction:
    """One action on a person: its explanation, when it is possible, and its service."""

    name: str
    label: str
    said: str
    form: type[SureForm]
    run: Callable[[Participant, dict[str, Any], User], object]
    is_possible: Callable[[Participant], bool]
    is_final: bool = False


ACTIONS: Final = {
    item.name: item
    for item in (
        PersonAction(
            "return",
            "Mark as returned",
            "The session ends, and the place is free for somebody else. Use it when the "
            "recruitment platform says that the person gave the submission back.",
            SureForm,
            lambda person, _, user: services.participant_return(participant=person, user=user),
            lambda person: person.is_active,
            is_final=True,
        ),
        PersonAction(
            "release",
            "Release for a fresh start",
            "The person may start again with the same link, as if for the first time. Use it if "
            "somebody cannot continue, such as after a change of browser. A session under way "
            "ends, and its place is free. All answers are kept, and the new session is marked as "
            "a repeat.",
            SureForm,
            lambda person, _, user: services.participant_release(participant=person, user=user),
            lambda person: (
                not (person.is_released or person.is_simulated)
                and person.status != Participant.Status.WITHDRAWN
            ),
            is_final=True,
        ),
        PersonAction(
            "pay",
            "Note the payment",
            "This records the amount that is owed. It pays nobody: pay on the recruitment "
            "platform. It does not change the analysis.",
            PayForm,
            lambda person, data, user: services.participant_pay(
                participant=person, payment=Payment(data["payment"]), user=user
            ),
            lambda _: True,
        ),
        PersonAction(
            "exclude",
            "Exclude from the analysis",
            "The answers are kept and marked as left out, with the reason that you give. The "
            "amount that is owed to the person does not change. You can undo this.",
            ExcludeForm,
            lambda person, data, user: services.participant_exclude(
                participant=person, reason=data["reason"], user=user
            ),
            lambda person: person.status != Participant.Status.WITHDRAWN,
        ),
        PersonAction(
            "include",
            "Take the exclusion back",
            "The person's answers count again. The log keeps both entries.",
            SureForm,
            lambda person, _, user: services.participant_exclude(
                participant=person, reason="", user=user
            ),
            lambda person: bool(person.exclusion),
        ),
        PersonAction(
            "withdraw",
            "Withdraw and delete",
            "For a person who asks that their data be deleted. This cannot be undone. It deletes "
            "all answers and times, the log of screens and of the browser, the answers to "
            "questions, the recruitment id and the device. The number, the condition, the state, "
            "the payment and an exclusion are kept, so that the counts of the flow add up. "
            "Earlier backups and exports still contain the data: delete them too.",
            WithdrawForm,
            lambda person, _, user: services.participant_withdraw(participant=person, user=user),
            lambda person: person.status != Participant.Status.WITHDRAWN,
            is_final=True,
        ),
    )
}


def actions_of(person: Participant) -> list[PersonAction]:
    """Return the actions that are possible for a person now."""
    return [item for item in ACTIONS.values() if item.is_possible(person)]
