from __future__ import annotations

from tests.browser.screen import Screen


class Keyboard:
    """Hands that have only Tab, Enter and the letters; every stop must be seen."""

    def __init__(self, screen: Screen) -> None:
        self.page = screen.page

    def go_to(self, name: str) -> None:
        for _stop in range(40):
            self.page.keyboard.press("Tab")
            if self.name() == name:
                assert self.outline() >= 2, f"the focus on {name} cannot be seen"
                return
        raise AssertionError(f"Tab does not reach {name}")

    def name(self) -> str:
        return self.page.evaluate(
            """() => {
                const at = document.activeElement;
                return (at.labels?.length ? at.labels[0] : at).textContent.replace(/\\s+/g, " ").trim();
            }"""
        )

    def outline(self) -> float:
        style = "getComputedStyle(document.activeElement)"
        return self.page.evaluate(f"{style}.outlineStyle === 'none' ? 0 : parseFloat({style}.outlineWidth)")

    def press(self, name: str) -> None:
        self.go_to(name)
        self.page.keyboard.press("Enter")

    def type(self, name: str, text: str) -> None:
        self.go_to(name)
        self.page.keyboard.type(text)
