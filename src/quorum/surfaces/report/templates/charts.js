"use strict";
(() => {
  const DAY = 864e5, GAP = 26, LEFT = 6, RIGHT = 74, FOOT = 22;
  const STEPS = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10080].map(m => m * 6e4);
  const MONTHS = [1, 3, 6, 12, 24, 60, 120];
  const ink = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim() || name;
  const two = n => String(n).padStart(2, "0");
  const day = t => { const d = new Date(t); return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`; };
  const clock = t => { const d = new Date(t); return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`; };
  const moment = t => t % DAY ? `${day(t)} ${clock(t)}` : day(t);
  const plain = (v, digits) => v.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const FORMATS = {
    money: v => plain(v, 2), percent: v => plain(100 * v, 2) + "%", ratio: v => plain(v, 2), count: v => plain(v, 0),
    price: v => v.toLocaleString("en-US", { maximumSignificantDigits: Math.max(7, Math.floor(Math.log10(Math.abs(v) || 1)) + 3) }),
  };

  async function unpack(packed) {
    const text = atob(packed.data), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const raw = new Uint8Array(await new Response(stream).arrayBuffer());
    const found = {};
    let at = 0;
    for (const [name, kind, n] of packed.columns) {
      const size = kind === "f" ? 8 : 4, out = new Float64Array(n);
      if (kind === "f") {
        const whole = new Uint8Array(out.buffer);
        for (let b = 0; b < 8; b++) for (let i = 0; i < n; i++) whole[8 * i + b] = raw[at + b * n + i];
      } else {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const z = (raw[at + i] | raw[at + n + i] << 8 | raw[at + 2 * n + i] << 16 | raw[at + 3 * n + i] << 24) >>> 0;
          sum += z & 1 ? -(z >>> 1) - 1 : z >>> 1;
          out[i] = sum;
        }
      }
      found[name] = out;
      at += n * size;
    }
    return found;
  }

  const after = (sorted, x) => {  // the number of values at or below x
    let low = 0, high = sorted.length;
    while (low < high) { const mid = (low + high) >> 1; if (sorted[mid] <= x) low = mid + 1; else high = mid; }
    return low;
  };

  function timeTicks(from, to, most) {
    const span = to - from, ticks = [], step = STEPS.find(s => span / s <= most);
    if (step) {
      const origin = step === 7 * DAY ? 4 * DAY : 0;  // weeks begin on a Monday
      for (let t = Math.ceil((from - origin) / step) * step + origin; t <= to; t += step)
        ticks.push([t, t % DAY ? clock(t) : day(t).slice(5)]);
      return ticks;
    }
    const months = MONTHS.find(m => span / (m * 30.4 * DAY) <= most) || 240, first = new Date(from);
    for (let k = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months; ; k += months) {
      const t = Date.UTC(Math.floor(k / 12), k % 12, 1);
      if (t > to) return ticks;
      if (t >= from) ticks.push([t, k % 12 ? day(t).slice(0, 7) : String(Math.floor(k / 12))]);
    }
  }

  function levelTicks(low, high, log, most) {
    const ticks = [];
    if (log) {
      const few = Math.log10(high / low) > 3 ? [1] : [1, 2, 5];
      for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++)
        for (const m of few) { const v = m * 10 ** p; if (v >= low && v <= high) ticks.push(v); }
      if (ticks.length > 2) return ticks;
      ticks.length = 0;
    }
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough) || rough;
    for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(k * step);
    return ticks;
  }

  function tickText(v, format, ticks) {
    const apart = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(v) || 1;
    const scale = format === "percent" ? 100 : 1;
    const digits = Math.min(8, Math.max(0, -Math.floor(Math.log10(apart * scale * 1.0001))));
    return plain(scale * v + 0, digits) + (format === "percent" ? "%" : "");
  }

  class Chart {  // panes above one another on one axis; drag to zoom, double-click for all of it
    constructor(host, spec, data) {
      Object.assign(this, { host, spec, data, hover: null, drag: null });
      this.setUp();
      [this.from, this.to] = this.whole;
      this.legend = host.appendChild(document.createElement("div"));
      this.legend.className = "legend";
      this.canvas = host.appendChild(document.createElement("canvas"));
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label", spec.label);
      this.listen();
      new ResizeObserver(() => this.draw()).observe(host);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
      this.draw();
    }
    setUp() {
      const x = this.x = this.data.x;
      const last = x.length - 1;
      this.whole = last > 0 ? [x[0], x[last]] : [x[0] - DAY, x[0] + DAY];
      this.least = last > 0 ? (x[last] - x[0]) / last * 4 : DAY;
    }
    timeOf(x) { return x; }
    placeOf(time) { return time; }

    listen() {
      const c = this.canvas, at = e => e.clientX - c.getBoundingClientRect().left;
      c.addEventListener("pointerdown", e => {
        if (e.button) return;
        c.setPointerCapture(e.pointerId);
        this.drag = { x: at(e), now: at(e), y: e.offsetY, pan: e.shiftKey, from: this.from, to: this.to };
        this.dragged();
      });
      c.addEventListener("pointermove", e => {
        this.hover = { x: at(e), y: e.offsetY };
        if (this.drag) { this.drag.now = at(e); this.dragged(); }
        this.later();
      });
      c.addEventListener("pointerup", e => {
        const d = this.drag;
        this.drag = null;
        if (d && !d.pan && !d.strip && Math.abs(at(e) - d.x) > 6) this.show(...[this.value(d.x), this.value(at(e))].sort((a, b) => a - b));
        this.later();
      });
      c.addEventListener("pointerleave", () => { if (!this.drag) { this.hover = null; this.later(); } });
      c.addEventListener("dblclick", () => this.show(...this.whole));
      c.addEventListener("wheel", e => {
        if (document.activeElement !== c && !e.ctrlKey) return;  // a page scrolls, until its chart was clicked
        e.preventDefault();
        this.scale(1.0015 ** e.deltaY, this.value(at(e)));
      }, { passive: false });
      c.addEventListener("keydown", e => {
        const span = this.to - this.from, middle = (this.from + this.to) / 2;
        const act = { ArrowLeft: () => this.shift(-span / 5), ArrowRight: () => this.shift(span / 5), "+": () => this.scale(0.5, middle),
          "=": () => this.scale(0.5, middle), "-": () => this.scale(2, middle), "0": () => this.show(...this.whole) }[e.key];
        if (act) { e.preventDefault(); act(); }
      });
    }
    dragged() { if (this.drag.pan) { const d = this.drag, by = (d.x - d.now) / this.wide * (d.to - d.from); this.show(d.from + by, d.to + by); } }
    scale(by, around) { this.show(around - (around - this.from) * by, around + (this.to - around) * by); }
    shift(by) { this.show(this.from + by, this.to + by); }
    show(from, to) {
      const [low, high] = this.whole, span = Math.min(high - low, Math.max(this.least, to - from));
      const start = Math.min(high - span, Math.max(low, (from + to - span) / 2));
      [this.from, this.to] = [start, start + span];
      this.later();
    }
    later() { if (!this.due) { this.due = true; requestAnimationFrame(() => { this.due = false; this.draw(); }); } }
    value(px) { return this.from + (Math.min(this.wide + LEFT, Math.max(LEFT, px)) - LEFT) / this.wide * (this.to - this.from); }
    px(x) { return LEFT + (x - this.from) / (this.to - this.from) * this.wide; }

    draw() {
      const width = this.host.clientWidth, height = this.spec.height, dpr = window.devicePixelRatio || 1;
      if (!width) return;
      this.wide = width - LEFT - RIGHT;
      Object.assign(this.canvas, { width: width * dpr, height: height * dpr });
      this.canvas.style.height = height + "px";
      const g = this.g = this.canvas.getContext("2d");
      g.scale(dpr, dpr);
      g.font = "11.5px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
      let top = 6;
      const room = height - top - FOOT - this.below() - GAP * (this.spec.panes.length - 1);
      for (const pane of this.spec.panes) {
        pane.top = top;
        pane.tall = room * pane.share;
        this.pane(pane);
        top += pane.tall + GAP;
      }
      this.bottom = top - GAP;
      this.axis();
      this.over();
      this.tell();
    }
    below() { return 0; }
    visible() { const i = Math.max(0, after(this.x, this.from) - 1); return [i, Math.min(this.x.length, after(this.x, this.to) + 1)]; }
    range(pane) {
      let low = Infinity, high = -Infinity;
      const [i, j] = this.visible();
      if (pane.stack) {
        for (let k = i; k < j; k++) high = Math.max(high, pane.series.reduce((sum, s) => sum + (this.data[s.data][k] || 0), 0));
        return [0, high];
      }
      for (const s of pane.series) { const v = this.data[s.data]; for (let k = i; k < j; k++) { if (v[k] < low) low = v[k]; if (v[k] > high) high = v[k]; } }
      return [low, high];
    }
    fit(pane) {
      let [low, high] = this.range(pane);
      if (!(high >= low)) [low, high] = [0, 1];
      if (pane.zero && low === 0 && high === 0) [low, high] = [-0.01, 0.01];
      if (pane.zero) { low = Math.min(0, low); high = Math.max(0, high); }
      pane.isLog = pane.log && low > 0;
      const pad = pane.isLog ? 0 : (high - low) * 0.05 || Math.abs(high) * 0.01 || 0.01;
      pane.low = pane.isLog ? low / (high / low) ** 0.04 : low - (pane.zero && low === 0 ? 0 : pad);
      pane.high = pane.isLog ? high * (high / low) ** 0.04 : high + (pane.zero && high === 0 ? 0 : pad);
      if (pane.isLog && pane.low === pane.high) { pane.low *= 0.99; pane.high *= 1.01; }
    }
    y(pane, v) {
      const part = pane.isLog ? Math.log(v / pane.low) / Math.log(pane.high / pane.low) : (v - pane.low) / (pane.high - pane.low);
      return pane.top + (1 - part) * pane.tall;
    }
    grid(pane) {
      const g = this.g, ticks = levelTicks(pane.low, pane.high, pane.isLog, Math.max(2, pane.tall / 46));
      g.textAlign = "left"; g.textBaseline = "middle"; g.lineWidth = 1;
      for (const v of ticks) {
        const y = Math.round(this.y(pane, v)) + 0.5;
        g.strokeStyle = ink(v === 0 && pane.zero ? "neutral-fill" : "line");
        g.beginPath(); g.moveTo(LEFT, y); g.lineTo(LEFT + this.wide, y); g.stroke();
        g.fillStyle = ink("soft");
        g.fillText(tickText(v, pane.format, ticks), LEFT + this.wide + 8, y);
      }
    }
    pane(pane) {
      this.fit(pane);
      this.grid(pane);
      const g = this.g;
      g.save();
      g.beginPath(); g.rect(LEFT, pane.top - 4, this.wide, pane.tall + 8); g.clip();
      this.content(pane);
      g.restore();
    }
    content(pane) {
      const g = this.g, [i, j] = this.visible(), floor = new Float64Array(j - i), under = new Float64Array(j - i);
      for (const s of pane.series) {
        const v = this.data[s.data], path = new Path2D();
        let open = false, first = 0, last = 0;
        for (let k = i; k < j; k++) {
          const up = pane.stack ? (floor[k - i] += v[k] || 0) : v[k];
          if (up !== up) { open = false; continue; }
          const x = this.px(this.x[k]), y = this.y(pane, up);
          if (open) path.lineTo(x, y); else { path.moveTo(x, y); if (!first) first = x; }
          open = true; last = x;
        }
        g.strokeStyle = ink(s.colour); g.lineWidth = s.thin ? 1.2 : 1.7; g.lineJoin = "round";
        if (pane.stack) {
          g.fillStyle = ink(s.colour); g.globalAlpha = 0.45; g.fill(this.between(pane, i, under, floor)); g.globalAlpha = 1;
          under.set(floor);
        } else if (s.fill) {
          const area = new Path2D(path), zero = this.y(pane, Math.max(0, pane.low));
          area.lineTo(last, zero); area.lineTo(first, zero);
          g.fillStyle = ink(s.colour); g.globalAlpha = 0.16; g.fill(area); g.globalAlpha = 1;
        }
        g.stroke(path);
      }
    }
    between(pane, i, lower, upper) {
      const path = new Path2D();
      upper.forEach((v, k) => path.lineTo(this.px(this.x[i + k]), this.y(pane, v)));
      for (let k = lower.length - 1; k >= 0; k--) path.lineTo(this.px(this.x[i + k]), this.y(pane, lower[k]));
      return path;
    }
    axis() {
      const g = this.g, ticks = timeTicks(this.timeOf(this.from), this.timeOf(this.to), Math.max(2, this.wide / 76));
      g.textAlign = "center"; g.textBaseline = "top"; g.fillStyle = ink("soft");
      let before = -Infinity;
      for (const [t, text] of ticks) {
        const x = this.px(this.placeOf(t)), half = g.measureText(text).width / 2;
        if (x - half < Math.max(LEFT, before + 14) || x + half > LEFT + this.wide) continue;
        g.fillText(text, x, this.bottom + 7);
        before = x + half;
      }
    }
    over() {
      const g = this.g, d = this.drag, h = this.hover;
      if (d && !d.pan && !d.strip) {
        g.fillStyle = ink("accent"); g.globalAlpha = 0.14;
        g.fillRect(Math.min(d.x, d.now), 4, Math.abs(d.now - d.x), this.bottom - 4);
        g.globalAlpha = 1;
      } else if (h && h.y < this.bottom) {
        const x = Math.round(this.px(this.snap(this.value(h.x)))) + 0.5;
        g.strokeStyle = ink("neutral-fill"); g.setLineDash([3, 3]); g.lineWidth = 1;
        g.beginPath(); g.moveTo(x, 4); g.lineTo(x, this.bottom); g.stroke(); g.setLineDash([]);
      }
    }
    near(x) { const k = after(this.x, x); return k > 0 && (k >= this.x.length || x - this.x[k - 1] < this.x[k] - x) ? k - 1 : k; }
    snap(x) { return this.x[this.near(x)]; }
    tell() {
      const there = this.hover && !this.drag, k = there ? this.near(this.value(this.hover.x)) : this.x.length - 1;
      const parts = [["", moment(this.x[k]), ""]];
      for (const pane of this.spec.panes) for (const s of pane.series) {
        const v = this.data[s.data][k];
        parts.push([s.colour, s.name, v === v ? FORMATS[pane.format](v) : "n/a"]);
      }
      this.say(parts);
    }
    say(parts) {
      this.legend.replaceChildren(...parts.filter(p => p[1] || p[2]).map(([colour, name, value]) => {
        const item = document.createElement("span");
        if (colour) { const mark = item.appendChild(document.createElement("i")); mark.style.background = `var(--${colour})`; }
        item.append(name, " ");
        item.appendChild(document.createElement("b")).textContent = value;
        return item;
      }));
    }
  }

  const KINDS = { lines: Chart };
  window.quorum = { Chart, KINDS, FORMATS, ink, after, moment, plain, LEFT };
  window.addEventListener("DOMContentLoaded", () => {
    for (const script of document.querySelectorAll("script[data-chart]")) {
      const host = document.getElementById(script.dataset.chart), spec = JSON.parse(script.textContent);
      unpack(spec.packed).then(data => { new KINDS[spec.kind](host, spec, data); host.dataset.drawn = "yes"; },
        () => { host.textContent = "This browser is too old to draw the chart."; });
    }
  });
})();
