"""The program's addresses and an empty view beside them: what the server and Django cost by themselves."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as program


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """Reads nothing, does nothing."""
    return HttpResponse(b'{"success": true}', content_type="application/json")


urlpatterns = [path("empty", empty), *program]
