"use strict";
/* The paired comparison of leaderboard/comparison.py, with the same dice: numpy's PCG64 from the
   state that the page carries. A test holds that both give the same p value and interval. */
const statistics = (() => {
  const MULTIPLIER = [0x9fccf645, 0x4385df64, 0x1fc65da4, 0x2360ed05];

  /* PCG XSL RR 128/64 (O'Neill, PCG: a family of simple fast space-efficient statistically good
     algorithms for random number generation, 2014), four words of 32 bits, the lowest first. */
  class Dice {
    constructor({ state, increment }) {
      this.state = Uint32Array.from(state);
      this.increment = Uint32Array.from(increment);
      this.low = 0;
      this.high = 0;
      this.spare = false;
    }

    advance() {
      const s = this.state, result = [0, 0, 0, 0];
      for (let i = 0; i < 4; i++) {
        let carry = 0;
        for (let j = 0; i + j < 4; j++) {
          const a = s[i], b = MULTIPLIER[j];
          const al = a & 0xffff, ah = a >>> 16, bl = b & 0xffff, bh = b >>> 16;
          const first = al * bl, middle = ah * bl + (first >>> 16), last = al * bh + (middle & 0xffff);
          const low = (((last & 0xffff) << 16) | (first & 0xffff)) >>> 0;
          const high = ah * bh + (middle >>> 16) + (last >>> 16);
          const sum = result[i + j] + low + carry;
          result[i + j] = sum >>> 0;
          carry = high + (sum > 0xffffffff ? Math.floor(sum / 0x100000000) : 0);
        }
      }
      let carry = 0;
      for (let i = 0; i < 4; i++) {
        const sum = result[i] + this.increment[i] + carry;
        s[i] = sum >>> 0;
        carry = sum > 0xffffffff ? 1 : 0;
      }
      const left = s[3] ^ s[1], right = s[2] ^ s[0], turn = s[3] >>> 26;
      const by = turn & 31;
      let high = left, low = right;
      if (by) {
        high = (left >>> by) | (right << (32 - by));
        low = (right >>> by) | (left << (32 - by));
      }
      this.high = (turn & 32 ? low : high) >>> 0;
      this.low = (turn & 32 ? high : low) >>> 0;
    }

    /* Uniform in [0, 1), 53 bits. */
    random() {
      this.advance();
      return (this.high * 0x200000 + (this.low >>> 11)) / 0x20000000000000;
    }

    word() {
      this.spare = !this.spare;
      if (!this.spare) return this.high;
      this.advance();
      return this.low;
    }
  }

  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;

  /* The uniform draws are those of numpy.Generator.random, one after the other. */
  const bootstrap = (strata, { dice, resamples, confidence }) => {
    const thrown = new Dice(dice), means = new Float64Array(resamples);
    for (let at = 0; at < resamples; at++) {
      let total = 0;
      for (const values of strata) {
        let inner = 0;
        for (let k = 0; k < values.length; k++) {
          inner += values[Math.floor(thrown.random() * values.length)];
        }
        total += inner / values.length;
      }
      means[at] = total / strata.length;
    }
    means.sort();
    const quantile = (share) => {
      const place = share * (resamples - 1), below = Math.floor(place);
      const above = Math.min(below + 1, resamples - 1);
      return means[below] + (place - below) * (means[above] - means[below]);
    };
    return [quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)];
  };

  /* McNemar's test, ties counted half: exact, of `pairs` signs with so many for the first. */
  const midP = (first, pairs) => {
    const logs = new Float64Array(pairs + 1);
    for (let k = 2; k <= pairs; k++) logs[k] = logs[k - 1] + Math.log(k);
    const chance = (k) => Math.exp(logs[pairs] - logs[k] - logs[pairs - k] - pairs * Math.LN2);
    const fewer = Math.min(first, pairs - first);
    if (2 * fewer === pairs) return 1 - 0.5 * chance(fewer);
    let tail = 0;
    for (let k = 0; k <= fewer; k++) tail += chance(k);
    return 2 * tail - chance(fewer);
  };

  /* Signs are thrown in blocks, each from a fresh buffer of bytes, as numpy.Generator.integers
     does for int8; the top bit of a byte is the sign. */
  const signFlip = (strata, { dice, flips }) => {
    const weighed = strata
      .flatMap((values) => values.map((value) => value / values.length / strata.length))
      .filter((value) => value !== 0);
    if (!weighed.length) return 1;
    const sizes = weighed.map(Math.abs);
    const most = sizes.reduce((a, b) => Math.max(a, b)), least = sizes.reduce((a, b) => Math.min(a, b));
    if (most - least <= 1e-12 * most) {
      return midP(weighed.filter((value) => value > 0).length, weighed.length);
    }
    const observed = Math.abs(sum(weighed)), slack = 1e-9 * sum(sizes);
    const thrown = new Dice(dice), rows = Math.max(1, Math.floor(2e6 / weighed.length));
    let beyond = 0;
    for (let done = 0; done < flips; done += rows) {
      let buffer = 0, left = 0;
      for (let row = 0; row < Math.min(rows, flips - done); row++) {
        let total = 0;
        for (const value of weighed) {
          if (left) {
            buffer >>>= 8;
            left -= 1;
          } else {
            buffer = thrown.word();
            left = 3;
          }
          total += buffer & 0x80 ? value : -value;
        }
        const size = Math.abs(total);
        if (Math.abs(size - observed) <= slack) beyond += 0.5;
        else if (size > observed) beyond += 1;
      }
    }
    return (beyond + 0.5) / (flips + 1);
  };

  /* The chance that an episode of the first scores higher than one of the second, ties half. */
  const improvement = (first, second) => {
    const ordered = [...second].sort((a, b) => a - b);
    const below = (value, orEqual) => {
      let low = 0, high = ordered.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ordered[middle] < value || (orEqual && ordered[middle] === value)) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    const wins = first.map((value) => 0.5 * (below(value, false) + below(value, true)));
    return sum(wins) / (first.length * second.length);
  };

  const variance = (values) => {
    const middle = mean(values);
    return sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1);
  };

  /* `tasks`: for each task { first: [...], second: [...] }, paired. */
  const compare = (tasks, constants) => {
    const strata = tasks.map(({ first, second }) => first.map((value, at) => value - second[at]));
    const difference = mean(strata.map(mean));
    const p = signFlip(strata, constants);
    const many = strata.every((values) => values.length > 1);
    const [low, high] = many ? bootstrap(strata, constants) : [null, null];
    const terms = strata.map((values) => (values.length > 1 ? variance(values) / values.length : 0));
    const error = Math.sqrt(sum(terms)) / strata.length;
    const verdict = p >= constants.level ? "inconclusive" : difference > 0 ? "better" : "worse";
    let further = null;
    if (verdict === "inconclusive" && difference && error) {
      const needed = ((constants.reach * error) / difference) ** 2;
      const longest = strata.reduce((most, values) => Math.max(most, values.length), 0);
      if (needed <= constants.far) further = Math.max(1, Math.ceil(longest * (needed - 1)));
    }
    return {
      verdict, difference, low, high, p, further,
      n: sum(strata.map((values) => values.length)),
      detectable: constants.reach * error,
      improvement: mean(tasks.map(({ first, second }) => improvement(first, second))),
    };
  };

  return { Dice, compare };
})();
