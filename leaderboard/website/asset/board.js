"use strict";
/* The page of a programme: sorting, finding, another figure, lines in the charts; and the first
   page's choice of a family. */
(() => {
  const { make, draw, foreign, data } = shared;

  const families = document.getElementById("families");
  families?.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    for (const other of families.children) other.setAttribute("aria-pressed", other === button);
    for (const programme of document.querySelectorAll(".programme")) {
      const wanted = button.dataset.family;
      programme.hidden = wanted !== "" && !programme.dataset.families.split(" ").includes(wanted);
    }
  });

  const table = document.getElementById("rows");
  if (!table || !data) return;
  const body = table.tBodies[0];
  const lines = [...body.rows];
  const LINES = 6;
  const control = (name) => document.getElementById(name);
  let family = null;
  let sorted = lines.map((_, number) => number);
  let limit = data.first;

  const shown = (number) => {
    const row = data.rows[number];
    return family === null ? row.head : row.families[family];
  };
  const states = ["verified", "self-reported", "failed"];
  let ranks = data.rows.map((row) => row.rank);

  /* Sorting */
  const value = (number, key) => {
    const row = data.rows[number];
    if (key === "rank") return ranks[number];
    if (key === "name") return row.name.toLowerCase();
    if (key === "status") return states.indexOf(row.status);
    if (key === "n") return row.n;
    if (key === "figure") return shown(number)[0];
    return row.families[Number(key.slice(7))][0];
  };
  const falls = (key) => key === "figure" || key === "n" || key.startsWith("family");
  const arrange = (key, direction) => {
    const order = lines.map((_, number) => number).sort((one, other) => {
      const a = value(one, key), b = value(other, key);
      if (a === null || b === null) return (a === null) - (b === null) || one - other;
      return (a < b ? -1 : a > b ? 1 : 0) * direction || one - other;
    });
    body.append(...order.map((number) => lines[number]));
    sorted = order;
    show();
  };
  shared.sortable(table, { falls }, arrange);

  /* Finding */
  const words = data.rows.map((row) => `${row.name} ${row.agent} ${row.file}`.toLowerCase());
  const show = () => {
    const find = control("find").value.trim().toLowerCase();
    const status = control("status").value;
    let found = 0;
    for (const number of sorted) {
      const row = data.rows[number], line = lines[number];
      line.hidden = !words[number].includes(find) || (status !== "" && row.status !== status);
      line.classList.toggle("later", !line.hidden && found >= limit);
      found += !line.hidden;
    }
    const shown = Math.min(found, limit), all = lines.length;
    control("count").textContent =
      shown === all ? "" : `${shared.count(shown)} of ${shared.plural(all, "row")} shown`;
    control("all").hidden = shown === found;
    control("all").parentElement.hidden = shown === all;
    control("all").textContent = `Show all ${shared.count(found)}`;
  };
  control("all").addEventListener("click", () => {
    limit = Infinity;
    show();
  });
  control("find").addEventListener("input", show);
  control("status").addEventListener("change", show);

  /* Another figure: one family of the programme, ranked by itself */
  const place = (at, low, high) => {
    const share = (Math.min(Math.max(at, low), high) - low) / (high - low);
    return data.bar.margin + share * (data.bar.width - 2 * data.bar.margin);
  };
  const redraw = (line, [at, low, high], ends) => {
    const cell = line.querySelector(".figure-cell .pair");
    cell.querySelector("b").textContent = shared.figure(at, data.metric);
    cell.querySelector("span").textContent = shared.span(low, high, data.metric);
    const bar = cell.querySelector("svg");
    bar.querySelectorAll(".span, .dot").forEach((part) => part.remove());
    const ticks = bar.querySelectorAll(".tick");
    [0, 1].forEach((end) => ["x1", "x2"].forEach(
      (side) => ticks[end].setAttribute(side, place(end, ...ends))));
    if (low !== null && high !== null) {
      const left = place(low, ...ends), width = Math.max(1, place(high, ...ends) - left);
      bar.append(draw("rect", { class: "span", x: left, y: 5, width, height: 8, rx: 2 }));
    }
    if (at !== null) {
      bar.append(draw("circle", { class: "dot", cx: place(at, ...ends), cy: 9, r: 4 }));
    }
  };
  const scale = () => {
    if (family === null) return [data.bar.low, data.bar.high];
    const ends = data.rows.flatMap((row) => row.families[family].slice(0, 3))
      .filter((end) => end !== null);
    return [Math.max(-0.5, Math.min(0, ...ends)), Math.min(2, Math.max(1, ...ends))];
  };
  const rank = () => {
    /* A row that has no rank over the whole has none over a part. */
    const able = (number) => data.rows[number].rank !== null && shown(number)[0] !== null;
    ranks = data.rows.map((row, number) => {
      if (family === null) return row.rank;
      if (!able(number)) return null;
      return 1 + data.rows.filter((_, other) => able(other) && shown(other)[0] > shown(number)[0])
        .length;
    });
    lines.forEach((line, number) => {
      line.querySelector(".rank").textContent = ranks[number] ?? shared.NONE;
    });
  };
  control("figure")?.addEventListener("change", (event) => {
    family = event.target.value === "" ? null : Number(event.target.value);
    const ends = scale();
    lines.forEach((line, number) => redraw(line, shown(number), ends));
    rank();
    const head = control("figure-head").querySelector("button") ?? control("figure-head");
    head.textContent = event.target.selectedOptions[0].textContent;
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    table.tHead.querySelector("[data-sort=rank]").setAttribute("aria-sort", "ascending");
    arrange("rank", 1);
  });

  /* Lines in the charts, and the two that are compared */
  const boxes = lines.map((line) => line.querySelector("input"));
  let chosen = boxes.filter((box) => box.checked).map((box) => Number(box.value));
  const compare = control("compare");
  const key = (at) => draw("svg", { width: 28, height: 12, viewBox: "0 0 28 12", "aria-hidden": "true" },
    draw("path", { class: `line c${at}`, d: "M1 6H27" }));
  const lined = (holder, paths) => {
    const group = document.querySelector(`${holder} .lines`);
    group?.replaceChildren(...Object.entries(paths).flatMap(([kind, path]) =>
      chosen.map((number, at) => draw("path", { class: `${kind} c${at}`, d: path(data.rows[number]) }))));
  };
  const { low, high } = data.profile;
  const update = () => {
    boxes.forEach((box, number) => {
      box.checked = chosen.includes(number);
      box.disabled = !box.checked && chosen.length >= LINES;
    });
    lined(".profile", {
      band: (row) => chart.band(row.band, low, high),
      line: (row) => chart.profile(row.tasks, low, high),
    });
    lined(".radar", { "line area": (row) => chart.radar(row.families.map((one) => one[0])) });
    document.getElementById("legend")?.replaceChildren(...chosen.map((number, at) =>
      make("li", {}, key(at), foreign(data.rows[number].name))));
    compare.disabled = chosen.length !== 2;
    compare.textContent = chosen.length === 2 ? "Compare the two" : "Compare: pick two";
  };
  boxes.forEach((box, number) => {
    box.disabled = false;
    box.addEventListener("change", () => {
      chosen = box.checked ? [...chosen, number] : chosen.filter((other) => other !== number);
      update();
    });
  });
  compare.addEventListener("click", () => {
    const names = [...chosen].sort((a, b) => a - b).map((at) => `${data.rows[at].key}-${data.rows[at].run}`);
    location.href = `../difference/${data.key}.html#${names.join("~")}`;
  });
  update();
  show();
})();
