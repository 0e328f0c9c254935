from django.shortcuts import render


def landing(request):
    """The name of the person and a tile for each environment."""
    return render(request, "tiles/landing.html", {"environments": request.user.environments.all()})
