"""Templates with everything worked out that is the same on each page: half of the time of a page was spent on that.

Django parses a template once, and then works out for every visitor again what a text is in Dutch, where a style sheet
is, which block replaces which. The loader here does that once for each language (constant folding and inlining, as a
compiler does), and what it makes is byte for byte what Django's own loader makes (`tests/assetmaps/folded_templates/`).

Own code, because nothing that is maintained does it: django-compiling-loader and django-template-preprocessor ended
with Django 1, and django-template-compiler 0.0.1 speeds up loops and variables but no tag. Why not Jinja2, and what it
would save: `docs/decisions/0016-folded-templates.md`.

What is folded depends on the language and on the settings, never on a request: the portal has one URLconf and no prefix
(`SCRIPT_NAME` is always empty, `assetmaps/serving/wsgi_environ.py`). A tag that is not known here is left as it is.
"""
