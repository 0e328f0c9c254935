from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.forms import CharField, Form
from django.template import Context, Engine, NodeList
from django.template.base import TextNode
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import trans_real

OURS = "assetmaps.folded_templates.loader.Loader"
DJANGOS = "django.template.loaders.cached.Loader"
LIBRARIES = {"i18n": "django.templatetags.i18n", "static": "django.templatetags.static"}


def engine(files: dict[str, str], loader: str = OURS) -> Engine:
    return Engine(loaders=[(loader, [("django.template.loaders.locmem.Loader", files)])], libraries=LIBRARIES)


def rendered(files: dict[str, str], loader: str, values: dict[str, Any], *, escapes: bool = True) -> str:
    return engine(files, loader).get_template("page").render(Context(values.copy(), autoescape=escapes))


def same(files: dict[str, str], values: dict[str, Any] | None = None) -> str:
    """What Django shows too, with and without escaping. Twice from one engine: nothing is left behind by the first."""
    for escapes in (True, False):
        ours = engine(files).get_template("page")
        texts = {ours.render(Context((values or {}).copy(), autoescape=escapes)) for _ in range(2)}
        assert texts == {rendered(files, DJANGOS, values or {}, escapes=escapes)}
    return rendered(files, OURS, values or {})


def nodes_of(files: dict[str, str]) -> NodeList:
    return engine(files).get_template("page").nodelist


def catalogue(monkeypatch: pytest.MonkeyPatch, texts: dict[str, str]) -> None:
    """As if these were in the Dutch catalogue."""
    for text, dutch in texts.items():
        monkeypatch.setitem(trans_real.translation("nl")._catalog._catalogs[0], text, dutch)


CONSTANT = (
    '{% load i18n static %}<p>{% translate "Sign in" %}</p>{% comment %}x{% endcomment %}{% url "sign_in" %}'
    '{% static "css/assetmaps.css" %}{% blocktranslate %}Sign out{% endblocktranslate %}{% templatetag openblock %}'
)


def test_a_page_without_values_is_one_text() -> None:
    assert [type(node) for node in nodes_of({"page": CONSTANT})] == [TextNode]
    with translation.override("nl"):
        assert "<p>Inloggen</p>" in same({"page": CONSTANT})


def test_parents_and_included_files_are_part_of_it() -> None:
    files = {
        "base": "{% block top %}base{% endblock %}-{% block body %}[{% block inner %}base{% endblock %}]{% endblock %}",
        "middle": '{% extends "base" %}{% block body %}{{ block.super }}m{{ block.super }}{% endblock %}',
        "page": '{# text before #}{% extends "middle" %}{% block inner %}page{% include "part" %}{% endblock %}lost',
        "part": "<part>",
    }
    assert same(files) == "base-[page<part>]m[page<part>]"
    assert len(nodes_of(files)) == 1


@pytest.mark.parametrize(
    "page",
    [
        '{% for i in "abc" %}{% include "cycle" %}{% endfor %}',  # begins anew in each
        '{% include "names" %}{{ when }}',  # set in the other file only
        '{% include "names" with x=1 %}{{ when }}',
        '{% include "value" with x=y %}{{ x }}{% include "value" with x=y only %}{% include "value" only %}',
        '{% include name %}{% include "missing" as x %}',
        '{% if no %}{% include "missing" %}{% include "faulty" %}{% url "missing" %}{% endif %}',
        '{% include "itself" with n=3 %}',
        '{% extends "base" %}{% block a %}{% load i18n %}{% translate "When" as when %}{{ when }}{% endblock %}',
        '{% extends "base" %}{% block a %}{{ block.super }}{{ block.name }}{% endblock %}',
        '{% extends name %}{% block x %}y{% endblock %}',
        '{% extends "base" %}{% block b %}{% for block in "ab" %}{{ block }}{% endfor %}{% endblock %}',
        '{% extends "conditional" %}{% block deep %}{{ x }}{% endblock %}',
        '{% for i in "abc" %}{% ifchanged yes %}{{ i }}{% endifchanged %}{% cycle "1" "2" as c %}{% endfor %}',
        '{% autoescape off %}{{ x }}{% endautoescape %}{% filter upper %}{{ x }}<b>{% endfilter %}{{ x|safe }}',
        "{% spaceless %}<p> {{ x }} </p> <p>a</p>{% endspaceless %}{% firstof no x %}{% now 'Y' as y %}{{ y }}",
        "{% load i18n %}{% language 'en' %}{% translate 'Sign in' %}{% include 'text' %}{% endlanguage %}",
        "{% load i18n %}{% get_current_language as code %}{{ code }}{% translate x %}{% translate 'a<b'|upper %}",
        "{% load i18n %}{% blocktranslate with x=y count n=f %}{{ x }}{% plural %}{{ n }}s{% endblocktranslate %}",
        "{% load i18n %}{% blocktranslate asvar t %}a {{ x }} %{% endblocktranslate %}{{ t }}{% translate '5 %% <' %}",
        "{{ d.key }}{{ d.items }}{{ d.keys.0 }}{{ l.0 }}{{ l.9 }}{{ lazy.key }}{{ lazy.none }}",
        "{{ o.name }}{{ o.method }}",
        "{{ o.refuses }}{{ o.dangerous }}{{ o.kept.name }}{{ o.lacks }}{{ n }}{{ f }}{{ none }}{{ none.x }}{{ x.y.z }}",
        "{{ form.name }}{{ form.name.label }}{{ form.name.0 }}{{ form.errors }}{{ form.none }}{{ form.name.none }}",
        "{% if o.lacks %}1{% elif n > 3 and not no %}2{% endif %}{% if x in l or no.thing == None %}3{% endif %}",
        "{% for a, b in pairs reversed %}{{ a }}{{ forloop.counter }}{{ b.c }}{% empty %}-{% endfor %}",
        "{% for q in no %}1{% empty %}none{% endfor %}{% for q in missing %}{% endfor %}",
        '{% url "help_two_factor" as u %}{{ u }}{% url "admin:index" %}{% url "admin:accounts_user_change" f %}',
        '{% url "open_environment" slug %}{% url view slug=slug %}{% url "open_environment" "a" as u %}{{ u }}',
        '{% url "open_environment" no %}',
    ],
)  # fmt: skip
def test_what_depends_on_values_scopes_and_files_is_as_django_does_it(page: str) -> None:
    files = {
        "page": page,
        "cycle": "{% cycle 'a' 'b' %}",
        "names": '{% load i18n %}{% translate "When" as when %}{{ when }}',
        "value": "({{ x }})",
        "text": "{% load i18n %}{% translate 'Sign in' %}",
        "faulty": "{% if %}",
        "itself": "{{ n }}{% if n > 1 %}{% include 'itself' with n=0 %}{% endif %}",
        "base": "{% block a %}a{% endblock %}{{ when }}{% block b %}b{% endblock %}",
        "conditional": "{% if yes %}{% block deep %}{% endblock %}{% else %}{% block other %}{% endblock %}{% endif %}",
    }
    values = {
        "name": "base",
        "x": "<&>",
        "y": SafeString("<i>"),
        "n": 1234.5,
        "f": 7,
        "yes": True,
        "no": "",
        "slug": "a",
    }
    values |= {
        "d": {"key": "<k>"},
        "l": ["<l>"],
        "lazy": SimpleLazyObject(lambda: {"key": 1}),
        "o": Thing(),
        "none": None,
    }
    values |= {"pairs": [(1, {"c": "é"}), (2, None)], "form": NameForm(), "view": "open_environment"}
    outcomes = []
    for loader in (OURS, DJANGOS):
        for language in ("nl", "en"):
            for escapes in (True, False):
                with translation.override(language):
                    try:
                        outcomes.append(rendered(files, loader, values, escapes=escapes))
                    except Exception as fault:
                        outcomes.append(f"{type(fault)} {fault}")
    assert outcomes[:4] == outcomes[4:]


class NameForm(Form):
    name = CharField(label="<Name>")


class Thing:
    name = "<thing>"

    def method(self) -> str:
        return "<called>"

    def refuses(self, needed: str) -> str:
        return needed

    def dangerous(self) -> str:
        raise AssertionError

    dangerous.alters_data = True  # type: ignore[attr-defined]

    class Kept:
        do_not_call_in_templates = True
        name = "kept"

    kept = Kept

    @property
    def lacks(self) -> str:
        fault = ValueError("silent")
        fault.silent_variable_failure = True  # type: ignore[attr-defined]
        raise fault


def test_each_language_has_its_own_and_a_template_at_hand_follows() -> None:
    at_hand = engine({"page": '{% load i18n %}{% translate "Sign in" %}'})
    with translation.override("nl"):
        template = at_hand.get_template("page")
        assert template.render(Context()) == "Inloggen"
    with translation.override("en"):
        assert template.render(Context()) == "Sign in"
        assert at_hand.get_template("page").render(Context()) == "Sign in"


def test_threads_with_different_languages_do_not_meet() -> None:
    files = {
        "base": "{% block b %}{% endblock %}",
        "page": f'{{% extends "base" %}}{{% block b %}}{CONSTANT}{{{{ n }}}}{{% endblock %}}',
    }
    shared = engine(files)

    def shown(number: int) -> str:
        with translation.override(("nl", "en")[number % 2]):
            return shared.get_template("page").render(Context({"n": number}))

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(shown, range(200)))
    assert all((("Inloggen", "Sign in")[n % 2] in page) and page.endswith(str(n)) for n, page in enumerate(pages))


def test_a_translation_is_never_markup_of_a_value_and_keeps_its_percent_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(monkeypatch, {"one": "<b>één</b> & 100 %", "Mine: %(x)s": "100 %% van <u>%(x)s</u>"})
    page = '{% load i18n %}{% translate "one" %}{% blocktranslate %}Mine: {{ x }}{% endblocktranslate %}'
    with translation.override("nl"):
        assert same({"page": page}, {"x": "<script>"}) == "<b>één</b> & 100 %100 % van <u>&lt;script&gt;</u>"


def test_a_fault_names_the_file_and_the_line_it_is_in() -> None:
    files = {
        "base": "\n{% block body %}{% endblock %}",
        "page": '{% extends "base" %}\n\n{% block body %}{% include "part" %}{% endblock %}',
        "part": "\n\n\n{% if yes %}{{ broken.name }}{% endif %}",
    }
    with pytest.raises(ZeroDivisionError) as caught:
        rendered(files, OURS, {"yes": 1, "broken": Broken()})
    assert caught.value.__notes__ == ['In template "part", line 4']


class Broken:
    @property
    def name(self) -> float:
        return 1 / 0


def test_a_number_and_its_text_are_not_one_address() -> None:
    page = '{% url "support_person" a %} {% url "support_person" b %} {% url "support_person" c %}'
    assert same({"page": page}, {"a": 1, "b": "1", "c": 2}).count("/1/") == 2
