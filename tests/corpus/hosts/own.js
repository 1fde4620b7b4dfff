// What the page itself does, and what it noticed of being harmed. Loaded before anything else.
window.harm = [];
window.globals = new Set(Object.getOwnPropertyNames(window));
window.addEventListener("error", (event) => {
  if (event.message) window.harm.push(`error: ${event.message}`);
});
window.addEventListener("unhandledrejection", (event) => {
  window.harm.push(`unhandled: ${event.reason}`);
});
document.addEventListener("DOMContentLoaded", () => {
  let count = 0;
  document.querySelector("#count").addEventListener("click", () => {
    count += 1;
    document.querySelector("#counted").textContent = String(count);
  });
});
