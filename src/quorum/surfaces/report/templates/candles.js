"use strict";
(() => {
  const { Chart, KINDS, FORMATS, ink, after, moment, plain, LEFT } = window.quorum;
  const STRIP = 46, JOIN = 4, MARKS = 500;

  function join(level) {  // each candle of the next level joins JOIN of this one
    const n = Math.ceil(level.close.length / JOIN), next = {};
    for (const name of ["open", "high", "low", "close"]) next[name] = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const a = i * JOIN, b = Math.min(level.close.length, a + JOIN);
      let high = level.high[a], low = level.low[a];
      for (let k = a + 1; k < b; k++) { if (level.high[k] > high) high = level.high[k]; if (level.low[k] < low) low = level.low[k]; }
      next.open[i] = level.open[a]; next.high[i] = high; next.low[i] = low; next.close[i] = level.close[b - 1];
    }
    return next;
  }

  class Candles extends Chart {  // bars side by side, whatever the time between them; from far, several joined
    setUp() {
      const d = this.data, n = d.close.length, q = this.spec.quantum, price = name => (d[name] || d.close).map(v => v * q);
      this.time = d.time.map(v => this.spec.start + v * this.spec.unit);
      this.levels = [{ open: price("open"), high: price("high"), low: price("low"), close: price("close") }];
      while (this.levels.at(-1).close.length > 300) this.levels.push(join(this.levels.at(-1)));
      this.x = null;
      this.whole = [-0.5, n - 0.5];
      this.least = Math.min(n, 12);
    }
    timeOf(x) { return this.time[Math.max(0, Math.min(this.time.length - 1, Math.round(x)))]; }
    placeOf(time) { return Math.max(0, after(this.time, time - 1)); }
    snap(x) { return Math.max(0, Math.min(this.time.length - 1, Math.round(x))); }
    below() { return STRIP + 10; }
    level(most) {
      let k = 0;
      while (k + 1 < this.levels.length && (this.to - this.from) / JOIN ** k > most) k++;
      return k;
    }
    span(k) {
      const w = JOIN ** k, n = this.levels[k].close.length;
      return [Math.max(0, Math.floor((this.from + 0.5) / w)), Math.min(n, Math.floor((this.to + 0.5) / w) + 1)];
    }
    range() {
      const k = this.shown = this.level(this.wide / 3), [i, j] = this.span(k), { high, low } = this.levels[k];
      let a = Infinity, b = -Infinity;
      for (let c = i; c < j; c++) { if (low[c] < a) a = low[c]; if (high[c] > b) b = high[c]; }
      return [a, b];
    }
    content(pane) {
      const k = this.shown, w = JOIN ** k, [i, j] = this.span(k), { open, high, low, close } = this.levels[k], g = this.g;
      const step = this.wide * w / (this.to - this.from), body = Math.max(1, Math.min(18, step * 0.68));
      const middle = c => this.px(Math.min(this.time.length - 1, c * w + (w - 1) / 2));
      if (this.spec.line && k === 0) {
        g.strokeStyle = ink("soft"); g.lineWidth = 1.4; g.beginPath();
        for (let c = i; c < j; c++) g.lineTo(middle(c), this.y(pane, close[c]));
        g.stroke();
      } else for (const rising of [true, false]) {
        g.fillStyle = ink(rising ? "gain-fill" : "loss-fill");
        g.beginPath();
        for (let c = i; c < j; c++) {
          if ((close[c] >= open[c]) !== rising) continue;
          const x = middle(c), top = this.y(pane, Math.max(open[c], close[c])), foot = this.y(pane, Math.min(open[c], close[c]));
          const up = this.y(pane, high[c]), down = this.y(pane, low[c]);
          g.rect(x - 0.5, up, 1, Math.max(1, down - up));
          g.rect(x - body / 2, top, body, Math.max(1, foot - top));
        }
        g.fill();
      }
      this.trades(pane);
    }
    trades(pane) {
      const { at, price, side } = this.data, g = this.g;
      this.near_marks = [];
      if (!at || !at.length) return;
      const i = after(at, this.from - 1), j = after(at, this.to), many = j - i > MARKS;
      for (const [way, colour] of [[1, "buy"], [-1, "sell"]]) {
        g.fillStyle = ink(colour); g.strokeStyle = ink("card"); g.lineWidth = 1;
        for (let m = i; m < j; m++) {
          if (side[m] !== way) continue;
          const x = this.px(at[m]);
          if (many) { g.globalAlpha = 0.35; g.fillRect(x - 0.5, way > 0 ? pane.top + pane.tall - 8 : pane.top - 2, 1, 9); g.globalAlpha = 1; continue; }
          const y = this.y(pane, price[m]), s = j - i < 120 ? 6 : 4.5;
          g.beginPath(); g.moveTo(x, y); g.lineTo(x - s, y + way * s * 1.7); g.lineTo(x + s, y + way * s * 1.7); g.closePath();
          g.fill(); g.stroke();
          this.near_marks.push([x, y + way * s, m]);
        }
      }
      if (!many) this.joined(pane, i, j);
    }
    joined(pane, i, j) {  // a line from where a trade was entered to where it was left
      const { at, price, trip, profit } = this.data, g = this.g, seen = new Set();
      if (!trip) return;
      g.setLineDash([4, 3]); g.lineWidth = 1.3; g.globalAlpha = 0.8;
      for (let m = i; m < j; m++) {
        const t = trip[m], [a, b] = this.ends(t);
        if (a === undefined || b === undefined || seen.has(t)) continue;
        seen.add(t);
        g.strokeStyle = ink(profit[t] >= 0 ? "gain" : "loss");
        g.beginPath(); g.moveTo(this.px(at[a]), this.y(pane, price[a])); g.lineTo(this.px(at[b]), this.y(pane, price[b])); g.stroke();
      }
      g.setLineDash([]); g.globalAlpha = 1;
    }
    ends(t) {
      if (!this.pairs) {
        this.pairs = new Map();
        this.data.trip.forEach((trip, m) => { if (!this.pairs.has(trip)) this.pairs.set(trip, []); this.pairs.get(trip)[this.data.leaves[m] ? 1 : 0] = m; });
      }
      return this.pairs.get(t);
    }
    over() {
      super.over();
      const g = this.g, top = this.bottom + 28, tall = STRIP - 10, { close } = this.levels.at(-1), all = this.whole[1] - this.whole[0];
      const x = v => LEFT + (v - this.whole[0]) / all * this.wide;
      let low = Infinity, high = -Infinity;
      for (const c of close) { if (c < low) low = c; if (c > high) high = c; }
      g.fillStyle = ink("faint"); g.fillRect(LEFT, top, this.wide, tall);
      g.strokeStyle = ink("soft"); g.lineWidth = 1; g.beginPath();
      close.forEach((c, i) => g.lineTo(LEFT + (i + 0.5) / close.length * this.wide, top + tall - 3 - (c - low) / (high - low || 1) * (tall - 6)));
      g.stroke();
      const a = x(this.from), b = Math.max(a + 3, x(this.to));
      g.fillStyle = ink("accent"); g.globalAlpha = 0.18; g.fillRect(a, top, b - a, tall); g.globalAlpha = 1;
      g.strokeStyle = ink("accent"); g.strokeRect(a + 0.5, top + 0.5, b - a - 1, tall - 1);
      this.strip = top;
    }
    dragged() {
      const d = this.drag;
      d.strip = d.strip || d.y >= this.strip;
      if (!d.strip) { super.dragged(); return; }
      const middle = this.whole[0] + (d.now - LEFT) / this.wide * (this.whole[1] - this.whole[0]), half = (d.to - d.from) / 2;
      this.show(middle - half, middle + half);
    }
    tell() {
      const k = this.shown, w = JOIN ** k, level = this.levels[k], h = this.hover;
      const i = this.snap(h && !this.drag ? this.value(h.x) : this.to), c = Math.floor(i / w), number = FORMATS.price;
      const until = Math.min(this.time.length - 1, c * w + w - 1);
      const parts = [["", moment(this.time[c * w]) + (w > 1 ? ` to ${moment(this.time[until])}, ${plain(until - c * w + 1, 0)} bars` : ""), ""]];
      if (this.spec.line) parts.push(["", "close", number(level.close[c])]);
      else for (const name of ["open", "high", "low", "close"]) parts.push(["", name, number(level[name][c])]);
      if (this.data.at && this.data.at.length) parts.push(["buy", "bought", ""], ["sell", "sold", ""]);
      const mark = h && (this.near_marks || []).find(([x, y]) => Math.hypot(x - h.x, y - h.y) < 11);
      if (mark) parts.push(["", this.about(mark[2]), ""]);
      this.say(parts);
    }
    about(m) {
      const { trip, profit, leaves, price } = this.data, at = ` at ${FORMATS.price(price[m])}`;
      if (!trip) return this.spec.labels[m] + at;
      const t = trip[m];
      return `trade ${plain(t + 1, 0)}: ` + (leaves[m] ? `left${at} (${this.spec.reasons[this.data.why[t]]}), profit ${FORMATS.money(profit[t])}` : `entered${at}`);
    }
  }
  KINDS.candles = Candles;
})();
