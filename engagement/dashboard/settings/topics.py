"""Settings: the topics that customers can allow or refuse (consent categories)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.configuring import archive_category, save_category
from engagement.models import Category, Role


class TopicForm(forms.ModelForm):
    """A topic as customers read it on their preference page."""

    class Meta:
        model = Category
        fields = ["name", "description", "opt_in"]
        labels = {
            "name": gettext_lazy("Name"),
            "description": gettext_lazy("What customers get"),
            "opt_in": gettext_lazy("Ask first"),
        }
        help_texts = {
            "description": gettext_lazy("One sentence, shown on the preference page."),
            "opt_in": gettext_lazy("On: only customers who said yes. Off: everybody until they say no."),
        }


@dashboard_page(changes=Role.OWNER)
def topics(request: DashboardRequest) -> HttpResponse:
    """All topics with how many allowed and refused them; owners add one."""
    form = TopicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        category = save_category(
            category=Category(
                workspace=request.workspace, slug=free_slug(request, form.cleaned_data["name"])
            ),
            values=form.cleaned_data,
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("“%(name)s” was added.") % {"name": category.name})
        return redirect("engagement:settings_topics")
    return render(
        request, "engagement/dashboard/settings/topics.html", {"form": form, "topics": counted(request)}
    )


def counted(request: DashboardRequest) -> list[Category]:
    """Topics with `allowed` and `refused`: customers, whatever the channel."""
    return list(
        Category.objects.filter(workspace=request.workspace)
        .annotate(
            allowed=Count("consent__customer", filter=Q(consent__state="granted"), distinct=True),
            refused=Count("consent__customer", filter=Q(consent__state="denied"), distinct=True),
        )
        .order_by("archived_at", "position", "id")
    )


def free_slug(request: DashboardRequest, name: str) -> str:
    """A slug that no topic of this workspace has."""
    base = slugify(name)[:50] or "topic"
    taken = set(Category.objects.filter(workspace=request.workspace).values_list("slug", flat=True))
    return next(s for s in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)


@dashboard_page(role=Role.OWNER, changes=Role.OWNER)
def topic(request: DashboardRequest, category_id: int) -> HttpResponse:
    """Change one topic's words."""
    category = of_workspace(Category.objects.all(), request, pk=category_id)
    form = TopicForm(request.POST or None, instance=category)
    if request.method == "POST" and form.is_valid():
        save_category(category=category, values=form.cleaned_data, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("engagement:settings_topics")
    return render(request, "engagement/dashboard/settings/topic.html", {"form": form, "topic": category})


@dashboard_action(Role.OWNER)
def archive(request: DashboardRequest, category_id: int) -> HttpResponse:
    """Take a topic out of use, or bring it back."""
    category = of_workspace(Category.objects.all(), request, pk=category_id)
    is_archived = request.POST.get("archived") == "yes"
    archive_category(category=category, is_archived=is_archived, actor=request.user, now=timezone.now())
    return redirect("engagement:settings_topics")
