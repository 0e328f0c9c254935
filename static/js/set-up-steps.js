// Marks the present step in the bar above the steps: for the eye and for a screen reader.
const marks = [...document.querySelectorAll(".progress a")];
const has_app = document.querySelector("#app-yes");
const form = document.querySelector("#set-up");
const code = form.querySelector("input.code");

const present = () => {
  if (form.contains(document.activeElement) || code.value !== "" || code.getAttribute("aria-invalid") === "true") return 3;
  const gone_to = marks.findIndex((mark) => mark.hash === location.hash) + 1;
  return Math.max(gone_to, has_app.checked ? 2 : 1);
};

const show = () => {
  const step = present();
  marks.forEach((mark, index) => {
    if (index + 1 === step) mark.setAttribute("aria-current", "step");
    else mark.removeAttribute("aria-current");
  });
};

for (const event of ["change", "input", "focusin", "focusout"]) {
  document.addEventListener(event, () => requestAnimationFrame(show));
}
window.addEventListener("hashchange", show);
show();
