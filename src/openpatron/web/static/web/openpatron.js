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

  // <form data-draft="name">: what is typed is kept in this window until it is saved, so that it
  // outlives a reload and a session that ran out. The form comes empty with data-draft-fresh;
  // [data-draft-done="name"] on a later page says that it is saved. Signing out forgets all.
  const PREFIX = "draft:";
  const drafts = (use) => {
    try {
      return use(sessionStorage);
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const fields = (form) => [...form.elements].filter((one) => one.name && one.matches("input:not([type=hidden], [type=password]), select, textarea"));
  const isSwitch = (field) => field.matches("[type=checkbox], [type=radio]");
  // Several boxes may have one name.
  const draftName = (field) => (isSwitch(field) ? `${field.name}=${field.value}` : field.name);
  const keepDraft = (form) => {
    const values = fields(form).map((field) => [draftName(field), isSwitch(field) ? field.checked : field.value]);
    drafts((kept) => kept.setItem(PREFIX + form.dataset.draft, JSON.stringify(values)));
  };
  const bringBackDraft = (form) => {
    const text = drafts((kept) => kept.getItem(PREFIX + form.dataset.draft));
    if (!text) return;
    const values = new Map(JSON.parse(text));
    let typed = null;
    for (const field of fields(form)) {
      if (!values.has(draftName(field))) continue;
      const value = values.get(draftName(field));
      const property = isSwitch(field) ? "checked" : "value";
      if (field[property] === value) continue;
      field[property] = value;
      typed ??= field;
      field.closest("details")?.setAttribute("open", "");
    }
    if (!typed) return;
    form.querySelector("[data-draft-back]").hidden = false;
    setTimeout(() => typed.dispatchEvent(new Event("input", { bubbles: true })), 100);
  };
  const forgetDrafts = () =>
    drafts((kept) => {
      for (const name of Object.keys(kept)) if (name.startsWith(PREFIX)) kept.removeItem(name);
    });
  for (const event of ["input", "change"]) {
    document.addEventListener(event, ({ target }) => {
      if (target.form?.dataset.draft) keepDraft(target.form);
    });
  }
  document.addEventListener("submit", ({ target }) => {
    if ("forgetDrafts" in target.dataset) forgetDrafts();
  });
  document.addEventListener("click", ({ target }) => {
    const form = target.closest?.("[data-draft-forget]")?.form;
    if (!form) return;
    drafts((kept) => kept.removeItem(PREFIX + form.dataset.draft));
    location.assign(location.pathname);
  });

  // Asking for a passkey ended without one: the person said no, or the browser has none.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.querySelector("[data-passkey-trouble]")?.removeAttribute("hidden");
  });

  addEventListener("DOMContentLoaded", () => {
    offerThemes();
    for (const done of document.querySelectorAll("[data-draft-done]")) {
      drafts((kept) => kept.removeItem(PREFIX + done.dataset.draftDone));
    }
    for (const form of document.querySelectorAll("form[data-draft-fresh]")) bringBackDraft(form);
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
