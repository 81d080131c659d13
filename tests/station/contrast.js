// Texts whose contrast is below 4.5 (3 from 24 pixels on), as WCAG 2.1 AA asks.
const found = [];
const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => [r, g, b].reduce((sum, v, i) => {
  v /= 255;
  v = v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return sum + v * [0.2126, 0.7152, 0.0722][i];
}, 0);
const background = (e) => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c;
    if (c[3] > 0) return null;
  }
  return [255, 255, 255];
};
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.textContent.trim() || e.closest("svg, script, style, .disabled, [disabled]")) continue;
  const box = e.getBoundingClientRect();
  if (box.width < 2 || box.height < 2 || !e.checkVisibility({ opacityProperty: true })) continue;
  const style = getComputedStyle(e);
  const back = background(e);
  if (!back || parseFloat(style.opacity) < 1) continue;
  const [a, b] = [luminance(parse(style.color)), luminance(back)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  const large = parseFloat(style.fontSize) >= 24;
  if (ratio < (large ? 3 : 4.5)) found.push([walk.currentNode.textContent.trim(), ratio.toFixed(2), style.color, String(back)]);
}
return found;
