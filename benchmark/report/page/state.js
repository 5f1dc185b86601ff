// The data of the page, the current choices, and the views to redraw when a choice changes.
const data = JSON.parse($('#data').textContent);

const architectures = [...new Set(data.backbones.map((item) => item.architecture))].sort();
for (const backbone of data.backbones) backbone.tint = data.families[backbone.family];
for (const board of data.boards) {
  board.index = data.boards.indexOf(board);
  board.people = board.rows.map((index, row) => ({ ...data.backbones[index], row, rank: board.ranks[row] }));
  board.columns.forEach((column, index) => Object.assign(column, { index, facts: data.tasks[column.task] }));
}

// The protocol with the most cells first; of equals, the first by name.
const fullest = data.boards.reduce((best, item) =>
  (item.rows.length * item.columns.length > best.rows.length * best.columns.length ? item : best), data.boards[0]);

const chosen = {
  board: fullest?.index ?? 0,
  kind: new Set(),
  family: new Set(),
  architecture: new Set(),
  text: '',
  pins: new Set(),
};

const listeners = [];
let isPlanned = false;
function changed() {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    for (const listener of listeners) listener();
  });
}

const board = () => data.boards[chosen.board];
const admits = (fact, value) => chosen[fact].size === 0 || chosen[fact].has(value);
const shownColumns = () => board().columns.filter((column) => admits('kind', column.facts.kind));

function shownRows() {
  const wanted = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
  return board().people.filter((person) => {
    if (!admits('family', person.family) || !admits('architecture', person.architecture)) return false;
    const said = `${person.label} ${person.id} ${person.method} ${person.data}`.toLowerCase();
    return wanted.every((word) => said.includes(word));
  });
}

function togglePin(person) {
  if (!chosen.pins.delete(person.id)) chosen.pins.add(person.id);
  changed();
}

// Compressed blocks of evidence and pictures are unpacked once, on first use.
const opened = new Map();
function evidence(board, column) {
  const id = `evidence-${board.index}-${column.index}`;
  if (!opened.has(id)) opened.set(id, inflate(document.getElementById(id)));
  return opened.get(id);
}

async function inflate(element) {
  if (!element) return null;
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
}

function pictures(board, column) {
  const id = `pictures-${board.index}-${column.index}`;
  if (!opened.has(id)) opened.set(id, JSON.parse(document.getElementById(id)?.textContent ?? '{}'));
  return opened.get(id);
}

const address = (board, column, person) =>
  `#cell=${[board.protocol, column.facts.name, person.id].map(encodeURIComponent).join('/')}`;
function cellAt(path) {
  const [protocol, task, id] = path.split('/').map(decodeURIComponent);
  const place = data.boards.find((item) => item.protocol === protocol);
  const column = place?.columns.find((item) => item.facts.name === task);
  const person = place?.people.find((item) => item.id === id);
  return column && person ? { board: place, column, person } : null;
}
