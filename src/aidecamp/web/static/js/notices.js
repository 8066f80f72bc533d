// Notices can be put away, and a refusal of a background request is brought into view.
const notices = document.getElementById("notices");

new MutationObserver(() => {
  for (const alert of notices.querySelectorAll(".alert:not([data-closable])")) {
    alert.dataset.closable = "";
    const close = document.createElement("button");
    close.type = "button";
    close.className = "icon-button";
    close.setAttribute("aria-label", "Put this notice away");
    close.textContent = "×";
    close.addEventListener("click", () => alert.remove());
    alert.append(close);
  }
}).observe(notices, { childList: true });
