// Tells a screen reader which step is the present one; what is seen comes from the style sheet, without this.
const marks = [1, 2, 3].map((step) => document.querySelector(`.progress__${step} a`));
const answers = [...document.querySelectorAll(".answers input")];
const form = document.querySelector("#set-up");
const code = form.querySelector("input.code");

const show = () => {
  const at_code = form.contains(document.activeElement) || code.value !== "" || code.getAttribute("aria-invalid") === "true";
  const present = at_code ? 3 : answers.some((answer) => answer.checked && answer.value === "yes") ? 2 : 1;
  marks.forEach((mark, index) => {
    if (index + 1 === present) mark.setAttribute("aria-current", "step");
    else mark.removeAttribute("aria-current");
  });
};

for (const event of ["change", "input", "focusin", "focusout"]) {
  document.addEventListener(event, () => requestAnimationFrame(show));
}
show();
