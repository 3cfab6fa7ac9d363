// Vector: as much of a canvas's drawing context as curves need, that writes SVG instead.
class Vector {
  constructor(width, height) {
    [this.width, this.height, this.parts, this.path, this.dash] = [width, height, [], "", []];
    Object.assign(this, { globalAlpha: 1, lineWidth: 1, textAlign: "left", textBaseline: "alphabetic" });
  }
  beginPath() { this.path = ""; }
  moveTo(x, y) { this.path += `M${x.toFixed(2)} ${y.toFixed(2)}`; }
  lineTo(x, y) { this.path += `L${x.toFixed(2)} ${y.toFixed(2)}`; }
  closePath() { this.path += "Z"; }
  arc(x, y, r) { this.path += `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`; }
  roundRect(x, y, w, h, r) {
    const turn = (dx, dy) => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
    this.path += `M${x + r} ${y}h${w - 2 * r}${turn(r, r)}v${h - 2 * r}${turn(-r, r)}h${2 * r - w}${turn(-r, -r)}v${2 * r - h}${turn(r, -r)}Z`;
  }
  setLineDash(dash) { this.dash = dash; }
  stroke() { this.add(`<path d="${this.path}" fill="none" ${this.stroked()}/>`); }
  fill() { this.add(`<path d="${this.path}" fill="${this.fillStyle}" fill-opacity="${this.globalAlpha}"/>`); }
  fillRect(x, y, w, h) { this.add(`<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${this.fillStyle}"/>`); }
  fillText(text, x, y) { this.text(text, x, y, `fill="${this.fillStyle}"`); }
  strokeText(text, x, y) { this.text(text, x, y, `fill="none" ${this.stroked()}`); }
  add(part) { this.parts.push(part); }
  stroked() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join()}"` : "";
    return `stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}" stroke-opacity="${this.globalAlpha}" stroke-linejoin="round"${dash}`;
  }
  text(text, x, y, how) {
    const safe = String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign];
    const line = { alphabetic: "auto", middle: "central", top: "hanging", bottom: "text-after-edge" }[this.textBaseline];
    this.add(`<text x="${x}" y="${y}" style="font:${this.font.replace(/"/g, "'")}" text-anchor="${anchor}" dominant-baseline="${line}" ${how}>${safe}</text>`);
  }
  toString() {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}">${this.parts.join("")}</svg>`;
  }
}
