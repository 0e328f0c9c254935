"""What hinders somebody on the page that is open now. Each function returns sentences; an empty list is a good page."""

from __future__ import annotations

from itertools import pairwise

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

# Django's table inside a form and the list with a search field in it; its own templates, which we leave as they are.
NOT_OURS = [[".inline-group"], [".select2-container"]]

# What another width or other colours can spoil; the rest of a page is the same in every look.
BY_LOOK = {"runOnly": ["color-contrast", "target-size"]}
BY_COLOURS = {"runOnly": ["color-contrast"]}
SITE = "Mijn Assetmaps"
ENHANCED = {"runOnly": ["color-contrast-enhanced"]}  # 7:1, WCAG 2.2, 1.4.6


def axe(page: Page, how: dict | None = None) -> list[str]:
    """``how``: axe's own options; every rule without it."""
    try:
        return _axe(page, how or {})
    except Error:  # on a busy machine a page may give way to the next one in this very moment
        page.wait_for_load_state()
        return _axe(page, how or {})


def _axe(page: Page, how: dict) -> list[str]:
    page.evaluate(FINISH)
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"], **how}
    return page.evaluate(VIOLATIONS, [{"exclude": NOT_OURS}, options])


# Or axe sees half a colour.
FINISH = "document.getAnimations().forEach(animation => animation.finish())"
# The sentences are made in the browser: what axe returns besides would take as long to hand over as to find.
VIOLATIONS = """async ([where, how]) => {
  const { violations } = await axe.run(where, how);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}"""


def note_look(page: Page) -> None:
    """For `axe_where_other`."""
    page.evaluate(f"() => {{ window.lookBefore = ({LOOK})(); }}")


def axe_where_other(page: Page, how: dict) -> list[str]:
    """`axe` for the elements that were not seen when `note_look` was called, or in other colours or letters of another
    size. A width gives most elements another place and nothing else, and axe takes as long for them all again."""
    script = f"""async ([exclude, how]) => {{
      const before = window.lookBefore, now = ({LOOK})();
      const include = [...now].filter(([it, look]) => look && before.get(it) !== look).map(([it]) => it);
      return include.length ? await ({VIOLATIONS})([{{ include, exclude }}, how]) : [];
    }}"""
    page.evaluate(FINISH)
    return page.evaluate(script, [NOT_OURS, {"resultTypes": ["violations"], **how}])


# What contrast depends on, of each element that is seen: its colours and those of everything around it, and whether its
# letters count as large (WCAG 2.2, 1.4.3).
LOOK = """() => {
  const looks = new Map(), seen = new Map();
  for (const it of document.querySelectorAll("*")) {
    const style = getComputedStyle(it), size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const own = [style.color, style.backgroundColor, style.backgroundImage, style.opacity, style.textShadow, isLarge];
    looks.set(it, `${own.join()}<${looks.get(it.parentElement) ?? ""}`);
    const isSeen = it.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    seen.set(it, isSeen && it.getClientRects().length ? looks.get(it) : "");
  }
  return seen;
}"""


def outline(page: Page) -> list[str]:
    """What is wrong with the headings, or with the title that a screen reader and the tab read out."""
    found = page.evaluate(
        """() => ({
            levels: [...document.querySelectorAll("h1, h2, h3, h4")].map((it) => Number(it.tagName[1])),
            heading: document.querySelector("h1")?.innerText ?? "",
            title: document.title,
        })"""
    )
    levels, heading, title = found["levels"], found["heading"], found["title"]
    faults = [] if levels.count(1) == 1 and levels[0] == 1 else [f"headings {levels}"]
    if any(below > above + 1 for above, below in pairwise(levels)):
        faults.append(f"headings {levels} skip a level")
    if title.lower() != f"{heading} · {SITE}".lower():
        faults.append(f"title {title} above {heading}")
    return faults


def layout(page: Page) -> list[str]:
    """Scrolling sideways, text that is cut off, and text that lies over other text or over a control."""
    return page.evaluate(LAYOUT)


LAYOUT = """() => {
  const faults = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push("scrolls sideways");
  const hidden = (it) => !it.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    || it.closest(".unseen, .visually-hidden, .skip, .skip-to-content-link, .gear__text");
  const scrolls = (it) => { for (; it && it !== root; it = it.parentElement)
    if (/auto|scroll/.test(getComputedStyle(it).overflowX)) return true; };
  const name = (it) => `<${it.tagName.toLowerCase()} ${it.className?.baseVal ?? it.className}> ` +
    it.textContent.trim().replace(/\\s+/g, " ").slice(0, 50);
  const pieces = [];
  for (const it of document.body.querySelectorAll("*")) {
    if (hidden(it) || it.closest("svg")) continue;
    const style = getComputedStyle(it);
    const cuts = /hidden|clip/.test(style.overflowX + style.overflowY) && !it.matches("input, select, textarea");
    if (cuts && (it.scrollWidth > it.clientWidth + 1 || it.scrollHeight > it.clientHeight + 1) && it.clientWidth)
      faults.push(`cut off: ${name(it)}`);
    const control = it.matches("button, input:not([type=hidden]), select, textarea, summary, .button");
    const narrow = it.matches("button, .button, select") && it.scrollWidth > it.clientWidth + 1;
    if (narrow) faults.push(`does not fit: ${name(it)}`);
    if (control) pieces.push({ it, box: it.getBoundingClientRect() });
    for (const node of it.childNodes) {
      if (node.nodeType !== 3 || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        pieces.push({ it, box });
        const beside = box.right > root.clientWidth + 1 || box.left < -1;
        if (beside && !scrolls(it)) faults.push(`beside the page: ${name(it)}`);
      }
    }
  }
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 6;
  for (let i = 0; i < pieces.length; i++) for (let j = i + 1; j < pieces.length; j++) {
    const one = pieces[i], other = pieces[j];
    if (one.it.contains(other.it) || other.it.contains(one.it) || scrolls(one.it) !== scrolls(other.it)) continue;
    if (over(one.box, other.box)) faults.push(`${name(one.it)} lies over ${name(other.it)}`);
  }
  return [...new Set(faults)];
}"""


def motion(page: Page) -> list[str]:
    """What still moves for somebody who asked for no movement."""
    return page.evaluate(
        """() => [...new Set([...document.querySelectorAll("*")].filter((it) => {
            const style = getComputedStyle(it);
            const slow = style.transitionDuration.split(", ").some((time) => parseFloat(time) > .01);
            return style.animationName !== "none" || slow;
        }).map((it) => `moves: <${it.tagName.toLowerCase()} ${it.className}>`))]"""
    )


def small(page: Page, least: int = 44) -> list[str]:
    """Main controls that are lower or narrower than so many pixels (WCAG 2.2, 2.5.5); links in text are not meant."""
    return page.evaluate(
        """(least) => [...document.querySelectorAll(
            "main .button, main input, main select, main textarea, main summary, .star, .gear")]
          .filter((it) => it.checkVisibility() && !it.matches("[type=hidden], [type=checkbox], [type=radio], .unseen"))
          .map((it) => [it, it.getBoundingClientRect()])
          .filter(([it, box]) => box.height < least - .5 || box.width < least - .5)
          .map(([it, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${it.outerHTML.slice(0, 120)}`)""",
        least,
    )


def double_text(page: Page) -> None:
    """Twice as large letters, as a browser that enlarges text only. A sheet made by script, which the policy allows."""
    page.evaluate(
        """() => {
            const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`html { font-size: ${2 * size}px !important; }`);
            document.adoptedStyleSheets = [sheet];
        }"""
    )


def usual_text(page: Page) -> None:
    page.evaluate("() => { document.adoptedStyleSheets = []; }")
