// The desk: a scan is sent once and in its turn, kept while the line is gone, and answered by
// sound, colour and words; the box has the focus again at once. Without this script the same forms
// are sent as pages.
"use strict";
(() => {
  const desk = () => document.getElementById("desk");
  // In the tab of returns that of the tab.
  const box = () => document.querySelector("#desk-tab [data-box]") ?? document.querySelector("[data-box]");
  const NAME = `desk-queue:${location.pathname.split("/").slice(0, 5).join("/")}`;
  const RETRY = 3000;

  // What waits to be sent, in its order; it outlives a reload of this window.
  let queue = [];
  let held = false; // something was refused: what was scanned after it waits for a word
  let gone = false; // the line
  let sending = false;
  try {
    queue = JSON.parse(sessionStorage.getItem(NAME) ?? "[]");
  } catch {
    queue = []; // a browser that keeps nothing
  }
  held = queue.length > 0;
  const keep = () => {
    try {
      sessionStorage.setItem(NAME, JSON.stringify(queue));
    } catch {
      // it is kept in this page alone
    }
  };

  // Kept for this browser, not for a person: what rings is the desk.
  const MUTED = "desk-muted";
  const isMuted = () => {
    try {
      return localStorage.getItem(MUTED) === "yes";
    } catch {
      return false;
    }
  };
  const showSwitch = () => {
    for (const place of document.querySelectorAll("[data-sound]")) {
      place.hidden = false;
      place.querySelector("input").checked = !isMuted();
    }
  };
  let audio;
  const sound = (tones) => {
    if (isMuted() || !tones.length) return;
    try {
      audio ??= new AudioContext();
      tones.forEach(([pitch, start, length]) => {
        const tone = audio.createOscillator();
        const loudness = audio.createGain();
        tone.frequency.value = pitch;
        loudness.gain.value = 0.08;
        tone.connect(loudness).connect(audio.destination);
        tone.start(audio.currentTime + start);
        tone.stop(audio.currentTime + start + length);
      });
    } catch {
      // no sound here; colour and words say the same
    }
  };
  const SOUNDS = {
    done: [[880, 0, 0.12]],
    stopped: [[220, 0, 0.2], [180, 0.25, 0.3]],
    ask: [[440, 0, 0.12], [440, 0.18, 0.12]],
  };

  const sayLine = () => {
    const line = document.getElementById("desk-line");
    const words = document.querySelector("form[data-words-line]")?.dataset;
    if (!line || !words) return;
    line.hidden = !gone && !(held && queue.length);
    const waiting = queue.length ? ` ${words.wordsWaiting}${queue.length}` : "";
    const said = (gone ? words.wordsLine : "") + waiting;
    const place = line.querySelector("[data-line-words]");
    if (place.textContent !== said) place.textContent = said;
    for (const button of line.querySelectorAll("button")) button.hidden = gone || !held;
  };

  const focusBox = () => {
    const why = document.querySelector("#desk-result input[name=why]");
    (why ?? box())?.focus();
  };

  const show = (answer, text, patron) => {
    const parts = new DOMParser().parseFromString(text, "text/html").body;
    const whole = parts.querySelector("#desk");
    const address = answer.headers.get("X-Desk-Address");
    if (whole) {
      const opened = desk().dataset.patron !== whole.dataset.patron;
      desk().replaceWith(whole);
      showSwitch();
      if (address) history.pushState(null, "", address);
      (document.querySelector("#desk [data-focus]") ?? box())?.focus();
      sound(opened ? SOUNDS.done : []);
      return true;
    }
    for (const part of [...parts.children]) {
      const there = document.getElementById(part.id);
      // What waited through a reload may be somebody else's than who is served now.
      const strange = (patron ?? "") !== (desk().dataset.patron ?? "");
      if (!there || (strange && part.id !== "desk-result")) continue;
      if ("prepend" in part.dataset) there.prepend(...part.children);
      else there.replaceWith(part);
    }
    const kind = document.getElementById("desk-result")?.dataset.result;
    sound(SOUNDS[kind] ?? []);
    focusBox();
    return kind === "done";
  };

  const fail = () => {
    const result = document.getElementById("desk-result");
    const words = document.querySelector("form[data-words-failed]")?.dataset.wordsFailed ?? "";
    const alert = document.createElement("div");
    alert.className = "alert alert-danger op-result";
    alert.textContent = words;
    result?.replaceChildren(alert);
    sound(SOUNDS.stopped);
  };

  const send = async () => {
    if (sending || held || !queue.length) return sayLine();
    sending = true;
    const entry = queue[0];
    const fields = new FormData();
    for (const [name, value] of entry.fields) fields.append(name, value);
    // After a card that waited to be sent: whoever is served when its turn comes.
    if (entry.follows && desk().dataset.patron) fields.set("patron", desk().dataset.patron);
    const token = document.querySelector("form[data-scan] [name=csrfmiddlewaretoken]");
    if (token) fields.set("csrfmiddlewaretoken", token.value);
    let later = 0;
    try {
      const answer = await fetch(entry.action, {
        method: "POST",
        body: fields,
        headers: { "X-Desk": "part" },
        signal: AbortSignal.timeout(30000),
      });
      if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
      gone = false;
      if (answer.redirected) {
        // The session ended: after the sign-in what waits is asked about.
        location.reload();
        return;
      }
      const text = await answer.text();
      queue.shift();
      keep();
      const went = answer.ok ? show(answer, text, fields.get("patron")) : fail();
      if (!went && queue.length) held = true;
    } catch {
      gone = true;
      later = RETRY;
    }
    sending = false;
    sayLine();
    if (queue.length && !held) setTimeout(send, later);
  };

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target.closest("form[data-scan]");
      if (!form || !desk()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const input = form.querySelector("[data-box]");
      if (input && !input.value.trim()) return;
      const fields = [...new FormData(form).entries()].filter(([name]) => name !== "csrfmiddlewaretoken");
      fields.push(["key", newKey()]);
      const entry = { action: form.action, fields, follows: Boolean(input) && queue.length > 0 };
      if (input) {
        input.value = "";
        // It was asked for this one item.
        for (const once of form.querySelectorAll("[data-once]")) once.checked = false;
        queue.push(entry);
      } else {
        // An answer to what was just asked comes first, and the others go on after it.
        queue.unshift(entry);
        held = false;
      }
      keep();
      box()?.focus();
      send();
    },
    true,
  );

  // Only over HTTPS browsers make UUIDs themselves.
  const newKey = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  };

  document.addEventListener("change", (event) => {
    if (!event.target.closest("[data-sound]")) return;
    try {
      localStorage.setItem(MUTED, event.target.checked ? "no" : "yes");
    } catch {
      // a browser that keeps nothing
    }
    showSwitch();
    box()?.focus();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-line-send]")) held = false;
    else if (event.target.closest("[data-line-drop]")) {
      queue = [];
      held = false;
      keep();
    } else return;
    sayLine();
    box()?.focus();
    send();
  });
  addEventListener("online", send);
  addEventListener("offline", () => {
    gone = true;
    sayLine();
  });
  // Back to somebody who was served before: the page is asked for anew.
  addEventListener("popstate", () => location.reload());

  // After some minutes without activity the patron is left, also when the machine slept.
  let active = Date.now();
  for (const name of ["keydown", "pointerdown", "input"]) {
    addEventListener(name, () => (active = Date.now()), { passive: true, capture: true });
  }
  const leave = () => {
    const minutes = Number(desk()?.dataset.minutes ?? 0);
    if (minutes && Date.now() - active > minutes * 60000) location.replace(desk().dataset.leave);
  };
  setInterval(leave, 5000);
  document.addEventListener("visibilitychange", leave);
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  addEventListener("DOMContentLoaded", () => {
    sayLine();
    showSwitch();
    document.querySelector("#desk-tab [data-box]")?.focus();
  });
})();
