// Labels that the server has not confirmed yet: kept in the browser's storage until it has. Each has
// a key of its own, so that what is sent twice is stored once.
import { reason, send } from "/static/common.js";

const REFUSED = [400, 404, 409, 413, 415, 422];

export class Unsent {
  constructor(name, { stored, refused, state }) {
    this.name = name;
    this.kept = [];
    this.on = { stored, refused, state };
    this.running = false;
    this.ended = false; // the server knows this person no more: an older answer changes nothing
    this.wake = () => {};
    addEventListener("online", () => this.wake());
    addEventListener("storage", () => this.list().length && this.flush());
  }

  // Read anew each time: another tab of the same person may have written.
  list() {
    try {
      const found = JSON.parse(localStorage.getItem(this.name) || "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return this.kept;
    }
  }

  write(list) {
    this.kept = list;
    try {
      localStorage.setItem(this.name, JSON.stringify(list));
    } catch {
      // No storage: memory holds them while the page is open.
    }
  }

  add(entry) {
    this.write([...this.list(), entry]);
    this.wake();
    this.flush();
  }

  drop(key) {
    this.write(this.list().filter((entry) => entry.key !== key));
  }

  async flush() {
    if (this.running) return;
    this.running = true;
    let tries = 0;
    try {
      for (let list = this.list(); list.length; list = this.list()) {
        const outcome = await this.one(list[0]);
        if (outcome === "stop") return;
        tries = outcome === "later" ? tries + 1 : 0;
        if (tries) await this.pause(Math.min(8000, 250 * 2 ** tries));
      }
      this.on.state("");
    } finally {
      this.running = false;
    }
  }

  async one(entry) {
    let answer;
    let body;
    try {
      answer = await send("/api/label", entry);
      body = answer.ok ? await answer.json() : null;
    } catch {
      this.on.state("away");
      return "later";
    }
    if (answer.ok) {
      this.ended = false;
      this.drop(entry.key);
      this.on.stored(entry, body);
      return "done";
    }
    if (REFUSED.includes(answer.status)) {
      this.drop(entry.key);
      this.on.refused(entry, await reason(answer));
      return "done";
    }
    if (answer.status === 401 || answer.status === 403) {
      this.ended = true;
      this.on.state("ended");
      return "stop";
    }
    this.on.state("away");
    return "later";
  }

  pause(time) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, time);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
