// Parallel axes: one per kind (or task), the best backbone at the top or right of each.
const MOST_LABELS = 12;
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
    return columns.map((column) => ({ title: column.facts.title, at: (row) => positions.get(column)[row] }));
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

// Upright axes where their names fit side by side, else lying ones.
function layout(width, axes) {
  if (width / axes.length >= 105 && width >= 600) {
    const [left, right, top, height] = [56, Math.min(220, width / 5), 34, 330];
    const step = (width - left - right) / Math.max(1, axes.length - 1);
    return {
      isUpright: true, height: top + height + 14, letters: Math.floor((right - 12) / 6.6),
      at: (axis, place) => [left + axis * step, top + (1 - place) * height],
    };
  }
  const isNarrow = width < 600;
  const [left, step] = isNarrow ? [6, 44] : [190, 30];
  return {
    isUpright: false, isNarrow, height: axes.length * step + 14,
    at: (axis, place) => [left + place * (width - left - 12), (axis + 0.72) * step],
  };
}

function axisMarks(axes, plan) {
  return axes.map((axis, i) => {
    const [[x1, y1], [x2, y2]] = [plan.at(i, 0), plan.at(i, 1)];
    const label = plan.isUpright ? { x: x2, y: y2 - 14, 'text-anchor': i ? 'middle' : 'start', dx: i ? 0 : -24 }
      : plan.isNarrow ? { x: x1, y: y1 - 12 } : { x: x1 - 14, y: y1 + 4, 'text-anchor': 'end' };
    return svg('g', { class: 'axis' }, svg('line', { x1, y1, x2, y2 }), svg('text', label, axis.title));
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
    svg('path', { class: 'hit', d: path }), svg('path', { d: path }),
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
    }, swatch(person), person.label)),
    offered.length < people.length && h('span', { class: 'muted' }, 'Point at a line to name it; the coloured dots of the leaderboard keep it highlighted.'));
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
  const kinds = new Set(shownColumns().map((column) => column.facts.kind));
  const rows = () => people.map((person) => [person.label, ...axes.map((axis) => axis.at(person.row)?.toFixed(2) ?? '–')]);
  view.replaceChildren(...[
    kinds.size > 1 && kinds.size < shownColumns().length && h('div', { class: 'controls' },
      select('Axes', [['', [['kind', 'one per kind'], ['task', 'one per task']]]], hasTaskAxes ? 'task' : 'kind', (value) => {
        hasTaskAxes = value === 'task';
        changed();
      })),
    drawing, chips(people),
    asTable('Position between worst (0) and best (1)', ['Backbone', ...axes.map((axis) => axis.title)], rows),
  ].filter(Boolean));
}

// What a drawing shows, as a table that is made when it is asked for.
function asTable(caption, columns, rows) {
  const details = h('details', { class: 'values' }, h('summary', {}, 'Show as a table'));
  details.addEventListener('toggle', () => {
    if (details.open && !$('table', details)) details.append(scroll(caption, grid(caption, columns, rows(), 'numbers')));
  });
  return details;
}
