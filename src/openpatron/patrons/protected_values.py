"""What we have and what the source sent for a protected field, as the database says it.

``external.present`` says the same of one patron; here it is asked of all protections at once, to
find and order those that differ.
"""

from __future__ import annotations

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField as Text,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Left, StrIndex, Substr

from .external import BARCODE, OF_ACCOUNT, OF_RECORD, OF_TIE, SITE
from .models import Association, Barcode, Protection

_VALUES = "patron__source_record__values"
_FURTHER = "patron__source_record__further"


def with_values(found: QuerySet[Protection]) -> QuerySet[Protection]:
    """Return protections with ``ours``, ``theirs`` (None: nothing was sent), and ``differs``."""
    at = StrIndex("field", Value("@"))
    split = found.annotate(
        base=Case(When(field__contains="@", then=Left("field", at - 1)), default=F("field")),
        place=Case(When(field__contains="@", then=Substr("field", at + 1)), default=Value("")),
    )
    named = split.annotate(
        named=Case(
            When(
                place="",
                then=Coalesce(KeyTextTransform(SITE, _VALUES), Value(""), output_field=Text()),
            ),
            default=Cast("place", Text()),
            output_field=Text(),
        )
    )
    both = named.annotate(ours=_ours(), theirs=_theirs())
    differs = Case(
        When(Q(theirs=None) | Q(theirs=F("ours")), then=False),
        default=True,
        output_field=BooleanField(),
    )
    return both.annotate(differs=differs)


def _ours() -> Case:
    of_account = {name: F(f"patron__account__{name}") for name in OF_ACCOUNT}
    of_record = {name: F(f"patron__{name}") for name in OF_RECORD}
    columns = {**of_account, **of_record}
    found = {name: Cast(column, Text()) for name, column in columns.items()}
    tie = _tie()
    of_tie = {name: Subquery(tie.values(f"{name}__name")[:1]) for name in OF_TIE}
    of_tie[SITE] = Subquery(tie.values("site__short_name")[:1])
    of_tie[BARCODE] = Subquery(_card().values("value")[:1])
    return Case(
        *(
            When(base=name, then=Coalesce(value, Value(""), output_field=Text()))
            for name, value in {**found, **of_tie}.items()
        ),
        default=Value(""),
        output_field=Text(),
    )


def _theirs() -> Case:
    names = (*OF_ACCOUNT, *OF_RECORD, *OF_TIE, SITE, BARCODE)
    whens = [When(field=name, then=KeyTextTransform(name, _VALUES)) for name in names]
    # What it sent for a further site, where both are said by the name of the protection.
    there = Func(F(_FURTHER), F("place"), template="(%(expressions)s)", arg_joiner=" -> ")
    at_site = Func(
        there, F("base"), template="(%(expressions)s)", arg_joiner=" ->> ", output_field=Text()
    )
    whens += [When(base=SITE, then=F("place")), When(field__contains="@", then=at_site)]
    return Case(*whens, default=None, output_field=Text())


def _tie() -> QuerySet[Association]:
    """Return the association in question: at the further or named site, else the primary one."""
    ties = Association.objects.filter(patron=OuterRef("patron")).annotate(
        named=Cast(OuterRef("named"), Text())
    )
    return ties.filter(
        Q(named="", is_primary=True) | (~Q(named="") & Q(site__short_name=F("named")))
    ).order_by("pk")


def _card() -> QuerySet[Barcode]:
    tie = Association.objects.filter(patron=OuterRef("patron"), site=OuterRef("site"))
    spoken = tie.annotate(named=Cast(OuterRef(OuterRef("named")), Text())).filter(
        Q(named="", is_primary=True) | (~Q(named="") & Q(site__short_name=F("named")))
    )
    cards = Barcode.objects.filter(patron=OuterRef("patron"), state=Barcode.State.CURRENT)
    return cards.filter(Q(site=None) | Exists(spoken)).order_by("site__name", "pk")
