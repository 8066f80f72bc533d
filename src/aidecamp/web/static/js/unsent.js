// What was typed survives a session that ended meanwhile: kept in this tab until the sign-in page has led back.
const KEY = "unsent";
const PLAIN = "input:not([type=password], [type=hidden], [type=file]), textarea, select";

function fields(form) {
  return [...form.querySelectorAll(PLAIN)].filter((field) => field.name);
}

function state(field) {
  return field.type === "checkbox" || field.type === "radio" ? field.checked : field.value;
}

function fill(form, values) {
  fields(form).forEach((field, index) => {
    const [name, value] = values[index] ?? [];
    if (name !== field.name) return;
    if (typeof value === "boolean") field.checked = value;
    else field.value = value;
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const action = form.getAttribute("action");
  if (action === "/sign-in") return;
  if (action === "/sign-out") return sessionStorage.removeItem(KEY);
  const values = fields(form).map((field) => [field.name, state(field)]);
  if (values.length) sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, action, values }));
}, true);

const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
if (kept && location.pathname === "/sign-in") {
  sessionStorage.setItem(KEY, JSON.stringify({ ...kept, hasSignedIn: true }));
} else if (kept) {
  sessionStorage.removeItem(KEY);
  // Only after the sign-in page: a form that was accepted must come back empty.
  const form = kept.hasSignedIn && kept.path === location.pathname
    && [...document.forms].find((each) => each.getAttribute("action") === kept.action);
  if (form) fill(form, kept.values);
}
