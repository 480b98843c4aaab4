"use strict";
/* What the scripts of all pages share: elements from values, figures as words, sorted tables. */

const shared = (() => {
  const NONE = "–";
  const SPACE = "http://www.w3.org/2000/svg";
  const data = JSON.parse(document.getElementById("data")?.textContent ?? "null");

  /* As in leaderboard/markup.py: controls, half characters, and what turns the text around. */
  const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;
  const clean = (value) => (typeof value === "string" ? value.replace(UNSEEN, "\ufffd") : value);

  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === false || value === undefined) continue;
      if (typeof value === "function") element.addEventListener(name, value);
      else element.setAttribute(name, value === true ? "" : clean(value));
    }
    const given = children.flat().filter((child) => child !== null && child !== undefined);
    element.append(...given.map(clean));
    return element;
  };
  /* Texts become text nodes: no name of anybody's is ever read as HTML. */
  const make = (tag, attributes = {}, ...children) =>
    fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS(SPACE, tag), attributes, children);
  const foreign = (text) => make("bdi", {}, text);

  const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const count = (value) => grouped(String(value));
  /* Ties go to the even digit, as where the pages are made; only k/2^(digits+1) can be one. */
  const fixed = (value, digits) => {
    const scaled = Math.abs(value) * 2 ** (digits + 1);
    if (!Number.isInteger(scaled) || scaled % 2 === 0) return value.toFixed(digits);
    const below = Math.floor(Math.abs(value) * 10 ** digits);
    return ((Math.sign(value) * (below + (below % 2))) / 10 ** digits).toFixed(digits);
  };
  const percent = (value) => (value === null ? NONE : `${fixed(100 * value, 1)}%`);
  const number = (value) => {
    if (value === null || value === undefined) return NONE;
    const size = Math.abs(value);
    if (size >= 1e9) {
      return Number(value.toPrecision(3)).toExponential().replace(/e\+(\d)$/, "e+0$1");
    }
    const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    const [whole, part] = fixed(value, digits).split(".");
    return part === undefined ? grouped(whole) : `${grouped(whole)}.${part}`;
  };
  const figure = (value, metric) => (metric === "success" ? percent(value) : number(value));
  const span = (low, high, metric) => {
    if (low === null || high === null) return "no interval";
    return metric === "success"
      ? `[${fixed(100 * low, 1)}, ${fixed(100 * high, 1)}]`
      : `[${number(low)}, ${number(high)}]`;
  };
  const plural = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

  /* Heads with data-sort become buttons; `values` gives what a row is sorted by. */
  const sortable = (table, values, arrange) => {
    const heads = [...table.tHead.querySelectorAll("th[data-sort]")];
    for (const head of heads) {
      const button = make("button", { type: "button", class: "sort" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const rising = head.getAttribute("aria-sort") === "ascending";
        const first = values.falls(head.dataset.sort) ? "descending" : "ascending";
        const now = head.getAttribute("aria-sort");
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", now === null ? first : rising ? "descending" : "ascending");
        arrange(head.dataset.sort, head.getAttribute("aria-sort") === "ascending" ? 1 : -1);
      });
    }
  };

  return { data, make, draw, foreign, count, fixed, percent, number, figure, span, plural, sortable, NONE };
})();
