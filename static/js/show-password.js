// Adds a button behind each password field that shows what was typed (ASVS 6.2.6). Without JavaScript: no button.
for (const field of document.querySelectorAll("input[type=password]")) {
  const row = document.createElement("div");
  row.className = "with-button";
  const focused = document.activeElement === field; // moving it takes the focus away
  field.replaceWith(row);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--second";
  button.textContent = field.dataset.show;
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.textContent = shown ? field.dataset.show : field.dataset.hide;
  });
  // Sent as a password again, so that the browser's password manager recognises it.
  field.form?.addEventListener("submit", () => { field.type = "password"; });
  row.append(field, button);
  if (focused) field.focus();
}
