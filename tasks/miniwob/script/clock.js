// A clock that stands still until it is told to move, for one document.
//
// Replaces everything through which a page learns of time or asks to be called later. Timers and
// frames run in the order in which they are due, inside advance(), and nowhere else: a slow agent
// or a busy machine changes nothing.
(function (epoch, frame) {
  'use strict';
  const RealDate = Date;
  const draws = window.requestAnimationFrame.bind(window);
  const report = window.reportError ? window.reportError.bind(window) : function () {};
  const LIMIT = 100000;  // calls in one advance: a page that asks for more is in a loop
  let now = 0;
  let nextId = 1;
  let timers = new Map();
  let frames = new Map();

  function FakeDate(...parts) {
    if (!new.target) return new RealDate(epoch + now).toString();
    return parts.length ? Reflect.construct(RealDate, parts, new.target)
      : Reflect.construct(RealDate, [epoch + now], new.target);
  }
  FakeDate.prototype = RealDate.prototype;
  FakeDate.prototype.constructor = FakeDate;
  FakeDate.now = () => epoch + now;
  FakeDate.UTC = RealDate.UTC;
  FakeDate.parse = RealDate.parse;
  window.Date = FakeDate;
  Object.defineProperty(window.performance, 'now', {value: () => now, configurable: true});

  function later(handler, delay, period, rest) {
    const id = nextId++;
    const wait = Math.max(1, +delay || 0);
    timers.set(id, {id, due: now + wait, period: period === null ? null : wait, handler, rest});
    return id;
  }
  window.setTimeout = (handler, delay, ...rest) => later(handler, delay, null, rest);
  window.setInterval = (handler, delay, ...rest) => later(handler, delay, delay, rest);
  window.clearTimeout = window.clearInterval = (id) => { timers.delete(id); };
  window.requestAnimationFrame = (handler) => { frames.set(nextId, handler); return nextId++; };
  window.cancelAnimationFrame = (id) => { frames.delete(id); };
  window.requestIdleCallback = (handler) => later(
    () => handler({didTimeout: false, timeRemaining: () => frame}), 1, null, []);
  window.cancelIdleCallback = window.clearTimeout;

  function call(handler, ...rest) {
    try {
      if (typeof handler === 'function') handler.apply(window, rest);
      else (0, eval)(String(handler));
    } catch (error) { report(error); }
  }

  function first() {
    let found = null;
    for (const timer of timers.values())
      if (found === null || timer.due < found.due) found = timer;
    return found;
  }

  function fire(timer) {
    if (timer.period === null) timers.delete(timer.id);
    else { timer.due += timer.period; timers.delete(timer.id); timers.set(timer.id, timer); }
    call(timer.handler, ...timer.rest);
  }

  function draw(at) {
    now = at;
    const due = frames;
    frames = new Map();
    due.forEach((handler) => call(handler, now));
  }

  function advance(span) {
    const target = now + span;
    for (let calls = 0; ; calls++) {
      if (calls > LIMIT) throw new Error('the page calls itself without end');
      const timer = first();
      const picture = frames.size ? (Math.floor(now / frame) + 1) * frame : Infinity;
      const due = Math.min(timer ? timer.due : Infinity, picture);
      if (due > target) break;
      if (timer && timer.due <= picture) { now = Math.max(now, timer.due); fire(timer); }
      else draw(picture);
    }
    now = target;
  }

  Object.defineProperty(window, '__clock', {value: {
    advance(span) {
      advance(span);
      for (let i = 0; i < window.frames.length; i++) {
        try { window.frames[i].__clock.advance(span); } catch (error) { /* it has none */ }
      }
    },
    // Forgets what an episode before has asked for.
    restart() { timers = new Map(); frames = new Map(); now = 0; nextId = 1; },
    now: () => now,
    // The browser's own next frame: no time passes until then.
    drawn: () => new Promise(draws),
  }});
})
