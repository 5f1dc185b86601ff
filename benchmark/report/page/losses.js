// Training losses by term; classification and box losses stand side by side.
const families = [
  ['Classification', /cls|(^|[._])ce\b|_ce$|class|obj/],
  ['Box', /box|iou|l1|reg|loc/],
];
function familyOf(term) {
  if (term === 'loss') return 'Total';
  if (/mask/.test(term)) return 'Mask and others';
  return families.find(([, pattern]) => pattern.test(term))?.[0] ?? 'Mask and others';
}

const termsOf = (curve) => Object.keys(curve).filter((term) => term !== 'iteration');
// Iterations and values of a term, without what was not finite.
function pointsOf(curve, term) {
  const places = curve[term].flatMap((value, i) => (value === null ? [] : [i]));
  return [places.map((i) => curve.iteration[i]), places.map((i) => curve[term][i])];
}

const WIDE = 240;
const TALL = 92;
function lossPanel(term, lines) {
  const xs = lines.flatMap((line) => line.points[0]);
  const ys = lines.flatMap((line) => line.points[1]);
  const [last, low, high] = [Math.max(...xs) || 1, Math.min(...ys), Math.max(...ys)];
  const isLog = low > 0 && high > 20 * low;
  const share = (y) => (isLog ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low || 1));
  const path = ([px, py]) => px.map((x, i) =>
    `${(x / last * WIDE).toFixed(1)},${((1 - share(py[i])) * TALL).toFixed(1)}`).join(' ');
  const said = lines.map((line) => `${line.label} from ${line.points[1][0]} to ${line.points[1].at(-1)}`).join('; ');
  return h('figure', { class: 'loss' }, h('figcaption', {}, term),
    svg('svg', { viewBox: `-2 -4 ${WIDE + 4} ${TALL + 8}`, role: 'img', 'aria-label': `${term} over ${last} iterations: ${said}` },
      svg('path', { class: 'frame', d: `M0 0V${TALL}H${WIDE}` }),
      lines.map((line) => svg('polyline', { class: line.style, points: path(line.points) }, svg('title', {}, line.label)))),
    h('p', {}, h('span', {}, `${short(low)} to ${short(high)}${isLog ? ', log' : ''}`), h('span', {}, `${short(last)} iterations`)));
}

// `runs` are { label, style, curves } with curves as { iteration: [...], term: [...] }.
function lossPanels(runs) {
  const found = [...new Set(runs.flatMap((run) => termsOf(run.curves)))];
  // the total of a single term is that term
  const terms = found.length === 2 ? found.filter((term) => term !== 'loss') : found;
  const panels = new Map();
  for (const term of terms) {
    const lines = runs.filter((run) => run.curves[term]).map((run) => ({ ...run, points: pointsOf(run.curves, term) }));
    const family = familyOf(term);
    panels.set(family, [...(panels.get(family) ?? []), lossPanel(term, lines)]);
  }
  const isCompared = panels.has('Box') && panels.has('Classification');
  const order = (isCompared ? ['Classification', 'Box', 'Mask and others', 'Total'] : ['Total', 'Classification', 'Box', 'Mask and others'])
    .filter((family) => panels.has(family));
  return h('div', { class: 'losses' }, order.map((family) =>
    h('div', { class: 'term' }, isCompared && h('h5', {}, family), h('div', { class: 'panels' }, panels.get(family)))));
}

// The mean over seeds, point by point, up to the shortest run.
function meanCurve(curves) {
  const names = Object.keys(curves[0] ?? {}).filter((name) => curves.every((curve) => curve[name]));
  return Object.fromEntries(names.map((name) => {
    const length = Math.min(...curves.map((curve) => curve[name].length));
    const mean = (i) => {
      const values = present(curves.map((curve) => curve[name][i]));
      return values.length ? Number((values.reduce((sum, value) => sum + value, 0) / values.length).toPrecision(4)) : null;
    };
    return [name, Array.from({ length }, (_, i) => mean(i))];
  }));
}
