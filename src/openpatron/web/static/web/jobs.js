// For pages that keep themselves up to date: the jobs, and the page of one job.
"use strict";
(() => {
  let wasInside = false;

  document.addEventListener("htmx:before:swap", (event) => {
    const { response, text } = event.detail.ctx ?? {};
    if (response?.raw?.redirected) {
      // The session ended meanwhile: the whole page goes to the sign-in, not a part of it.
      event.preventDefault();
      location.reload();
      return;
    }
    wasInside = document.getElementById("job")?.contains(document.activeElement) ?? false;
    // What the frame says of the jobs at work is part of the same answer.
    const shown = document.querySelector(".op-top .op-jobs");
    const said = new DOMParser().parseFromString(text ?? "", "text/html");
    if (shown && said.querySelector(".op-top")) {
      const now = said.querySelector(".op-top .op-jobs");
      if (!now) shown.remove();
      else if (now.textContent !== shown.textContent) shown.replaceWith(now);
    }
  });

  // The button that had the focus may be gone with the state it belonged to.
  document.addEventListener("htmx:after:swap", () => {
    if (!wasInside || document.activeElement !== document.body) return;
    document.getElementById("job")?.focus({ preventScroll: true });
  });
})();
