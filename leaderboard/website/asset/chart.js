"use strict";
/* Lines of profiles and radars, by the rules of leaderboard/website/chart.py. */
const chart = (() => {
  const WIDTH = 460, HEIGHT = 290, LEFT = 44, RIGHT = 14, TOP = 12, BOTTOM = 44;
  const SIDE = 340, RADIUS = 108;

  const profile = (scores, low, high) => {
    const floor = HEIGHT - BOTTOM, width = WIDTH - RIGHT - LEFT;
    let path = "", left = scores.length;
    for (const score of [...scores].sort((a, b) => a - b)) {
      if (!path) path = `M${LEFT.toFixed(1)} ${TOP.toFixed(1)}`;
      const place = Math.min(Math.max(score, low), high);
      left -= 1;
      const height = floor - (left / scores.length) * (floor - TOP);
      path += `H${(LEFT + ((place - low) / (high - low)) * width).toFixed(1)}V${height.toFixed(1)}`;
    }
    return path && `${path}H${(WIDTH - RIGHT).toFixed(1)}`;
  };

  /* Threshold, lower and upper end, which hold from there to the next. */
  const band = (ends, low, high) => {
    if (!ends.length) return "";
    const floor = HEIGHT - BOTTOM, width = WIDTH - RIGHT - LEFT;
    const x = (at) =>
      (LEFT + ((Math.min(Math.max(at, low), high) - low) / (high - low)) * width).toFixed(1);
    const y = (share) => (floor - share * (floor - TOP)).toFixed(1);
    let path = `M${LEFT.toFixed(1)} ${y(ends[0][2])}`;
    for (const [at, , upper] of ends.slice(1)) path += `H${x(at)}V${y(upper)}`;
    path += `H${x(high)}V${y(ends.at(-1)[1])}`;
    for (let at = ends.length - 1; at > 0; at -= 1) path += `H${x(ends[at][0])}V${y(ends[at - 1][1])}`;
    return `${path}H${LEFT.toFixed(1)}Z`;
  };

  const radar = (scores) => {
    const points = scores.map((score, number) => {
      const angle = (2 * Math.PI * number) / scores.length - Math.PI / 2;
      const reach = RADIUS * Math.min(Math.max(score ?? 0, 0), 1);
      const x = SIDE / 2 + reach * Math.cos(angle), y = SIDE / 2 + reach * Math.sin(angle);
      return `${x.toFixed(1)} ${y.toFixed(1)}`;
    });
    return `M${points.join("L")}Z`;
  };

  return { profile, band, radar };
})();
