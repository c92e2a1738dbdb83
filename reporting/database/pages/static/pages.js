// Enhancement only: every page works without it. No library; GPL-2.0-or-later like the rest.
// `/` goes to the search, fields with data-suggest complete what is typed (ARIA combobox), commands can be copied.
"use strict";

const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const field = document.querySelector("form.search #item") || document.getElementById("find");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

class Completion {
  constructor(input, number) {
    this.input = input;
    this.chosen = -1;
    this.list = document.createElement("ul");
    this.list.className = "options";
    this.list.id = `options-${number}`;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggestions");
    input.after(this.list);
    const roles = {role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id};
    for (const [name, value] of Object.entries(roles)) input.setAttribute(name, value);
    input.addEventListener("input", () => this.later());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // before the blur, which would close the list first
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("li");
      if (option) this.take(option.textContent);
    });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 120);
  }

  field() {
    const other = this.input.dataset.fieldOf && document.getElementById(this.input.dataset.fieldOf);
    return other ? other.value.trim() : this.input.dataset.field;
  }

  async ask() {
    const text = this.input.value.trim();
    const field = this.field();
    if (!text || !field) return this.close();
    this.asking?.abort();
    this.asking = new AbortController();
    const url = `${this.input.dataset.suggest}?${new URLSearchParams({field, text})}`;
    try {
      const answer = await fetch(url, {signal: this.asking.signal});
      if (!answer.ok) return this.close();
      const {values} = await answer.json();
      if (document.activeElement === this.input) this.show(values.filter((value) => value !== text));
    } catch {
      // away, or overtaken by the next key: typing goes on without completion
    }
  }

  show(values) {
    this.chosen = -1;
    this.list.replaceChildren(...values.map((value, place) => {
      const option = document.createElement("li");
      option.id = `${this.list.id}-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = value;
      return option;
    }));
    this.list.hidden = values.length === 0;
    this.list.style.setProperty("top", `${this.input.offsetTop + this.input.offsetHeight}px`);
    this.list.style.setProperty("left", `${this.input.offsetLeft}px`);
    this.list.style.setProperty("min-width", `${this.input.offsetWidth}px`);
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.show([]);
  }

  key(event) {
    const options = this.list.children;
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      return this.close();
    }
    if (this.list.hidden || !options.length) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      // what is chosen from now on stays: no late answer replaces the list
      clearTimeout(this.timer);
      this.asking?.abort();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark((this.chosen + step + options.length + (this.chosen < 0 && step < 0 ? 1 : 0)) % options.length);
    } else if (event.key === "Enter" && this.chosen >= 0) {
      if (this.input.form?.classList.contains("find")) this.input.value = options[this.chosen].textContent;
      else event.preventDefault();
      this.take(options[this.chosen].textContent);
    }
  }

  mark(place) {
    const options = this.list.children;
    options[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = place;
    options[place].setAttribute("aria-selected", "true");
    options[place].scrollIntoView({block: "nearest"});
    this.input.setAttribute("aria-activedescendant", options[place].id);
  }

  take(value) {
    this.input.value = value;
    this.close();
  }
}

document.querySelectorAll("input[data-suggest]").forEach((input, number) => new Completion(input, number));

if (navigator.clipboard) {
  for (const code of document.querySelectorAll(".command code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    code.after(button);
  }
}
