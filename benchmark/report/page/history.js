// Earlier nights: a sparkline per cell over the band of its baseline, most urgent first.
const ALARMS = ['missing', 'failed', 'regression', 'drift'];
const WATCHED = ['could not tell', 'suspicious', 'changed'];
const loudness = (verdict) => (ALARMS.includes(verdict) ? 0 : WATCHED.includes(verdict) ? 1 : 2);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function nightLine(cell, nights) {
  const [width, height] = [320, 56];
  const at = scale([...cell.baseline, ...cell.scores.flat()], !cell.higher, 0.1);
  const x = (i) => 6 + (i / Math.max(1, nights.length - 1)) * (width - 12);
  const y = (value) => (1 - at.at(value)) * height;
  const points = cell.scores.map((values, i) => values.length && [x(i), y(mean(values))]).filter(Boolean);
  const low = cell.baseline.length && Math.min(...cell.baseline.map(y));
  const high = cell.baseline.length && Math.max(...cell.baseline.map(y));
  const said = nights.map((night, i) => cell.scores[i].length && `${night} ${mean(cell.scores[i]).toFixed(cell.decimals)}`).filter(Boolean);
  return svg('svg', { class: 'night', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${cell.metric} by night, better is up: ${said.slice(-12).join(', ') || 'no scores'}` },
    cell.baseline.length > 0 && svg('rect', { x: 0, width, y: low, height: Math.max(1, high - low) }),
    svg('polyline', { points: points.map((point) => point.map((place) => place.toFixed(1)).join(',')).join(' ') }),
    cell.scores.map((values, i) => [
      values.map((value) => svg('circle', { cx: x(i), cy: y(value), r: 1.6 })),
      loudness(cell.verdicts[i]) < 2 && svg('path', { class: loudness(cell.verdicts[i]) ? 'watched' : 'alarm', d: `M${x(i)} ${values.length ? y(mean(values)) : height / 2}m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0` },
        svg('title', {}, `${nights[i]}: ${cell.verdicts[i]}`)),
    ]));
}

// The least and the largest score of the drawing, better up, and its first and last night.
function nightRange(cell) {
  const values = [...cell.baseline, ...cell.scores.flat()];
  const ends = values.length ? [Math.max(...values), Math.min(...values)].map((value) => value.toFixed(cell.decimals)) : [];
  return h('div', { class: 'night-range', 'aria-hidden': 'true' }, (cell.higher ? ends : ends.reverse()).map((text) => h('span', {}, text)));
}
const nightEnds = (nights) => h('div', { class: 'night-ends', 'aria-hidden': 'true' },
  [...new Set([nights[0], nights.at(-1)])].filter(Boolean).map((night) => h('span', {}, night)));

function drawHistory() {
  const view = $('#history .view');
  if (!view) return;
  const { nights, cells } = data.history;
  const label = (id) => data.backbones.find((backbone) => backbone.id === id)?.label ?? id;
  const title = (name) => data.tasks.find((task) => task.name === name)?.title ?? name;
  const last = (cell) => cell.verdicts.at(-1);
  const worst = (cell) => Math.min(loudness(last(cell)), ...cell.verdicts.map((verdict) => loudness(verdict) + 0.5));
  const ordered = [...cells].sort((a, b) => worst(a) - worst(b));
  const item = (cell) => {
    const values = cell.scores.at(-1) ?? [];
    const before = cell.baseline.length ? mean(cell.baseline).toFixed(cell.decimals) : '–';
    return h('li', {}, h('span', {}, h('b', {}, label(cell.backbone)), h('small', {}, `${title(cell.task)} · ${cell.protocol} · ${cell.metric}`)),
      h('div', { class: 'over-nights' }, nightLine(cell, nights), nightRange(cell), nightEnds(nights)),
      h('span', { class: 'number' }, `${before} → ${values.length ? mean(values).toFixed(cell.decimals) : '–'}`,
        h('small', { class: loudness(last(cell)) ? '' : 'alarm' }, last(cell) || 'not run')));
  };
  const list = h('ul', { class: 'nights' }, ordered.slice(0, 24).map(item));
  const more = h('button', { type: 'button', class: 'more', onclick: () => {
    list.append(...ordered.slice(24).map(item));
    more.remove();
  } }, `Show all ${count(cells.length, 'cell')}`);
  view.replaceChildren(h('p', { class: 'lead' }, `${count(nights.length, 'night')}, ${nights[0] ?? ''} to ${nights.at(-1) ?? ''}. Better is up; the band spans the baseline runs, and a ring marks an alarm. On the right: baseline mean and last night.`), list, ...(ordered.length > 24 ? [more] : []));
}
