// A page that keeps itself up to date must not swap in the sign-in page when the session ends
// meanwhile: the whole page goes there instead.
"use strict";
document.addEventListener("htmx:before:swap", (event) => {
  const answer = event.detail.ctx?.response?.raw;
  if (!answer?.redirected) return;
  event.preventDefault();
  location.reload();
});
