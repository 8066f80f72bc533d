// Side panels that a phone shows one at a time; confirmation before what can't be undone.
for (const button of document.querySelectorAll("[data-toggle]")) {
  button.addEventListener("click", () => {
    const panel = document.getElementById(button.dataset.toggle);
    const open = panel.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
    if (open) panel.querySelector("a, button, pre")?.focus();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const panel of document.querySelectorAll("[data-open]")) {
    panel.removeAttribute("data-open");
    const button = document.querySelector(`[data-toggle="${panel.id}"]`);
    button?.setAttribute("aria-expanded", "false");
    button?.focus();
  }
});

document.addEventListener("submit", (event) => {
  const words = event.target.dataset.confirm;
  if (words && !confirm(words)) event.preventDefault();
}, true);
