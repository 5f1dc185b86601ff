// Two quantities against each other; one of them may be a cost, then the Pareto front is drawn.
const axisChoice = { x: '', y: '' };
const FEWEST_COSTS = 5; // parameter counts from which on they make an axis worth starting with
const NOISY_TIMES = 1.5; // ratio of the times of equal architectures beyond which they measure the machine's load

function quantities() {
  const columns = board().columns;
  const task = (column) => ({
    key: `t${column.index}`, title: column.facts.short, unit: column.facts.metric, isFlipped: !column.facts.higher,
    value: (person) => column.means[person.row], sd: (person) => column.sds[person.row],
    text: (person) => column.texts[person.row],
  });
  const cost = (key, title, unit, value) => ({ key, title, unit, isCost: true, value, text: (person) => `${short(value(person))} ${unit}` });
  const timed = (item) => ({ ...item, isTime: true });
  const devices = [...new Set(columns.flatMap((column) => column.devices))];
  const place = devices.length === 1 ? ` on ${devices[0]}` : devices.length ? ' on different devices' : '';
  const score = columns.find((column) => `t${column.index}` === axisChoice.y) ?? columns[0];
  const total = (key) => (person) => {
    const parts = columns.map((column) => column[key][person.row]);
    return parts.includes(null) ? null : parts.reduce((sum, part) => sum + part, 0);
  };
  const costs = [
    cost('parameters', 'Parameters', '', (person) => person.parameters),
    cost('flops', 'FLOPs, 224 × 224 picture', '', (person) => person.flops ?? null),
    timed(cost('seconds', `Training time${place}, ${score.facts.short}`, 's', (person) => score.seconds[person.row])),
    timed(cost('all', `Training time${place}, all tasks`, 's', total('seconds'))),
    cost('memory', `Peak memory, ${score.facts.short}`, 'MB', (person) => score.memory[person.row]),
  ].filter((item) => new Set(board().people.map(item.value).filter((value) => value > 0)).size > 1);
  const overall = aggregates.filter(({ key }) => isKnownAggregate(key)).map(({ key, title, decimals, higher }) => ({
    key, title, unit: higher ? '↑' : '↓', isFlipped: !higher,
    value: (person) => estimateOf(person, key)?.[0], ends: (person) => estimateOf(person, key)?.[2] ?? null,
    text: (person) => estimateText(estimateOf(person, key), decimals).join(', '),
  }));
  return { tasks: columns.map(task), costs, overall };
}

function plotScale(axis, points, key, length) {
  const values = points.map((point) => point[key]);
  const isLog = axis.isCost && Math.min(...values) > 0 && Math.max(...values) > 8 * Math.min(...values);
  const map = isLog ? Math.log10 : (value) => value;
  const spreads = points.flatMap((point) => [point[key], ...(reachOf(axis, point, key) ?? [])]);
  const { at, low, high } = scale(isLog ? values.map(map) : spreads, axis.isFlipped, 0.07);
  const marks = isLog ? logTicks(10 ** low, 10 ** high) : ticks(low, high, Math.max(2, length / 90));
  return { at: (value) => at(map(value)), marks, text: isLog ? short : tickText(marks) };
}

// Mean ± sd over seeds of a task, the interval over tasks of an aggregate.
function reachOf(axis, point, key) {
  if (axis.ends) return axis.ends(point.person);
  const sd = axis.sd?.(point.person);
  return sd > 0 ? [point[key] - sd, point[key] + sd] : null;
}

// By how much the times of backbones with the same architecture and size differ.
function loadOf(points, key) {
  const groups = Object.values(Object.groupBy(points, ({ person }) => `${person.architecture} ${person.parameters}`));
  return Math.max(1, ...groups.map((group) => Math.max(...group.map((point) => point[key])) / Math.min(...group.map((point) => point[key]))));
}

// The Pareto front: points that no point of the same or a lower cost beats, cheapest first.
function front(points, cost, score, isFlipped) {
  const gain = (point) => (isFlipped ? -point[score] : point[score]);
  const ordered = [...points].sort((a, b) => a[cost] - b[cost] || gain(b) - gain(a));
  let best = -Infinity;
  return ordered.filter((point) => gain(point) > best && ((best = gain(point)), true));
}

function plotAxes(x, y, scales, box) {
  const { left, top, width, height } = box;
  const text = (axis) => [axis.title, axis.unit.replace(/ ?[↑↓]/, '')].filter(Boolean).join(' · ');
  return svg('g', { class: 'axis' },
    scales.y.marks.map((mark) => {
      const place = top + (1 - scales.y.at(mark)) * height;
      return [svg('line', { class: 'rule', x1: left, x2: left + width, y1: place, y2: place }),
        svg('text', { class: 'tick', x: left - 8, y: place + 4, 'text-anchor': 'end' }, scales.y.text(mark))];
    }),
    scales.x.marks.map((mark) => {
      const place = left + scales.x.at(mark) * width;
      return [svg('line', { class: 'rule', x1: place, x2: place, y1: top, y2: top + height }),
        svg('text', { class: 'tick', x: place, y: top + height + 18, 'text-anchor': 'middle' }, scales.x.text(mark))];
    }),
    svg('text', { x: 0, y: 14 }, `${text(y)}, better ↑`),
    svg('text', { x: left + width, y: top + height + 40, 'text-anchor': 'end' }, `${text(x)}, ${x.isCost ? 'more' : 'better'} →`));
}

const shapes = ['M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0', 'M-4.5 -4.5h9v9h-9z', 'M0 -6L5.6 4.4H-5.6z', 'M0 -6.2L6.2 0L0 6.2L-6.2 0z'];
const shape = (person) => shapes[architectures.indexOf(person.architecture) % shapes.length];

function plotPoint(point, x, y, i, all) {
  const { person, at } = point;
  const said = [`${y.title}: ${y.text(person)}`, `${x.title}: ${x.text(person)}`, `${person.family} · ${person.architecture}`];
  const mark = svg('g', {
    class: `point ${person.tint}${chosen.pins.has(person.id) ? ' loud' : ''}`, tabindex: i ? '-1' : '0', role: 'button',
    'aria-pressed': String(chosen.pins.has(person.id)),
    'aria-label': `${person.label}. ${said.join('. ')}`, transform: `translate(${at[0].toFixed(1)} ${at[1].toFixed(1)})`,
  }, svg('circle', { class: 'hit', r: 12 }), svg('path', { d: shape(person) }));
  const move = (step) => {
    const marks = $$('.point', mark.parentNode);
    mark.tabIndex = -1;
    const next = marks[(i + step + all) % all];
    next.tabIndex = 0;
    next.focus();
  };
  mark.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) move(step);
    else if (event.key === 'Enter' || event.key === ' ') togglePin(person);
    else return;
    event.preventDefault();
  });
  mark.addEventListener('pointermove', (event) => tip.show(event, person.label, ...said));
  mark.addEventListener('focus', (event) => mark.matches(':focus-visible') && tip.show(event, person.label, ...said));
  for (const end of ['pointerleave', 'blur']) mark.addEventListener(end, tip.hide);
  mark.addEventListener('click', () => togglePin(person));
  return mark;
}

// Labels next to points where they overlap no other label; crowded points stay unlabelled.
function plotLabels(points, box) {
  const taken = points.map(({ at: [x, y] }) => [x - 6, y - 6, x + 6, y + 6]);
  const isFree = ([a, b, c, d]) => a >= box.left - 4 && c <= box.left + box.width + box.right - 4
    && taken.every(([p, q, r, s]) => c < p || a > r || d < q || b > s);
  return points.filter((point) => point.isNamed).map(({ at: [x, y], person }) => {
    const wide = person.label.length * 7;
    const [place, anchor, area] = [
      [[x + 10, y + 4], 'start', [x + 8, y - 7, x + 10 + wide, y + 8]],
      [[x - 10, y + 4], 'end', [x - 10 - wide, y - 7, x - 8, y + 8]],
      [[x, y - 11], 'middle', [x - wide / 2, y - 23, x + wide / 2, y - 9]],
      [[x, y + 20], 'middle', [x - wide / 2, y + 9, x + wide / 2, y + 23]],
    ].find(([, , corners]) => isFree(corners)) ?? [];
    if (!place) return null;
    taken.push(area);
    return svg('text', { class: 'name', x: place[0], y: place[1], 'text-anchor': anchor }, person.label);
  });
}

function whiskers(points, x, y, scales, box) {
  return points.map((point) => {
    const [px, py] = point.at;
    const [across, along] = [reachOf(x, point, 'x'), reachOf(y, point, 'y')];
    const right = (value) => box.left + scales.x.at(value) * box.width;
    const up = (value) => box.top + (1 - scales.y.at(value)) * box.height;
    return svg('g', { class: `whiskers ${point.person.tint}` },
      across && svg('line', { class: x.ends && 'thin', x1: right(across[0]), x2: right(across[1]), y1: py, y2: py }),
      along && svg('line', { class: y.ends && 'thin', x1: px, x2: px, y1: up(along[0]), y2: up(along[1]) }));
  });
}

function drawScatter(view, width) {
  const { tasks, costs, overall } = quantities();
  const every = [...tasks, ...costs, ...overall];
  const firstAxes = startingAxes(tasks, costs, overall);
  const find = (key, spare) => every.find((item) => item.key === key) ?? spare;
  const [x, y] = [find(axisChoice.x, firstAxes[0]), find(axisChoice.y, firstAxes[1])];
  const people = shownRows();
  const isKnown = (value) => value !== null && value !== undefined;
  const points = people.map((person) => ({ person, x: x.value(person), y: y.value(person) }))
    .filter((point) => isKnown(point.x) && isKnown(point.y));
  const box = { left: 46, top: 28, right: 20, width: width - 66, height: Math.min(430, Math.max(280, width * 0.46)) };
  const scales = { x: plotScale(x, points, 'x', box.width), y: plotScale(y, points, 'y', box.height) };
  const load = x.isTime ? loadOf(points, 'x') : 1;
  const frontier = x.isCost && !y.isCost && load <= NOISY_TIMES ? front(points, 'x', 'y', y.isFlipped) : [];
  const hasPins = points.some(({ person }) => chosen.pins.has(person.id));
  for (const point of points) {
    point.at = [box.left + scales.x.at(point.x) * box.width, box.top + (1 - scales.y.at(point.y)) * box.height];
    point.isNamed = chosen.pins.has(point.person.id) || frontier.includes(point) || (!hasPins && points.length <= MOST_LABELS);
  }
  points.sort((a, b) => a.at[0] - b.at[0]);
  const drawing = svg('svg', {
    class: `plot scatter${hasPins ? ' quiet' : ''}`, width, height: box.top + box.height + 48, role: 'group',
    viewBox: `0 0 ${width} ${box.top + box.height + 48}`,
    'aria-label': `${y.title} against ${x.title}, ${count(points.length, 'backbone')}. Arrow keys move between points, Enter highlights.`,
  }, plotAxes(x, y, scales, box),
  frontier.length > 1 && svg('path', { class: 'front', d: frontier.map(({ at: [px, py] }, i) => (i ? `H${px}V${py}` : `M${px} ${py}`)).join('') }),
  points.length <= 60 && whiskers(points, x, y, scales, box),
  points.map((point, i) => plotPoint(point, x, y, i, points.length)), plotLabels(points, box));
  const groups = [['All tasks', overall], ['Task scores', tasks], ['Cost', costs]].filter(([, items]) => items.length)
    .map(([title, items]) => [title, items.map((item) => [item.key, item.title])]);
  const choose = (axis) => (value) => {
    axisChoice[axis] = value;
    changed();
    requestAnimationFrame(() => requestAnimationFrame(() => $(`select[data-axis=${axis}]`, view)?.focus()));
  };
  const controls = ['y', 'x'].map((axis) => {
    const field = select(axis === 'y' ? 'Up' : 'Right', axis === 'y' ? groups.filter(([title]) => title !== 'Cost') : groups,
      (axis === 'y' ? y : x).key, choose(axis));
    $('select', field).dataset.axis = axis;
    return field;
  });
  const rows = () => points.map(({ person }) => [person.label, y.text(person), x.text(person)]);
  view.replaceChildren(h('div', { class: 'controls' }, controls), ...timeNote(x, load), drawing, scatterNotes(points, x, y, frontier),
    asTable(`${y.title} and ${x.title}`, ['Backbone', y.title, x.title], rows));
}

// All tasks against parameters where these differ, else a task against one of another kind.
function startingAxes(tasks, costs, overall) {
  const size = costs.find((item) => item.key === 'parameters');
  const sizes = new Set(board().people.map((person) => person.parameters));
  if (overall.length && size && sizes.size >= FEWEST_COSTS) return [size, overall[0]];
  const { kind } = board().columns[0].facts;
  const other = board().columns.find((column) => column.facts.kind !== kind)?.index ?? 1;
  return tasks.length > 1 ? [tasks[0], tasks[other]] : [size ?? tasks[0], overall[0] ?? tasks[0]];
}

function timeNote(axis, load) {
  if (!axis.isTime) return [];
  const noise = load > NOISY_TIMES ? ` Equal architectures differ by a factor of ${load.toFixed(1)}, so no Pareto front is drawn.` : '';
  return [h('p', { class: 'meta' }, `Times were measured during the runs, possibly on a shared machine, so they include its load.${noise}`)];
}

function scatterNotes(points, x, y, frontier) {
  const sign = (axis) => (axis.isFlipped ? -1 : 1);
  const tau = kendall(points.map((point) => sign(x) * point.x), points.map((point) => sign(y) * point.y));
  const used = architectures.filter((name) => points.some(({ person }) => person.architecture === name));
  return h('p', { class: 'legend' },
    used.length > 1 && used.map((name) => h('span', {}, svg('svg', { class: 'key', viewBox: '-8 -8 16 16', width: 14, height: 14, 'aria-hidden': 'true' },
      svg('path', { d: shape({ architecture: name }) })), name)),
    frontier.length > 1 && h('span', {}, h('i', { class: 'front-key' }), `Pareto front: ${frontier.map(({ person }) => person.label).slice(0, 8).join(', ')}${frontier.length > 8 ? ', …' : ''}`),
    points.length > 2 && Number.isFinite(tau) && h('span', {}, `Kendall's τ = ${minus(tau.toFixed(2))} over ${points.length} backbones`),
    points.length === 0 && h('span', {}, 'No backbone has both values.'));
}
