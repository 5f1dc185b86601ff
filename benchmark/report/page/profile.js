// Parallel axes: one per kind (or task), the best backbone at the top or right of each.
const MOST_LABELS = 12;
const LETTER = 7.4; // the width of a letter of an axis, on average
let hasTaskAxes = false;

function position(column, row) {
  const mean = column.means[row];
  if (mean === null) return null;
  const means = present(column.means);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const share = high > low ? (mean - low) / (high - low) : 0.5;
  return column.facts.higher ? share : 1 - share;
}

function profileAxes() {
  const columns = shownColumns();
  const kinds = [...new Set(columns.map((column) => column.facts.kind))];
  const positions = new Map(columns.map((column) => [column, board().rows.map((_, row) => position(column, row))]));
  if (hasTaskAxes || kinds.length < 2) {
    return columns.map((column) => ({ title: column.facts.short, at: (row) => positions.get(column)[row] }));
  }
  return kinds.map((kind) => {
    const mine = columns.filter((column) => column.facts.kind === kind);
    const mean = (row) => {
      const places = mine.map((column) => positions.get(column)[row]);
      return places.includes(null) ? null : places.reduce((sum, place) => sum + place, 0) / mine.length;
    };
    return { title: mine.length > 1 ? `${kind} (${mine.length})` : kind, at: mean };
  });
}

// Upright axes where their names fit side by side, on up to four lines, else lying ones.
function layout(width, axes) {
  const [left, right, height] = [56, Math.min(220, width / 5), 330];
  const step = (width - left - right) / Math.max(1, axes.length - 1);
  const names = axes.map((axis) => wrapped(axis.title, Math.floor((step - 8) / LETTER)));
  const longest = Math.max(0, ...names.flat().map((line) => line.length)) * LETTER;
  if (width >= 600 && longest < step && names.every((lines) => lines.length <= 4)) {
    const top = 20 + 15 * Math.max(1, ...names.map((lines) => lines.length));
    return {
      isUpright: true, names, height: top + height + 14, letters: Math.floor((right - 12) / 6.6),
      at: (axis, place) => [left + axis * step, top + (1 - place) * height],
    };
  }
  const isNarrow = width < 600;
  const widest = Math.max(0, ...axes.map((axis) => axis.title.length)) * LETTER;
  const [start, gap] = isNarrow ? [6, 44] : [Math.min(widest + 24, width / 3), 30];
  return {
    isUpright: false, isNarrow, height: axes.length * gap + 14,
    names: axes.map((axis) => [isNarrow ? axis.title : cut(axis.title, Math.floor((start - 20) / LETTER))]),
    at: (axis, place) => [start + place * (width - start - 12), (axis + 0.72) * gap],
  };
}

// A text in lines of at most `most` letters, where its words allow it.
function wrapped(text, most) {
  const lines = [];
  for (const word of text.split(' ')) {
    if (lines.length && `${lines.at(-1)} ${word}`.length <= most) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines;
}

function axisMarks(axes, plan) {
  return axes.map((axis, i) => {
    const [[x1, y1], [x2, y2]] = [plan.at(i, 0), plan.at(i, 1)];
    const lines = plan.names[i];
    const label = plan.isUpright ? { x: x2, y: y2 - 14 - 15 * (lines.length - 1), 'text-anchor': 'middle' }
      : plan.isNarrow ? { x: x1, y: y1 - 12 } : { x: x1 - 14, y: y1 + 4, 'text-anchor': 'end' };
    return svg('g', { class: 'axis' }, svg('line', { x1, y1, x2, y2 }),
      svg('text', label, svg('title', {}, axis.title), lines.map((line, j) => svg('tspan', { x: label.x, dy: j ? 15 : 0 }, line))));
  });
}

function profileLine(person, axes, plan, isLoud) {
  let path = '';
  let isDown = false;
  const points = axes.map((axis, i) => {
    const place = axis.at(person.row);
    if (place === null) return (isDown = false);
    const [x, y] = plan.at(i, place).map((value) => value.toFixed(1));
    path += `${isDown ? 'L' : 'M'}${x} ${y}`;
    isDown = true;
    return [x, y];
  }).filter(Boolean);
  const group = svg('g', { class: `line ${person.tint}${isLoud ? ' loud' : ''}` },
    svg('path', { class: 'hit', d: path }), svg('path', { class: dash(person), d: path }),
    points.map(([cx, cy]) => svg('circle', { cx, cy, r: isLoud ? 3.5 : 2.5 })));
  const said = axes.map((axis) => {
    const place = axis.at(person.row);
    return `${axis.title}: ${place === null ? 'no score' : place.toFixed(2)}`;
  });
  group.addEventListener('pointermove', (event) => tip.show(event, person.label, ...said.slice(0, 12)));
  group.addEventListener('pointerleave', tip.hide);
  group.addEventListener('click', () => togglePin(person));
  return group;
}

function endLabels(people, axes, plan) {
  const ends = people.map((person) => {
    const last = axes.findLastIndex((axis) => axis.at(person.row) !== null);
    return { person, last, place: last < 0 ? null : plan.at(last, axes[last].at(person.row)) };
  }).filter(({ place }) => place).sort((a, b) => a.place[1] - b.place[1]);
  return axes.flatMap((_, i) => {
    const labels = ends.filter(({ last }) => last === i);
    const ys = spread(labels.map(({ place }) => place[1]), 16, plan.height - 8);
    return labels.map(({ person, place }, j) =>
      svg('text', { class: `end ${person.tint}`, x: place[0] + 12, y: ys[j] + 4 }, cut(person.label, plan.letters)));
  });
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text);

// Push sorted places apart until they are `gap` from each other, none beyond `end`.
function spread(places, gap, end) {
  const moved = [];
  for (const place of places) moved.push(Math.max(place, (moved.at(-1) ?? -Infinity) + gap));
  for (let i = moved.length - 1, limit = end; i >= 0; i -= 1, limit = moved[i + 1] - gap) {
    moved[i] = Math.min(moved[i], limit);
  }
  return moved;
}

function chips(people) {
  const offered = people.length <= 2 * MOST_LABELS ? people : people.filter((person) => chosen.pins.has(person.id));
  return h('div', { class: 'chips', role: 'group', 'aria-label': 'Highlight backbones' },
    offered.map((person) => h('button', {
      type: 'button', class: 'chip', 'aria-pressed': String(chosen.pins.has(person.id)), onclick: () => togglePin(person),
    }, dashKey(person), person.label)),
    offered.length < people.length && h('span', { class: 'muted' }, 'Point at a line to see its name; click a coloured dot in the leaderboard to keep it highlighted.'));
}

function drawProfile(view, width) {
  const people = shownRows();
  const axes = profileAxes();
  const plan = layout(width, axes);
  const isPinned = (person) => chosen.pins.has(person.id);
  const hasPins = people.some(isPinned);
  const quiet = people.length > 2 * MOST_LABELS || hasPins ? ' quiet' : '';
  const ordered = [...people].sort((a, b) => isPinned(a) - isPinned(b));
  const named = people.filter((person) => (hasPins ? isPinned(person) : people.length <= MOST_LABELS));
  const drawing = svg('svg', {
    class: `plot profile${quiet}`, viewBox: `0 0 ${width} ${plan.height}`, width, height: plan.height, role: 'img',
    'aria-label': `Parallel axes of ${count(people.length, 'backbone')} over ${axes.map((axis) => axis.title).join(', ')}. The table below has the values.`,
  }, axisMarks(axes, plan), ordered.map((person) => profileLine(person, axes, plan, isPinned(person))),
  plan.isUpright && axes.length > 0 && [
    endLabels(named, axes, plan),
    [['best', 1], ['worst', 0]].map(([text, place]) => {
      const [x, y] = plan.at(0, place);
      return svg('text', { class: 'tick', x: x - 10, y: y + 4, 'text-anchor': 'end' }, text);
    }),
  ]);
  $('#axes-are').textContent = axes.length < shownColumns().length ? 'Tasks of the same kind are averaged.' : 'Each axis is one task.';
  const kinds = new Set(shownColumns().map((column) => column.facts.kind));
  const rows = () => people.map((person) => [person.label, ...axes.map((axis) => axis.at(person.row)?.toFixed(2) ?? '–')]);
  view.replaceChildren(...[
    kinds.size > 1 && kinds.size < shownColumns().length && h('div', { class: 'controls' },
      select('Axes', [['', [['kind', 'one per kind'], ['task', 'one per task']]]], hasTaskAxes ? 'task' : 'kind', (value) => {
        hasTaskAxes = value === 'task';
        changed();
      })),
    drawing, chips(people), dashLegend(people),
    asTable('Position between worst (0) and best (1)', ['Backbone', ...axes.map((axis) => axis.title)], rows),
  ].filter(Boolean));
}

// Colour is the family, line style the architecture, so lines of one family differ.
const commonest = [...architectures].sort((a, b) => members(b) - members(a));
function members(name) { return data.backbones.filter((item) => item.architecture === name).length; }
const dash = (person) => `dash-${commonest.indexOf(person.architecture) % 4}`;
const dashKey = (person) => svg('svg', { class: `dash ${person.tint ?? ''}`, viewBox: '0 0 26 6', width: 26, height: 6, 'aria-hidden': 'true' },
  svg('line', { class: dash(person), x1: 0, x2: 26, y1: 3, y2: 3 }));
function dashLegend(people) {
  const used = architectures.filter((name) => people.some((person) => person.architecture === name));
  return used.length > 1 && h('p', { class: 'legend' }, used.map((architecture) => h('span', {}, dashKey({ architecture }), architecture)));
}

// The data of a chart as a table, built when it is opened.
function asTable(caption, columns, rows) {
  const details = h('details', { class: 'values' }, h('summary', {}, 'Show as a table'));
  details.addEventListener('toggle', () => {
    if (details.open && !$('table', details)) details.append(scroll(caption, grid(caption, columns, rows(), 'numbers')));
  });
  return details;
}
