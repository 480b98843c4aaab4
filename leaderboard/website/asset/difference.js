"use strict";
/* Two rows of one programme, paired by task and number: the verdict, and every pair. */
(() => {
  const { make, draw, foreign, data } = shared;
  const pick = { first: document.getElementById("first"), second: document.getElementById("second") };
  const verdict = document.getElementById("verdict"), result = document.getElementById("result");
  const METRIC = data.metric, COLUMNS = 25, PITCH = 9;
  const KINDS = {
    both: "both succeed", first: "A alone", second: "B alone", neither: "neither", none: "no pair",
  };
  const nameOf = (row) => `${row.key}-${row.run}`;
  const signed = (value) => (value < 0 ? "−" : "+") + shared.fixed(Math.abs(value), 3);

  /* Pairs of one task: what counts of each, and how the two ended. */
  const pairUp = (one, other) => {
    const places = new Map(other.index.map((index, at) => [index, at]));
    const pairs = [];
    one.index.forEach((index, at) => {
      const there = places.get(index);
      if (there === undefined) return;
      const marks = [one.mark[at], other.mark[there]];
      const valid = marks.every((mark) => mark === "s" || mark === "f");
      const won = marks.map((mark) => mark === "s");
      const scores = [[one, at], [other, there]].map(([side, place], who) =>
        METRIC === "success" || !side.score ? Number(won[who]) : side.score[place]);
      const kind = !valid ? "none"
        : won[0] && won[1] ? "both" : won[0] ? "first" : won[1] ? "second" : "neither";
      pairs.push({
        index, seed: one.seed[at], valid, kind, scores,
        same: one.seed[at] === other.seed[there],
        totals: [one.total[at], other.total[there]], steps: [one.steps[at], other.steps[there]],
        marks, words: one.words[at],
      });
    });
    return pairs;
  };

  const squares = (pairs) => {
    const width = Math.min(pairs.length, COLUMNS) * PITCH, rows = Math.ceil(pairs.length / COLUMNS);
    const paths = Object.keys(KINDS).map((kind) => {
      const d = pairs.map((pair, at) => pair.kind !== kind ? ""
        : `M${(at % COLUMNS) * PITCH + 0.5} ${Math.floor(at / COLUMNS) * PITCH + 0.5}h6v6h-6z`).join("");
      return d ? draw("path", { class: `pair-${kind}`, d }) : null;
    });
    const told = Object.entries(KINDS)
      .map(([kind, words]) => [pairs.filter((pair) => pair.kind === kind).length, words])
      .filter(([count]) => count).map(([count, words]) => `${count} ${words}`).join(", ");
    const size = { width, height: rows * PITCH, viewBox: `0 0 ${width} ${rows * PITCH}` };
    return draw("svg", { class: "strip", role: "img", "aria-label": told, ...size }, ...paths);
  };

  const reach = (found) => {
    const most = Math.max(...found.flatMap((one) => [one.low, one.high, one.difference]
      .filter((end) => end !== null).map(Math.abs)), 0.1);
    return Math.min(2, Math.ceil(most * 10) / 10);
  };
  /* A difference around zero: to the right the first is ahead. */
  const bar = (one, most, wide = 168) => {
    const place = (value) => 6 + ((Math.min(Math.max(value, -most), most) + most) / (2 * most)) * (wide - 12);
    const parts = [
      draw("line", { class: "track", x1: 6, y1: 9, x2: wide - 6, y2: 9 }),
      draw("line", { class: "zero", x1: place(0), y1: 2, x2: place(0), y2: 16 }),
    ];
    if (one.low !== null && one.low !== undefined) {
      const left = place(one.low), width = Math.max(1, place(one.high) - left);
      parts.push(draw("rect", { class: "span", x: left, y: 5, width, height: 8, rx: 2 }));
    }
    parts.push(draw("circle", { class: "dot", cx: place(one.difference), cy: 9, r: 4 }));
    return draw("svg", { class: "bar", width: wide, height: 18, viewBox: `0 0 ${wide} 18`, "aria-hidden": "true" }, ...parts);
  };

  const tell = (found, rows) => {
    const bold = (text) => make("b", {}, text);
    const who = rows.map((row) => make("a", { href: `../submission/${row.key}.html` }, foreign(row.name)));
    const head = {
      better: ["A is better: ", who[0], " beats ", who[1], "."],
      worse: ["A is worse: ", who[1], " beats ", who[0], "."],
      inconclusive: ["Inconclusive: these episodes do not tell ", who[0], " from ", who[1], "."],
    }[found.verdict];
    const interval = found.low === null ? "" : ` [${signed(found.low)}, ${signed(found.high)}]`;
    const lines = [
      make("p", { class: "headline" }, ...head),
      make("div", { class: "difference" }, bar(found, reach([found]), 320),
        make("p", {}, "A − B = ", bold(signed(found.difference)), interval, ` in ${METRIC}; `,
          `${shared.plural(found.n, "pair")}, p ${found.p < 0.0001 ? "below 0.0001" : `= ${shared.fixed(found.p, 4)}`}. `,
          `An episode of A scores higher than one of B with probability ${shared.fixed(found.improvement, 3)}.`)),
    ];
    if (found.verdict === "inconclusive") {
      const settle = found.further === null
        ? found.detectable ? "Even a hundred times as many would hardly settle it." : "No pair differs."
        : `If the difference is what it seems, ${shared.count(found.further)} more episodes of each task would settle it, with probability 0.8.`;
      lines.push(make("p", {}, found.detectable
        ? `So many episodes find a difference of ${shared.fixed(found.detectable, 3)} with probability 0.8. ` : "", settle));
    }
    const quoted = (word) => (/^[\w.\/@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
    const files = rows.map((row) => quoted(row.file.split("/").pop()));
    const which = rows.some((row) => row.runs > 1) ? ` --benchmark ${quoted(data.benchmark)}` : "";
    lines.push(make("p", { class: "note" }, "The same, from the submissions: ",
      make("code", {}, `polyathlon compare ${files.join(" ")}${which}`)));
    verdict.className = `verdict is-${found.verdict}`;
    verdict.replaceChildren(...lines);
  };

  const table = (tasks) => {
    const most = reach(tasks);
    const heads = ["Task", "Pairs", "A", "B", "A − B", "A ahead", "B ahead"];
    const lines = tasks.map((task) => {
      const label = (name, ...inside) => make("td", { "data-label": name }, ...inside);
      const cells = [
        make("th", { scope: "row", class: "who" }, foreign(task.id)),
        label("Pairs", squares(task.pairs)),
        label("A", shared.figure(task.means[0], METRIC)),
        label("B", shared.figure(task.means[1], METRIC)),
        label("A − B", make("div", { class: "pair" }, make("b", {}, signed(task.difference)), bar(task, most))),
        label("A ahead", shared.count(task.only[0])),
        label("B ahead", shared.count(task.only[1])),
      ];
      for (const at of [2, 3, 5, 6]) cells[at].classList.add("num");
      return make("tr", {}, ...cells);
    });
    const numeric = new Set(["A", "B", "A ahead", "B ahead"]);
    return make("table", { class: "board-table diff stack" },
      make("caption", {}, `Task by task, to the right of the line A is ahead; the scale ends at ±${most}`),
      make("thead", {}, make("tr", {}, ...heads.map((head) =>
        make("th", { scope: "col", class: numeric.has(head) ? "num" : null }, head)))),
      make("tbody", {}, ...lines));
  };

  const MOST = 100;
  const list = (tasks) => {
    const lines = tasks.flatMap((task) => task.pairs
      .filter((pair) => pair.valid && pair.scores[0] !== pair.scores[1])
      .map((pair) => ({ task, pair })));
    const words = { s: "success", f: "failure" };
    const side = (pair, at) => METRIC === "success"
      ? words[pair.marks[at]] : `${shared.number(pair.scores[at])} (${words[pair.marks[at]]})`;
    const aside = (pair, at) => make("span", { class: "aside" }, ` · ${shared.plural(pair.steps[at], "step")}`);
    const rows = lines.slice(0, MOST).map(({ task, pair }) => make("tr", {},
      make("th", { scope: "row", class: "who" }, foreign(task.id)),
      make("td", { class: "num", "data-label": "Episode" }, String(pair.index)),
      make("td", { class: "num seed", "data-label": "Seed" }, pair.seed),
      make("td", { "data-label": "A" }, make("span", {}, side(pair, 0), aside(pair, 0))),
      make("td", { "data-label": "B" }, make("span", {}, side(pair, 1), aside(pair, 1)))));
    const more = lines.length > MOST ? ` The first ${MOST} of them:` : "";
    const parts = [make("h2", { id: "pairs" }, "Episodes that tell them apart"),
      make("p", { class: "note" }, `${shared.plural(lines.length, "pair")} of the same seed came out otherwise.${more}`)];
    if (rows.length) {
      parts.push(make("table", { class: "board-table stack" },
        make("caption", { class: "unseen" }, "Pairs that came out otherwise, by seed"),
        make("thead", {}, make("tr", {}, ...["Task", "Episode", "Seed", "A", "B"].map((head) =>
          make("th", { scope: "col", class: head === "Seed" || head === "Episode" ? "num" : null }, head)))),
        make("tbody", {}, ...rows)));
    }
    return parts;
  };

  const key = () => make("p", { class: "key" }, ...Object.entries(KINDS).map(([kind, words]) =>
    make("span", {}, squares([{ kind }]), words)));

  const show = async () => {
    const rows = [pick.first, pick.second].map((select) => data.rows[Number(select.value)]);
    history.replaceState(null, "", `#${rows.map(nameOf).join("~")}`);
    verdict.replaceChildren(make("p", { class: "note" }, "Reading the episodes …"));
    let sides;
    try {
      sides = await Promise.all(rows.map((row) => polyathlon.load(`data/${nameOf(row)}`)));
    } catch (error) {
      verdict.replaceChildren(make("p", { class: "notice" }, `The episodes cannot be read: ${error.message}`));
      return;
    }
    const tasks = sides[0].tasks.map((one, at) => ({ id: one.id, pairs: pairUp(one, sides[1].tasks[at]) }));
    for (const task of tasks) {
      const valid = task.pairs.filter((pair) => pair.valid);
      task.first = valid.map((pair) => pair.scores[0]);
      task.second = valid.map((pair) => pair.scores[1]);
      if (!valid.length) continue;
      const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
      task.means = [mean(task.first), mean(task.second)];
      task.difference = task.means[0] - task.means[1];
      task.low = null;
      task.high = null;
      task.only = [0, 1].map((at) => valid.filter((pair) => pair.scores[at] > pair.scores[1 - at]).length);
    }
    const paired = tasks.filter((task) => task.first.length);
    if (!paired.length) {
      verdict.replaceChildren(make("p", { class: "headline" }, "They share no episode that both played validly."));
      result.replaceChildren();
      return;
    }
    const found = statistics.compare(paired, data.statistics);
    tell(found, rows);
    result.replaceChildren(make("h2", { id: "tasks" }, "Task by task"), key(), table(paired), ...list(paired));
  };

  const choose = (name, at) => {
    const number = data.rows.findIndex((row) => nameOf(row) === name);
    return number < 0 ? Math.min(at, data.rows.length - 1) : number;
  };
  const follow = () => {
    const [one, other] = location.hash.slice(1).split("~");
    pick.first.value = choose(one, 0);
    pick.second.value = choose(other, 1);
    show();
  };
  pick.first.addEventListener("change", show);
  pick.second.addEventListener("change", show);
  document.getElementById("swap").addEventListener("click", () => {
    [pick.first.value, pick.second.value] = [pick.second.value, pick.first.value];
    show();
  });
  window.addEventListener("hashchange", follow);
  follow();
})();
