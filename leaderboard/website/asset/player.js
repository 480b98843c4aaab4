"use strict";
/* An episode: its pictures, and its recorded actions at the same step. */
const player = (() => {
  const { make, draw, foreign } = shared;
  const SECONDS = 6, THUMBS = 9, MOST_LINES = 12, WIDE = 640;
  const LINE = { continuous: 34, discrete: 14 };

  /* One line a dimension, each on its own bounds: names at the left, the cursor over all. */
  const traces = (actions) => {
    const { rows, names, units, low, high } = actions;
    const shown = Math.min(names.length, MOST_LINES), tall = LINE.continuous;
    const x = (step) => (rows.length < 2 ? 0 : (step / (rows.length - 1)) * WIDE);
    const parts = [];
    for (let at = 0; at < shown; at++) {
      const values = rows.map((row) => row[at]);
      const ends = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0]);
      const bottom = low.length === names.length && Number.isFinite(low[at]) ? Math.min(low[at], ends[0]) : ends[0];
      const top = high.length === names.length && Number.isFinite(high[at]) ? Math.max(high[at], ends[1]) : ends[1];
      const y = (value) => tall * (at + 1) - 5 - ((value - bottom) / (top - bottom || 1)) * (tall - 10);
      parts.push(draw("path", { class: "grid", d: `M0 ${y(0).toFixed(1)}H${WIDE}` }));
      const d = values.map((value, step) => `${step ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join("");
      parts.push(draw("path", { class: "trace", d }));
    }
    const labels = names.slice(0, shown).map((name, at) =>
      make("li", {}, foreign(name), units[at] === "1" ? null : make("small", {}, ` ${units[at]}`)));
    const more = names.length - shown;
    return { parts, labels, tall: tall * shown, lines: tall, x, note: more > 0 ? `${more} more dimensions are not drawn.` : "" };
  };

  /* A mark a step, in the line of the action that was taken. */
  const raster = (actions) => {
    const used = [...new Set(actions.rows)].sort((a, b) => a - b);
    const shown = used.slice(0, 2 * MOST_LINES), tall = LINE.discrete;
    const wide = WIDE / Math.max(1, actions.rows.length);
    const parts = shown.map((action, at) => draw("path", {
      class: "mark",
      d: actions.rows.map((one, step) => one === action
        ? `M${(step * wide).toFixed(2)} ${at * tall + 3}h${Math.max(0.8, wide * 0.86).toFixed(2)}v8h-${Math.max(0.8, wide * 0.86).toFixed(2)}z` : "").join(""),
    }));
    const labels = shown.map((action) => make("li", {}, foreign(actions.names[action] ?? String(action))));
    const more = used.length - shown.length;
    return { parts, labels, tall: tall * shown.length, lines: tall, x: (step) => (step + 0.5) * wide, note: more > 0 ? `${more} more actions are not drawn.` : "" };
  };

  const said = (actions, step) => {
    const action = actions.rows[step];
    if (action === undefined) return "";
    if (actions.kind === "discrete") return actions.names[action] ?? String(action);
    if (actions.kind === "text") return action;
    return actions.names.slice(0, 6).map((name, at) => `${name} ${shared.number(action[at])}`).join("   ") +
      (actions.names.length > 6 ? " …" : "");
  };

  const paint = (canvas, sheet, image, number) => {
    const { width, height, columns } = sheet;
    canvas.getContext("2d").drawImage(image, (number % columns) * width,
      Math.floor(number / columns) * height, width, height, 0, 0, canvas.width, canvas.height);
  };

  const show = (holder, episode, film) => {
    const { actions, sheet } = film;
    const last = actions.rows.length;
    let step = 0, timer = null;
    const canvas = sheet && make("canvas", { width: sheet.width, height: sheet.height, role: "img", "aria-label": "picture at this step" });
    const slider = make("input", { type: "range", min: 0, max: last, value: 0, step: 1, "aria-label": "Step" });
    const play = make("button", { type: "button" }, "Play");
    const where = make("output", { class: "where" }), words = make("p", { class: "said" });
    const plotted = actions.kind === "continuous" ? traces(actions) : actions.kind === "discrete" ? raster(actions) : null;
    const cursor = plotted && draw("line", { class: "cursor", y1: 0, y2: plotted.tall });
    const spoken = actions.kind === "text"
      ? make("ol", { class: "spoken", tabindex: 0, "aria-label": "What was said" }, ...actions.rows.map((row) => make("li", {}, foreign(row)))) : null;
    const image = sheet && new Image();
    const frames = sheet ? sheet.steps : [];
    const every = Math.max(1, Math.ceil(frames.length / THUMBS));
    const thumbs = frames.map((at, number) => ({ at, number })).filter(({ number }) => number % every === 0)
      .map(({ at, number }) => {
        const small = make("canvas", { width: sheet.width, height: sheet.height });
        const button = make("button", { type: "button", "aria-label": `To step ${at}`, click: () => go(at) }, small, make("small", {}, String(at)));
        return { at, number, small, button };
      });

    const go = (to) => {
      step = Math.min(Math.max(to, 0), last);
      slider.value = step;
      where.textContent = `step ${step} of ${actions.of}`;
      words.replaceChildren(make("bdi", {}, step ? said(actions, step - 1) : "start"));
      if (cursor) { /* at the action that led to this picture */
        const x = plotted.x(Math.max(0, step - 1));
        cursor.toggleAttribute("hidden", step === 0);
        cursor.setAttribute("x1", x);
        cursor.setAttribute("x2", x);
      }
      spoken?.querySelectorAll("li").forEach((line, at) => {
        line.toggleAttribute("aria-current", at === step - 1);
        if (at === step - 1) spoken.scrollTop = line.offsetTop - spoken.offsetTop - 40;
      });
      if (image?.complete) {
        const frame = frames.findLastIndex((at) => at <= step);
        paint(canvas, sheet, image, Math.max(0, frame));
      }
      for (const [order, thumb] of thumbs.entries()) {
        const next = thumbs[order + 1]?.at ?? Infinity;
        thumb.button.toggleAttribute("aria-current", step >= thumb.at && step < next);
      }
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    };
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (step >= last) go(0);
      play.textContent = "Pause";
      const pace = Math.max(1, Math.round(last / (SECONDS * 20)));
      timer = setInterval(() => {
        go(step + pace);
        if (step >= last || !holder.isConnected) stop();
      }, Math.max(50, (1000 * SECONDS) / Math.max(1, last)));
    });
    slider.addEventListener("input", () => {
      stop();
      go(Number(slider.value));
    });
    const button = (text, label, by) =>
      make("button", { type: "button", "aria-label": label, click: () => { stop(); go(step + by); } }, text);

    holder.replaceChildren(make("figure", { class: sheet ? "player filmed" : "player" },
      canvas ? make("div", { class: "screen" }, canvas) : null,
      make("div", { class: "deck" },
        make("figcaption", {}, make("b", {}, foreign(episode.task)), ` · episode ${episode.index} · `,
          make("span", { class: `mark ${episode.outcome}` }, episode.outcome),
          ` · return ${shared.number(episode.total)}`,
          episode.words ? make("q", {}, foreign(episode.words)) : null),
        make("div", { class: "transport" }, button("◀", "One step back", -1), play, button("▶", "One step on", 1), slider, where),
        words,
        plotted ? make("div", { class: "plot" },
          make("ol", { class: `labels ${actions.kind}` }, ...plotted.labels),
          draw("svg", { viewBox: `0 0 ${WIDE} ${plotted.tall}`, height: plotted.tall, preserveAspectRatio: "none", role: "img", "aria-label": "actions over time" }, ...plotted.parts, cursor)) : null,
        plotted?.note || actions.of > last
          ? make("p", { class: "note" }, `${plotted?.note ?? ""}${actions.of > last ? ` The first ${last} of ${actions.of} steps.` : ""}`) : null,
        spoken),
      thumbs.length ? make("div", { class: "thumbs", role: "group", "aria-label": "Pictures" }, ...thumbs.map((thumb) => thumb.button)) : null));
    if (image) {
      image.addEventListener("load", () => {
        for (const { small, number } of thumbs) paint(small, sheet, image, number);
        go(step);
      });
      image.src = sheet.image;
    }
    go(0);
  };

  return { show };
})();
