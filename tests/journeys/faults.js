// What is hard to read or to hit on this page, by WCAG 2.2 AA, and what sticks out of the screen.
() => {
  const shade = (c) => { const [r, g, b] = c.map((v) => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const ground = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const faults = [];
  for (const e of document.querySelectorAll('main *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (!own || !box.width || e.closest('.visually-hidden') || style.visibility === 'hidden') continue;
    const [a, b] = [shade(parse(style.color).slice(0, 3)), shade(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if (ratio < least) faults.push(`contrast ${ratio.toFixed(2)}: ${e.textContent.trim().slice(0, 40)}`);
    if (box.right > innerWidth + 1 && !e.closest('.scroll, .map')) faults.push(`too wide: ${e.textContent.slice(0, 40)}`);
  }
  for (const e of document.querySelectorAll('main button, main .button, main summary, main input:not([type=hidden])')) {
    const box = e.getBoundingClientRect();
    if (box.width && box.height < 24) faults.push(`small: ${e.textContent.trim()}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page scrolls sideways');
  return faults;
}
