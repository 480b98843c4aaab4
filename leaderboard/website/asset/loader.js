"use strict";
/* Before anything is drawn, so that what scripts fold away is never laid out. */
document.documentElement.classList.add("scripted");
const polyathlon = (() => {
  const own = document.currentScript.dataset;
  const known = /^(asset|data|film)\/[a-z0-9-]+\.js$/;
  const check = (path) => {
    if (!known.test(path)) throw new TypeError("not a script of this site");
    return own.root + path;
  };
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("polyathlon", { createScriptURL: check })
    : { createScriptURL: check };
  const waiting = new Map();
  const script = (path) => {
    const element = document.createElement("script");
    element.src = policy.createScriptURL(path);
    element.async = false;
    document.head.append(element);
    return element;
  };
  /* A file of the site by its name: the promise of what its script hands over. */
  const load = (name) => {
    if (!waiting.has(name)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => {
        entry.resolve = resolve;
        script(`${name}.js`).onerror = () => reject(new Error(`${name}.js is missing`));
      });
      waiting.set(name, entry);
    }
    return waiting.get(name).promise;
  };
  const put = (name, text) => waiting.get(name)?.resolve(JSON.parse(text));
  document.addEventListener("DOMContentLoaded", () => {
    for (const name of own.scripts.split(" ")) script(`asset/${name}.js`);
  });
  return { load, put, root: own.root };
})();
