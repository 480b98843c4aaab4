"use strict";
/* The episodes of a submission: read when they come into sight, a page of lines at a time. */
(() => {
  const { make, foreign, data } = shared;
  const LINES = 25;
  const WORDS = { s: "success", f: "failure", i: "invalid", u: "uncounted", S: "success", F: "failure" };

  const option = (value, words) => make("option", { value }, words);
  const labelled = (words, control) => make("label", {}, make("span", {}, words), control);

  const flatten = (table) => table.tasks.flatMap((task, place) => task.index.map((index, at) => ({
    place, index, task: task.id, outcome: WORDS[task.mark[at]], seed: task.seed[at],
    steps: task.steps[at], total: task.total[at], starts: task.starts[at],
    score: task.score ? task.score[at] : null, words: table.words[task.words[at]],
  })));

  const open = async (holder, run) => {
    let table;
    try {
      table = await polyathlon.load(run.episodes);
    } catch (error) {
      holder.replaceChildren(make("p", { class: "notice" }, `The episodes cannot be read: ${error.message}`));
      return;
    }
    const all = flatten(table);
    const films = new Map(run.shown.map(([place, index, filmed]) => [`${place}-${index}`, filmed]));
    const scored = table.tasks.some((task) => task.score);
    const screen = make("div", { class: "screening" });
    const tasks = make("select", {}, option("", "all tasks"), ...table.tasks.map((task, at) => option(at, task.id)));
    const ends = make("select", {}, ...["", "success", "failure", "invalid", "uncounted"].map((end) => option(end, end || "all")));
    const only = make("input", { type: "checkbox" });
    const body = make("tbody"), told = make("p", { class: "note", role: "status" });
    const back = make("button", { type: "button" }, "Earlier"), on = make("button", { type: "button" }, "Later");
    let page = 0;

    const watch = async (episode) => {
      /* Actions without pictures stand together in one file. */
      const own = `${episode.place}-${episode.index}`;
      try {
        const film = films.get(own)
          ? await polyathlon.load(`${run.film}-${own}`)
          : { actions: (await polyathlon.load(run.film))[own], sheet: null };
        player.show(screen, episode, film);
      } catch (error) {
        screen.replaceChildren(make("p", { class: "notice" }, `It cannot be shown: ${error.message}`));
      }
    };
    const line = (episode) => {
      const film = films.get(`${episode.place}-${episode.index}`);
      const cell = (name, kind, ...inside) => make("td", { "data-label": name, class: kind }, ...inside);
      const look = film === undefined ? null : make("button", {
        type: "button", class: "look", "aria-label": `${film ? "Pictures" : "Actions"} of ${episode.task} episode ${episode.index}`,
        click: () => { watch(episode); screen.scrollIntoView({ block: "nearest" }); },
      }, film ? "▶ pictures" : "▶ actions");
      return make("tr", {},
        make("th", { scope: "row", class: "who" }, foreign(episode.task), make("small", {}, `episode ${episode.index}`)),
        cell("Ended", `mark ${episode.outcome}`, episode.outcome),
        cell("Instruction", "told", foreign(episode.words ?? "")),
        scored ? cell("Score", "num", shared.number(episode.score)) : null,
        cell("Return", "num", shared.number(episode.total)),
        cell("Steps", "num", shared.count(episode.steps)),
        cell("Seed", "num seed", episode.seed),
        cell("Look", "", look));
    };
    const update = () => {
      const wanted = all.filter((one) => (tasks.value === "" || one.place === Number(tasks.value)) &&
        (ends.value === "" || one.outcome === ends.value) &&
        (!only.checked || films.has(`${one.place}-${one.index}`)));
      page = Math.min(page, Math.max(0, Math.ceil(wanted.length / LINES) - 1));
      const first = page * LINES, part = wanted.slice(first, first + LINES);
      body.replaceChildren(...part.map(line));
      told.textContent = wanted.length
        ? `${shared.count(first + 1)} to ${shared.count(first + part.length)} of ${shared.plural(wanted.length, "episode")}` : "No such episode.";
      back.disabled = page === 0;
      on.disabled = first + LINES >= wanted.length;
    };
    for (const control of [tasks, ends, only]) control.addEventListener("change", () => { page = 0; update(); });
    back.addEventListener("click", () => { page -= 1; update(); });
    on.addEventListener("click", () => { page += 1; update(); });
    const heads = ["Episode", "Ended", "Instruction", ...(scored ? ["Score"] : []), "Return", "Steps", "Seed", "Look"];
    const numeric = new Set(["Score", "Return", "Steps", "Seed"]);
    holder.replaceChildren(screen,
      make("form", { class: "controls", "aria-label": "Episodes that are listed" },
        labelled("Task", tasks), labelled("Ended", ends),
        run.shown.length ? make("label", { class: "check" }, only, make("span", {}, "only what can be looked at")) : null),
      make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Episodes" },
        make("table", { class: "board-table stack" },
          make("caption", { class: "unseen" }, "Episodes"),
          make("thead", {}, make("tr", {}, ...heads.map((head) =>
            make("th", { scope: "col", class: numeric.has(head) ? "num" : null }, head)))),
          body)),
      make("div", { class: "pages" }, back, told, on));
    update();
    const first = all.find((one) => films.get(`${one.place}-${one.index}`)) ?? all.find((one) => films.has(`${one.place}-${one.index}`));
    if (first) watch(first);
  };

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      watcher.unobserve(entry.target);
      open(entry.target, data.runs[Number(entry.target.dataset.run)]);
    }
  }, { rootMargin: "600px" });
  for (const holder of document.querySelectorAll(".episodes")) watcher.observe(holder);
})();
