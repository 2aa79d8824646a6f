// The pages' one script. Every page works without it; it is loaded before the page is drawn,
// so that the chosen appearance is there from the first moment.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("theme") ?? "auto";
    } catch {
      return "auto"; // a browser that keeps nothing
    }
  };
  const applyTheme = () => {
    const theme = chosen();
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  };
  applyTheme();
  dark.addEventListener("change", applyTheme);
  // Paper is white.
  addEventListener("beforeprint", () => (root.dataset.bsTheme = "light"));
  addEventListener("afterprint", applyTheme);

  const offerThemes = () => {
    const choice = document.querySelector("[data-theme]");
    if (!choice) return;
    choice.hidden = false;
    const current = choice.querySelector(`[value="${chosen()}"]`);
    if (current) current.checked = true;
    choice.addEventListener("change", (event) => {
      try {
        localStorage.setItem("theme", event.target.value);
      } catch {
        // it holds until the next page
      }
      applyTheme();
    });
  };

  // "/" goes to the search box, unless somebody is typing.
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) return;
    const box = document.querySelector("[data-search]");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // <form data-confirm="Undo 412 associations?" data-confirm-yes="Undo 412">: asks first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset?.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    const submitter = event.submitter;
    const dialog = document.getElementById("confirm");
    const yes = dialog.querySelector("[data-confirm-yes]");
    dialog.querySelector("#confirm-question").textContent = form.dataset.confirm;
    yes.textContent = form.dataset.confirmYes ?? yes.textContent;
    dialog.returnValue = "no";
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue !== "yes") return;
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter ?? undefined);
      },
      { once: true },
    );
    dialog.showModal();
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    else event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) {
      delete form.dataset.sent;
      delete form.dataset.confirmed;
    }
  });

  // Filters apply as soon as one is chosen; the button is for those without this script.
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-apply]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  // An open drop-down closes by Escape, which gives the focus back, and by a click elsewhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const drop of document.querySelectorAll("details.op-drop[open]")) {
      drop.open = false;
      drop.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const drop of document.querySelectorAll("details.op-drop[open]")) {
      if (!drop.contains(event.target)) drop.open = false;
    }
  });

  document.addEventListener("click", (event) => {
    const close = event.target.closest?.("[data-close]");
    if (close) close.closest("[data-toast]").remove();
    if (event.target.closest?.("[data-print]")) print();
  });

  // Empty values do not belong into an address that is passed on.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "") event.formData.delete(name);
    }
  });

  addEventListener("DOMContentLoaded", () => {
    offerThemes();
    for (const button of document.querySelectorAll("[data-close], [data-print]")) {
      button.hidden = false;
    }
    for (const form of document.querySelectorAll("form[data-apply]")) {
      form.querySelector("[data-apply-button]")?.setAttribute("hidden", "");
    }
    // What is in a live region from the start is not read out: put it there anew.
    const toasts = document.querySelector(".op-toasts");
    const messages = [...(toasts?.children ?? [])];
    if (messages.length) {
      toasts.replaceChildren();
      setTimeout(() => toasts.replaceChildren(...messages), 100);
    }
    document.querySelector("[data-focus]")?.focus();
  });
})();
