// Plots as SVG, for a report that is read in a browser or in a repository.

const WIDTH = 720;
const LEFT = 190;
const RIGHT = 90;
const BAR = 20;
const STEP = 28;
const TOP = 40;
const STYLE = 'font-family="system-ui, sans-serif" font-size="13"';
const COLORS = { plain: '#8fa3b8', emphasized: '#1f6feb', text: '#57606a' };

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
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="${COLORS.text}" ${STYLE}${bold ? ' font-weight="600"' : ''}>${escape(text)}</text>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]);
}
