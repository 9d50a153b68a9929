// Report a loop of a Node program to the `headway run --patch` (or `headway patch`) around it.
//
//   headway patch -- node examples/bars.mjs
//
// Without Headway around it, it works as if none of this were there.
import net from "node:net";

class Bar {
  static #socket = process.env.HEADWAY_BARS ? Bar.#connect() : null;
  static #numbers = 0;
  #prefix;
  #told = 0;
  constructor(name, { total, unit, inside } = {}) {
    this.number = ++Bar.#numbers;
    this.#prefix = `@${this.number}` + (inside ? `<${inside.number}` : "");
    const settings = (unit ? ` unit=${unit}` : "") + (total ? ` total=${total}` : "");
    this.#send(`stage ${name.replace(/\s+/g, " ")}${settings}`);
  }

  static #connect() {
    const socket = net.connect(process.env.HEADWAY_BARS);
    socket.on("error", () => { Bar.#socket = null; });
    socket.unref(); // it keeps no program alive
    return socket;
  }

  done(count, { last = false } = {}) {
    const now = Date.now();
    if (!last && now - this.#told < 50) return; // twenty a second are seen
    this.#told = now;
    this.#send(`done ${count}`);
  }

  detail(text) { this.#send(`detail ${text.replace(/\s+/g, " ")}`); }
  complete() { this.#send("complete"); }
  stop() { this.#send("stop"); } // short of its total
  fail(error) { this.#send(`fail ${String(error).replace(/\s+/g, " ")}`); }

  #send(line) { Bar.#socket?.write(`${this.#prefix} ${line}\n`); }

  static *track(items, name, inside) {
    const bar = new Bar(name, { total: items.length, inside });
    let count = 0;
    try {
      for (const item of items) {
        yield [item, bar];
        bar.done(++count);
      }
    } finally {
      bar.done(count, { last: true });
      count < items.length ? bar.stop() : bar.complete();
    }
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (const [page, pages] of Bar.track(["home", "about", "blog"], "pages")) {
  for (const [image] of Bar.track([1, 2, 3, 4], "images", pages)) await pause(5 * image);
  pages.detail(page);
}
