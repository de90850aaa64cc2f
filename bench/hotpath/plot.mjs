// Plots as SVG, for a report that is read in a browser or in a repository.

const WIDTH = 720;
const LEFT = 190;
const RIGHT = 90;
const BAR = 20;
const STEP = 28;
const TOP = 40;
const STYLE = 'font-family="system-ui, sans-serif" font-size="13"';
const COLORS = { plain: '#8fa3b8', emphasized: '#1f6feb', text: '#57606a' };

const LINE_COLORS = ['#1f6feb', '#bf5b04'];

/** Horizontal bars from zero. */
export function bars({ title, bars: all }) {
  const most = Math.max(...all.map(({ value }) => value ?? 0));
  const height = TOP + all.length * STEP + 8;
  const lines = all.map(({ name, value, text, emphasized }, index) => {
    const y = TOP + index * STEP;
    const width = value === null || most === 0 ? 0 : (value / most) * (WIDTH - LEFT - RIGHT);
    return [
      label(LEFT - 10, y + 15, name, 'end', emphasized),
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${emphasized ? COLORS.emphasized : COLORS.plain}"/>`,
      label(LEFT + width + 8, y + 15, text, 'start', emphasized),
    ].join('\n');
  });
  return picture(height, title, lines);
}

/** Lines over time, both axes from zero. */
export function lines({ title, unit, series }) {
  const [left, bottom, height] = [52, 300, 340];
  const most = niceAbove(Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y))));
  const last = Math.max(...series.flatMap(({ points }) => points.map(([x]) => x)));
  const across = (x) => left + (last === 0 ? 0 : (x / last) * (WIDTH - left - 20));
  const up = (y) => bottom - (y / most) * (bottom - TOP - 24);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = up(share * most);
    return [`<path d="M${left} ${y.toFixed(1)}H${WIDTH - 20}" stroke="#d0d7de"/>`, label(left - 8, y + 4, short(share * most), 'end')].join('\n');
  });
  const times = [0, 0.25, 0.5, 0.75, 1].map((share) => label(across(share * last), bottom + 18, `${short(share * last)}${share === 1 ? ` ${unit}` : ''}`, share === 1 ? 'end' : 'middle'));
  const curves = series.map(({ name, points }, index) => {
    const color = LINE_COLORS[index % LINE_COLORS.length];
    const path = points.map(([x, y], point) => `${point === 0 ? 'M' : 'L'}${across(x).toFixed(1)} ${up(y).toFixed(1)}`).join('');
    const key = left + index * 120;
    return [`<path d="${path}" fill="none" stroke="${color}" stroke-width="2"/>`, `<rect x="${key}" y="36" width="14" height="4" fill="${color}"/>`, label(key + 20, 43, name, 'start')].join('\n');
  });
  return picture(height, title, [...grid, ...times, ...curves]);
}

function niceAbove(value) {
  const magnitude = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 2, 4, 5, 8, 10].map((step) => step * magnitude).find((step) => step >= value) ?? 10 * magnitude;
}

const short = (value) => value.toLocaleString('en', { maximumFractionDigits: 1 });

function picture(height, title, lines) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">`,
    '<rect width="100%" height="100%" fill="white"/>',
    label(12, 22, title, 'start', true),
    ...lines,
    '</svg>\n',
  ].join('\n');
}

function label(x, y, text, anchor, bold = false) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${COLORS.text}" ${STYLE}${bold ? ' font-weight="600"' : ''}>${escape(text)}</text>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]);
}
