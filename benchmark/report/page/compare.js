// Two runs line by line: what differs in configuration, proof, cost and provenance.
const sides = { a: null, b: null };

const compareAddress = (place, column, person) => `#compare=${address(place, column, person).slice(6)}`;

function flat(value, prefix = '', found = new Map()) {
  if (value === null || typeof value !== 'object') found.set(prefix || 'value', JSON.stringify(value));
  else if (Object.keys(value).length === 0) found.set(prefix, Array.isArray(value) ? '[]' : '{}');
  else if (Array.isArray(value) && value.every((item) => item === null || typeof item !== 'object')) found.set(prefix, JSON.stringify(value));
  else {
    const step = (key) => (Array.isArray(value) ? `${prefix}[${key}]` : prefix ? `${prefix}.${key}` : key);
    for (const [key, item] of Object.entries(value)) flat(item, step(key), found);
  }
  return found;
}

async function runLines({ board: place, column, person }) {
  const block = await evidence(place, column);
  const parts = new Map();
  if (!block) return parts;
  if (block.configs[person.row]) parts.set('Configuration', flat(block.configs[person.row]));
  for (const [title, facts] of block.sections[person.row]) {
    parts.set(title, new Map(facts.map(([label, texts]) => [label, texts.join(' / ')])));
  }
  const groups = block.groups[person.row];
  if (groups) parts.set('Parameter groups', new Map(groups[1].map(([head, ...rest]) => [head || '(unnamed)', rest.join(' · ')])));
  return parts;
}

async function difference() {
  const [a, b] = await Promise.all([runLines(sides.a), runLines(sides.b)]);
  let same = 0;
  const tables = [...new Set([...a.keys(), ...b.keys()])].map((title) => {
    const [left, right] = [a.get(title) ?? new Map(), b.get(title) ?? new Map()];
    const keys = [...new Set([...left.keys(), ...right.keys()])];
    const differing = keys.filter((key) => left.get(key) !== right.get(key));
    same += keys.length - differing.length;
    const names = [sides.a, sides.b].map(({ person, board: place }) => `${person.label}, ${place.protocol}`);
    return differing.length > 0 && scroll(title, grid(title, ['', ...names],
      differing.map((key) => [key, left.get(key) ?? '–', right.get(key) ?? '–']), 'diff'));
  });
  return [h('p', { class: 'muted', role: 'status' }, `${count(same, 'line')} ${same === 1 ? 'is' : 'are'} the same and not shown.`), ...tables.filter(Boolean)];
}

function runPicker(side) {
  const { board: place, column, person } = sides[side];
  const set = (change) => {
    const next = { ...sides[side], ...change };
    const task = next.board.columns.find((item) => item.facts.name === next.column.facts.name) ?? next.board.columns[0];
    const who = next.board.people.find((item) => item.id === next.person.id) ?? next.board.people[0];
    sides[side] = { board: next.board, column: task, person: who };
    drawCompare();
  };
  const byIndex = (items, text) => [['', items.map((item, i) => [String(i), text(item)])]];
  return h('fieldset', { class: 'run' }, h('legend', {}, side === 'a' ? 'Run A' : 'Run B'),
    data.boards.length > 1 && select('Protocol', byIndex(data.boards, (item) => item.protocol), String(place.index), (i) => set({ board: data.boards[i] })),
    select('Task', byIndex(place.columns, (item) => item.facts.title), String(column.index), (i) => set({ column: place.columns[i] })),
    select('Backbone', byIndex(place.people, (item) => item.label), String(person.row), (i) => set({ person: place.people[i] })));
}

async function drawCompare() {
  const view = $('#compare .view');
  const focused = document.activeElement?.closest('#compare label')?.textContent;
  const result = h('div', { class: 'diffs' });
  view.replaceChildren(h('div', { class: 'runs' }, runPicker('a'), runPicker('b')), result);
  if (focused) $$('label', view).find((label) => label.textContent === focused)?.querySelector('select').focus();
  const parts = await difference();
  result.replaceChildren(...parts);
}

// Where a run is named in the address, it becomes run A and the section is shown.
function showCompare() {
  if (!location.hash.startsWith('#compare=')) return;
  const found = cellAt(location.hash.slice(9));
  if (!found) return;
  sides.a = found;
  sides.b = { ...found, person: bestFirst(found.column, found.board.people).find((person) => person.row !== found.person.row) ?? found.person };
  drawCompare();
  land($('#compare'));
  $('#compare-title').setAttribute('tabindex', '-1');
  $('#compare-title').focus({ preventScroll: true });
}

function startCompare() {
  const [first] = data.boards;
  const at = (person) => ({ board: first, column: first.columns[0], person: first.people[person] });
  [sides.a, sides.b] = [at(0), at(Math.min(1, first.people.length - 1))];
  whenNear($('#compare .view'), drawCompare);
}
