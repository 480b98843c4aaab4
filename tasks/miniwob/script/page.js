// What the environment asks of a page: to begin an episode, and to say how things stand.
//
// Arguments: the width of the task, and the side of the square that is shown beside it [px].
(function (width, edge) {
  'use strict';
  const AFTERMATH = 1000;  // [ms]
  let styled = false;

  function settle() {
    // What would move by itself, on a clock of its own: transitions, animations, the caret.
    if (styled) return;
    const style = document.createElement('style');
    // Not of ::before and ::after: no page moves them, and to style them for every element takes
    // as long as to make the page.
    style.textContent = '* { transition: none !important; animation: none !important;' +
      ' caret-color: transparent !important; scroll-behavior: auto !important; }';
    document.head.appendChild(style);
    styled = true;
  }

  // Loads every picture that style sheets and scripts of the page name, and keeps it: one that
  // arrives while somebody looks would make two pages of the same seed differ.
  const pictures = [];
  function preload() {
    const named = new Set();
    const note = (text, base) => {
      for (const found of text.matchAll(/[\w.\/-]+\.(?:png|gif|jpe?g|svg)\b/g))
        named.add(new URL(found[0], base).href);
    };
    for (const sheet of document.styleSheets)
      for (const rule of sheet.cssRules) note(rule.cssText, sheet.href || document.baseURI);
    note(document.documentElement.outerHTML, document.baseURI);
    return Promise.allSettled([...named].map((address) => {
      const picture = new Image();
      pictures.push(picture);
      picture.src = address;
      return picture.decode();
    })).then(() => named.size);
  }

  function begin(seed, mode, scale, still, number) {
    if (document.activeElement && document.activeElement.blur) document.activeElement.blur();
    core.endEpisode(0);
    if (still) {
      settle();
      window.__clock.advance(AFTERMATH);  // Lets what the last episode set going come to its end.
      window.__clock.restart();
    }
    clipboard = '';
    window.scrollTo(0, 0);
    document.querySelectorAll('*').forEach((one) => {
      if (one.scrollTop || one.scrollLeft) one.scrollTo(0, 0);
    });
    // How an episode ended was looked at with refs of the next: two elements would share one.
    // The click that ended it is marked as the next one's too.
    document.querySelectorAll('[data-wob_ref], [data-tampered]').forEach((one) => {
      delete one.dataset.wob_ref;
      delete one.dataset.tampered;
    });
    if (core.__limit === undefined) core.__limit = core.EPISODE_MAX_TIME;
    core.EPISODE_MAX_TIME = core.__limit * scale;
    core.setDataMode(mode);
    Math.seedrandom(seed);
    core.startEpisodeReal();
    return look(number);
  }

  // Where the pointer is; the browser's own word for what it is over is ":hover".
  let pointer = null;
  for (const kind of ['mousemove', 'mousedown', 'mouseup'])
    window.addEventListener(kind, (event) => { pointer = [event.clientX, event.clientY]; }, true);

  // Whether something else came under the pointer: the page is told with the next frame. A list
  // or box that is hovered by its label is not under it.
  function isUntold() {
    const under = pointer && document.elementFromPoint(...pointer);
    return !!under && (!under.matches(':hover') ||
      [...document.querySelectorAll(':hover')].some((one) => !one.contains(under) &&
        ![...one.labels || []].some((label) => label.contains(under))));
  }

  // Looks once the page knows what is under the pointer, or whether it does would be chance, and
  // once every picture is there: until then it has no extent, and is no element.
  function look(number, frames = 3) {
    // The cover that invites to the next episode hides how this one has ended.
    if (WOB_DONE_GLOBAL && core.cover_div) core.cover_div.style.display = 'none';
    if (frames && isUntold())
      return window.__clock.drawn().then(() => look(number, frames - 1));
    const late = [...document.images].filter((one) => !one.complete);
    return late.length
      ? Promise.allSettled(late.map((one) => one.decode())).then(() => observe(number))
      : observe(number);
  }

  // Shows a number as the colour of a square beside the task: see camera.py. It is no part of the
  // body, so it is no element of the page, and hides from nothing.
  let square = null;
  function mark(number) {
    if (square === null) {
      square = document.createElement('polyathlon-mark');
      // On a layer of its own, so that to change it does not draw the task again.
      square.style.cssText = `all: initial; position: fixed; left: ${width}px; top: 0;` +
        ` width: ${edge}px; height: ${edge}px; z-index: 2147483647; pointer-events: none;` +
        ' will-change: transform';
    }
    if (!square.isConnected) document.documentElement.appendChild(square);
    square.style.backgroundColor = '#' + number.toString(16).padStart(6, '0');
  }

  const short = (length) => Math.round(length * 100) / 100;

  function flatten(node, parent, rows) {
    const real = node.ref > 0 ? home().previousDOMInfo[node.ref] : null;
    const said = node.value === undefined ? null : node.value;
    const own = real ? {
      disabled: !!real.disabled, selected: real.selected === true && real.tagName === 'OPTION',
      scrollable: real.scrollHeight > real.clientHeight + 1 &&
        ['auto', 'scroll'].includes(getComputedStyle(real).overflowY),
    } : {};
    rows.push({
      ref: node.ref, parent, tag: node.tag.toLowerCase(), text: node.text || '',
      value: typeof said === 'string' ? said
        : real && real.tagName === 'SELECT' ? real.value : '',
      left: short(node.left), top: short(node.top),
      width: short(node.width), height: short(node.height),
      id: /^ui-id-\d+$/.test(node.id || '') ? '' : node.id || '',
      classes: typeof node.classes === 'string' ? node.classes
        : (node.classes && node.classes.baseVal) || '',
      focused: !!node.focused, touched: !!node.tampered, checked: said === true, ...own,
    });
    node.children.forEach((child) => flatten(child, node.ref, rows));
    return rows;
  }

  // What tells of the page: that within the page, where a task is one; null while it has left.
  function home() {
    if (!core.flightChildWindow) return core;
    try { return core.flightChildWindow().$miniwob || null; } catch (error) { return null; }
  }

  function found(ref) {
    const told = home();
    const element = told && told.previousDOMInfo && told.previousDOMInfo[ref];
    return element && element.isConnected ? element : null;
  }

  function elements() {
    if (!WOB_TASK_READY || !home()) return [];
    home().nextTextRefCode = -1;  // Upstream counts on: a text that stays would change its ref.
    const root = core.getDOMInfo();
    return root ? flatten(root, 0, []) : [];
  }

  // Says how things stand in JSON, see sight.py: one text passes the protocol far faster than many.
  function observe(number) {
    const done = !!WOB_DONE_GLOBAL;
    const seen = {
      done, raw: WOB_RAW_REWARD_GLOBAL, reward: WOB_REWARD_GLOBAL,
      reason: WOB_REWARD_REASON == null ? '' : String(WOB_REWARD_REASON),
      ready: !!WOB_TASK_READY, utterance: utterance(),
      elements: elements(), seconds: (Date.now() - core.ept0) / 1000,
    };
    if (number) mark(number);
    return JSON.stringify(seen);
  }

  function utterance() {
    const said = core.getUtterance();
    return typeof said === 'string' ? said : said.utterance;
  }

  // Where an element can be hit, after scrolling to it: its middle or, where something lies over
  // that, the first place of a grid that is its own. Null if it is gone or has no extent.
  const GRID = [0.5, 0.25, 0.75, 0.1, 0.9, 0.03, 0.97];
  function place(ref) {
    const element = found(ref);
    if (!element) return null;
    element.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
    // Of a link that runs over two lines the first: the middle of both may be beside it.
    const box = [...element.getClientRects()].find((one) => one.width && one.height);
    if (!box) return null;
    for (const down of GRID)
      for (const across of GRID) {
        const x = box.left + across * box.width, y = box.top + down * box.height;
        const hit = element.ownerDocument.elementFromPoint(x, y);
        if (hit && (hit === element || element.contains(hit))) return [x, y];
      }
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  // Chooses an option: the list that a browser opens for it is no part of the page.
  function choose(ref) {
    const element = found(ref);
    if (!element || element.tagName !== 'OPTION' || element.disabled) return false;
    const list = element.closest('select');
    if (!list) return false;
    if (list.multiple) element.selected = !element.selected;
    else list.value = element.value;
    element.dataset.tampered = 'e' + WOB_EPISODE_ID;
    list.focus();
    list.dispatchEvent(new Event('input', {bubbles: true}));
    list.dispatchEvent(new Event('change', {bubbles: true}));
    return true;
  }

  // Puts the caret into a field with all that it holds selected, so that typing replaces it.
  function enter(ref) {
    const element = found(ref);
    if (!element) return false;
    element.focus();
    if (element.ownerDocument.activeElement !== element) return false;
    element.dataset.tampered = 'e' + WOB_EPISODE_ID;
    if (typeof element.select === 'function') element.select();
    else if (element.isContentEditable)
      element.ownerDocument.getSelection().selectAllChildren(element);
    return true;
  }

  // Turns the wheel: the page is asked first, then whatever around the place can scroll moves.
  function scroll([x, y, right, down]) {
    const hit = document.elementFromPoint(x, y) || document.body;
    const event = new WheelEvent('wheel', {bubbles: true, cancelable: true, clientX: x, clientY: y,
      deltaX: right, deltaY: down});
    if (!hit.dispatchEvent(event)) return;
    for (let box = hit; box; box = box.parentElement) {
      const left = box.scrollLeft, top = box.scrollTop;
      if (box !== document.documentElement && box !== document.body &&
          !['auto', 'scroll'].includes(getComputedStyle(box).overflowY) &&
          box.tagName !== 'TEXTAREA' && box.tagName !== 'SELECT') continue;
      box.scrollBy(right, down);
      if (box.scrollLeft !== left || box.scrollTop !== top) return;
    }
  }

  // A clipboard of the page's own: the browser's is shared with every other page in it.
  let clipboard = '';
  function held() {
    const at = document.activeElement;
    return at && typeof at.selectionStart === 'number'
      ? at.value.substring(at.selectionStart, at.selectionEnd) : String(getSelection());
  }
  document.addEventListener('keydown', function (event) {
    if (!event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.toLowerCase();
    if (!'cxv'.includes(key)) return;
    event.preventDefault();
    if (key === 'v') { document.execCommand('insertText', false, clipboard); return; }
    clipboard = held();
    if (key === 'x') document.execCommand('delete');
  }, true);

  // Once an episode is over nothing happens any more: the second half of a double click would hit
  // the cover that is then laid over the page, and so begin another episode.
  for (const kind of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'dblclick',
    'keydown', 'keypress', 'keyup', 'wheel']) {
    window.addEventListener(kind, function (event) {
      if (!event.isTrusted || !window.WOB_DONE_GLOBAL) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, {capture: true, passive: false});
  }

  // To carry off what is selected, a link or a picture is the browser's own affair: no page hears of
  // it, and which of the moves that follow reach the page as well is chance.
  window.addEventListener('dragstart', (event) => event.preventDefault(), true);

  function advance(span, number) { window.__clock.advance(span); return look(number); }

  // A list that opens over the page would be drawn by the browser, outside of every screenshot,
  // and would swallow what is typed. It stays shut; arrows and letters choose as they always do.
  document.addEventListener('mousedown', function (event) {
    const list = event.target.closest && event.target.closest('select');
    if (list && !list.multiple && list.size <= 1) { event.preventDefault(); list.focus(); }
  }, true);

  Object.defineProperty(window, '__page', {value: {begin, observe, advance, place, choose, enter,
    scroll, preload, mark}});
})
