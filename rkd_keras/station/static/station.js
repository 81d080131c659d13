// Keyboard, theme and the sound of a warning: what every page of the station needs.
(() => {
  const root = document.documentElement;
  const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } };

  // Theme: what was chosen here, else what the system prefers.
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const setTheme = (theme) => {
    root.dataset.theme = theme;
    store("station-theme", theme);
    window.dispatchEvent(new CustomEvent("station-theme", { detail: theme }));
  };
  root.dataset.theme = stored("station-theme") || (dark ? "dark" : "light");

  // Sound: two tones every two seconds while a warning is open.
  let audio = null;
  let timer = null;
  let open = 0;
  const muted = () => stored("station-sound") === "off";
  const ready = () => audio !== null && audio.state === "running";
  const wake = () => {
    if (muted()) return;
    audio = audio || new AudioContext();
    if (audio.state !== "running") audio.resume().then(showSound, () => {});
  };
  const beep = () => { if (open > 0) tone(); };
  const tone = () => {
    if (!ready() || muted()) return;
    [[880, 0], [660, 0.22]].forEach(([pitch, delay]) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + delay;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.22);
      window.stationBeeps = (window.stationBeeps || 0) + 1;
    });
  };
  const showSound = () => {
    const button = document.getElementById("sound");
    if (!button) return;
    const text = muted() ? "Sound off" : ready() ? "Sound on" : "Tap for sound";
    button.textContent = text;
    button.setAttribute("aria-pressed", String(!muted() && ready()));
  };
  window.stationTone = tone;
  window.stationAlarm = (count) => {
    open = count;
    clearInterval(timer);
    if (count > 0) {
      wake();
      beep();
      timer = setInterval(beep, 2000);
    }
    showSound();
  };

  // A browser lets a page sound only after it was touched once.
  document.addEventListener("pointerdown", wake);
  document.addEventListener("click", (event) => {
    const target = event.target.closest("#sound, #theme, tr.pick");
    if (!target) return;
    if (target.id === "sound") {
      if (!muted() && ready()) store("station-sound", "off");
      else { store("station-sound", "on"); wake(); }
      showSound();
    } else if (target.id === "theme") {
      setTheme(root.dataset.theme === "dark" ? "light" : "dark");
    }
  });

  // Keys: whatever carries data-key can be pressed by that key.
  // A scanner types faster than any hand: its text goes to the coil number, and none
  // of its letters is a key. So a key waits until it is known to stand alone.
  const SCAN_MS = 50;
  let scan = "";
  let scanTimer = null;
  const endScan = () => {
    clearTimeout(scanTimer);
    const text = scan;
    scan = "";
    if (text.length === 1) pressKey(text.toUpperCase());
    const coil = document.querySelector(".scan-coil input");
    if (text.length < 4 || !coil) return;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(coil, text);
    coil.dispatchEvent(new Event("input", { bubbles: true }));
    coil.focus();
  };
  const pressKey = (name) => {
    const found = [...document.querySelectorAll("[data-key]")].find(
      (element) => element.dataset.key === name && visible(element));
    if (found) found.click();
    return Boolean(found);
  };
  const visible = (element) => element.offsetParent !== null && !element.disabled;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.repeat) return;
    const field = event.target.closest("input, textarea, select, [contenteditable], .q-menu, .q-dialog");
    if (field && !event.altKey && event.target.type !== "checkbox") return;
    wake();
    const name = (event.altKey ? "Alt+" : "") + (event.key.length === 1 ? event.key.toUpperCase() : event.key);
    if (!event.altKey && (name === "Enter" || name === " ") && event.target.closest("button, a")) return;
    if (!event.altKey && event.key.length === 1 && name !== " ") {
      scan += event.key;
      clearTimeout(scanTimer);
      scanTimer = setTimeout(endScan, SCAN_MS);
      return;
    }
    if (scan.length > 1) {
      event.preventDefault();
      if (name === "Enter") endScan();
      return;
    }
    if (pressKey(name)) event.preventDefault();
  });
  window.stationKeys = () => [...document.querySelectorAll("[data-key]")]
    .filter((element) => visible(element) && (element.dataset.hint || element.ariaLabel || element.textContent.trim()))
    .map((element) => [element.dataset.key, element.dataset.hint || element.ariaLabel || element.textContent.trim()]);

  document.addEventListener("DOMContentLoaded", () => { showSound(); });
  new MutationObserver(() => {
    if (document.getElementById("sound")?.textContent === "") showSound();
  }).observe(root, { childList: true, subtree: true });
})();
