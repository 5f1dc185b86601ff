// The leaderboard: one protocol at a time, rows drawn in portions as they are scrolled to.
const PORTION = 25;
const sorting = { key: 'rank', isReversed: false };
const leads = [
  { key: 'rank', title: 'Mean rank', extra: 'all\u00a0↓', decimals: 2, higher: false },
  { key: 'score', title: 'Score', extra: 'scaled\u00a0↑', decimals: 1, higher: true },
];
const shownLeads = () => leads.filter(({ key }) => key === 'rank' || isKnownAggregate(key));

function drawFilters() {
  const option = (name, type, value, label, isChecked, tint) => h('label', {},
    h('input', { type, name, value, checked: isChecked }),
    h('span', {}, tint && h('i', { class: `swatch ${tint}`, 'aria-hidden': 'true' }), label));
  const group = (name, title, options) => options.length > 1 && h('fieldset', { class: 'choices' },
    h('legend', {}, title), h('div', { class: 'pills' }, options));
  const facts = {
    kind: ['Task kind', [...new Set(data.tasks.map((task) => task.kind))]],
    family: ['Pretraining', [...new Set(data.backbones.map((item) => item.family))].sort()],
    architecture: ['Architecture', [...new Set(data.backbones.map((item) => item.architecture))].sort()],
  };
  const form = $('.filters');
  // on a phone the filters would fill the first screen
  const narrow = matchMedia('(max-width: 560px)');
  const fold = () => { $('.choose').open = !narrow.matches; };
  narrow.addEventListener('change', fold);
  fold();
  form.replaceChildren(...[
    group('protocol', 'Protocol', data.boards.map((item, i) => option('protocol', 'radio', i, item.protocol, i === chosen.board))),
    ...Object.entries(facts).map(([name, [title, values]]) => group(name, title, values.map((value) =>
      option(name, 'checkbox', value, value, false, name === 'family' && data.families[value])))),
  ].filter(Boolean));
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', ({ target }) => {
    if (target.name === 'protocol') chosen.board = Number(target.value);
    else if (target.name) chosen[target.name][target.checked ? 'add' : 'delete'](target.value);
    changed();
  });
  $('#find').addEventListener('input', ({ target }) => {
    chosen.text = target.value;
    changed();
  });
  $('#reset').addEventListener('click', () => {
    for (const fact of Object.keys(facts)) chosen[fact].clear();
    for (const input of $$('input[type=checkbox]', form)) input.checked = false;
    $('#find').value = chosen.text = '';
    $('#find').focus();
    changed();
  });
}

const leadValue = (person, key) => estimateOf(person, key)?.[0] ?? (key === 'rank' ? person.rank : null);

function sortedRows(rows) {
  const { key, isReversed } = sorting;
  const column = board().columns[key];
  const lead = leads.find((item) => item.key === key);
  const isFalling = isReversed !== (column ? column.facts.higher : lead?.higher ?? false);
  const value = (person) => (column ? column.means[person.row] : leadValue(person, key));
  const order = (a, b) => {
    if (key === 'name') return a.label.localeCompare(b.label) * (isReversed ? -1 : 1);
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return (x === null) - (y === null) || a.row - b.row;
    return (isFalling ? y - x : x - y) || a.row - b.row;
  };
  return [...rows].sort(order);
}

function sorter(key, title, extra, isFallingFirst, span, hint) {
  const isCurrent = sorting.key === key;
  const isFalling = isCurrent && sorting.isReversed !== isFallingFirst;
  const onclick = () => {
    sorting.isReversed = isCurrent && !sorting.isReversed;
    sorting.key = key;
    drawBoard();
    $('#board th[aria-sort] button').focus();
  };
  return h('th', { scope: 'col', class: span, 'aria-sort': isCurrent && (isFalling ? 'descending' : 'ascending') },
    h('button', { type: 'button', class: 'sorter', title: hint !== title && hint, onclick }, h('span', {}, title), extra && h('small', {}, extra)));
}

// Tasks that the suite asks for and that have not run.
const shownWaiting = () => board().not_run.filter(({ kind }) => admits('kind', kind));

// The letters of the longest word in the headings of tasks.
const longestWord = (columns) => Math.max(0, ...[...columns.map(({ facts }) => facts.short), ...shownWaiting().map(({ title }) => title)]
  .flatMap((title) => title.split(/[\s\-–/]+/).map((word) => word.length)));

function headings(columns) {
  const kinds = [];
  for (const { facts } of columns) {
    if (kinds.at(-1)?.[0] === facts.kind) kinds.at(-1)[1] += 1;
    else kinds.push([facts.kind, 1]);
  }
  return h('thead', {},
    h('tr', { class: 'kinds' }, h('td', {}), shownLeads().map(() => h('td', {})),
      kinds.map(([kind, span]) => h('th', { scope: 'colgroup', colspan: span, class: span > 1 && 'wide' }, h('span', {}, h('span', {}, kind)))),
      shownWaiting().map(({ kind }) => h('th', { scope: 'col' }, h('span', {}, kind)))),
    h('tr', {},
      sorter('name', 'Backbone', '', false, 'name'),
      shownLeads().map(({ key, title, extra, higher }) => sorter(key, title, extra, higher, 'lead')),
      columns.map(({ index, facts, seeds }) =>
        sorter(index, facts.short, `${facts.metric.replace(/ ([↑↓])/g, '\u00a0$1')}, n\u00a0=\u00a0${seeds.length}`, facts.higher, '', facts.title)),
      shownWaiting().map(({ title }) => h('th', { scope: 'col', class: 'waiting' }, title))));
}

function strip(column, person, places) {
  const mean = column.means[person.row];
  if (mean === null) return null;
  const sd = column.sds[person.row] ?? 0;
  const [low, high] = [places.at(mean - sd), places.at(mean + sd)].sort((a, b) => a - b);
  return h('i', {
    class: `interval ${person.tint}`,
    'aria-hidden': 'true',
    style: { '--m': places.at(mean).toFixed(3), '--l': low.toFixed(3), '--w': (high - low).toFixed(3) },
  });
}

function scoreCell(column, person, look) {
  const { row } = person;
  const text = column.texts[row];
  const flags = column.flags[row];
  const link = { href: address(board(), column, person), title: [column.problems[row], ...(flags?.texts ?? [])].filter(Boolean).join('; ') || undefined };
  if (text === null) {
    return h('td', { class: 'score empty' }, h('a', link, '–', h('span', { class: 'spoken' }, `no score: ${column.problems[row]}`)));
  }
  const [mean, sd] = text.split(' ± ');
  const mark = look.best.has(row) ? 'best' : look.near.has(row) ? 'near' : '';
  return h('td', { class: `score ${mark}`, style: { '--heat': isJudged(column, row) ? look.heat(column.means[row]) : 0 } },
    h('a', link, h('span', { class: 'mean' }, mean), sd && h('span', { class: 'sd' }, ` ± ${sd}`),
      flags && h('sup', { class: 'flag' }, h('span', { 'aria-hidden': 'true' }, flags.marks), h('span', { class: 'spoken' }, `, ${flags.texts.join(', ')}`)),
      column.problems[row] && h('span', { class: 'gap' }, '*', h('span', { class: 'spoken' }, column.problems[row])),
      mark && h('span', { class: 'spoken' }, mark === 'best' ? ', best' : ', not clearly below the best')),
    strip(column, person, look.places));
}

// A mean is judged if this row and at least one other have two or more seeds.
const isJudged = (column, row) => column.limit !== null && present(column.scores[row]).length > 1;

// What all cells of a column share; heat is 1 for the best, paler where nothing differs clearly.
function look(column) {
  const means = present(column.means);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const span = Math.max(high - low, column.limit ?? 0) || 1;
  const target = column.facts.higher ? high : low;
  return {
    best: new Set(column.best),
    near: new Set(column.near),
    heat: (mean) => (1 - Math.abs(mean - target) / span).toFixed(2),
    places: scale(extremes(column, column.means.keys()), !column.facts.higher),
  };
}

// An aggregate with its interval over seeds and, thinner, over tasks.
function leadCell({ key, decimals, higher }, person) {
  const [value, estimate] = [leadValue(person, key), estimateOf(person, key)];
  if (value === null) return h('td', { class: 'lead' }, '–');
  const places = reach(Object.values(board().overall.standings).map((standing) => standing[key]).filter(Boolean), !higher);
  const line = estimate && estimateTrack(estimate, places, person.tint);
  line?.classList.add('small');
  return h('td', { class: 'lead', title: estimate && estimateText(estimate, decimals).join('; ') }, minus(value.toFixed(decimals)), line);
}

function boardRow(person, columns, looks) {
  const isPinned = chosen.pins.has(person.id);
  const facts = [person.method || person.family, person.data].filter(Boolean).join(' · ');
  return h('tr', { class: isPinned && 'pinned' },
    h('th', { scope: 'row' }, h('span', { class: 'who' },
      h('button', {
        type: 'button', class: 'pin', 'aria-pressed': String(isPinned), 'aria-label': `Highlight ${person.label}`,
        title: 'Highlight in every chart', onclick: () => togglePin(person),
      }, swatch(person)),
      h('span', {}, h('span', { class: 'label', title: person.label === person.id ? person.id : `${person.label}: ${person.id}` }, person.label), h('small', { title: facts }, facts)))),
    shownLeads().map((lead) => leadCell(lead, person)),
    columns.map((column, i) => scoreCell(column, person, looks[i])),
    shownWaiting().map(() => h('td', { class: 'score empty' }, 'not run')));
}

// Rows that were published elsewhere: shown, and in no rank or test.
function publishedRows(columns) {
  return board().baselines.map(({ label, citation, texts }) => h('tr', { class: 'published' },
    h('th', { scope: 'row' }, label, h('small', {}, `published: ${citation}`)),
    shownLeads().map(() => h('td', { class: 'lead' })),
    columns.map(({ index }) => h('td', {}, texts[index])),
    shownWaiting().map(() => h('td', {}))));
}

function floorRows(columns) {
  const depth = Math.max(0, ...columns.map((column) => column.floors.length));
  return Array.from({ length: depth }, (_, i) => h('tr', {},
    h('th', { scope: 'row' }, i ? 'another' : 'Trivial predictor', !i && h('small', {}, 'looks at no image')),
    shownLeads().map(() => h('td', { class: 'lead' })),
    columns.map(({ floors }) => h('td', {}, floors[i]?.text, floors[i] && h('small', {}, floors[i].name))),
    shownWaiting().map(() => h('td', {}))));
}

function drawBoard() {
  const rows = sortedRows(shownRows());
  const columns = shownColumns();
  const looks = columns.map(look);
  const body = h('tbody');
  const more = h('button', { type: 'button', class: 'more', onclick: () => extend(rows.length) });
  let drawn = 0;
  function extend(most) {
    body.append(...rows.slice(drawn, most).map((person) => boardRow(person, columns, looks)));
    drawn = Math.min(rows.length, most);
    more.hidden = drawn === rows.length;
    more.textContent = `Show all ${rows.length} rows`;
  }
  extend(PORTION);
  const table = h('table', { class: 'leaderboard', 'aria-rowcount': rows.length + 2, style: { '--tasks': columns.length + shownWaiting().length, '--leads': shownLeads().length, '--word': longestWord(columns) } },
    h('caption', { class: 'spoken' }, `Leaderboard of protocol ${board().protocol}: backbones by task, mean and standard deviation over seeds. Headings sort.`),
    h('colgroup', {}, h('col', { class: 'name' }), shownLeads().map(() => h('col', { class: 'lead' })), columns.map(() => h('col')), shownWaiting().map(() => h('col'))),
    headings(columns), body, h('tfoot', {}, floorRows(columns), publishedRows(columns)));
  const box = edged(h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': 'Leaderboard' }, table));
  box.addEventListener('scroll', () => {
    if (drawn < rows.length && box.scrollTop + 2 * box.clientHeight > box.scrollHeight) extend(drawn + PORTION);
  }, { passive: true });
  const old = $('#board .scroll')?.scrollLeft ?? 0;
  $('#board').replaceChildren(...[
    board().title && h('p', { class: 'meta' }, `Protocol ${board().protocol}: ${board().title}`),
    rows.length > 0 ? box : h('p', { class: 'nothing' }, data.boards.length ? 'No backbone fits these filters.' : 'No backbone has a record yet.'),
    rows.length > PORTION && more,
    legend(),
    ...board().warnings.map((text) => h('p', { class: 'warning' }, text)),
  ].filter(Boolean));
  box.scrollLeft = old;
}

// The signs of flags that the shown columns have, and what each means.
function flagLegend() {
  const seen = shownColumns().flatMap(({ flags }) => Object.values(flags)).map(({ marks }) => marks).join('');
  return Object.entries(data.marks).filter(([sign]) => seen.includes(sign))
    .map(([sign, text]) => h('span', {}, h('sup', { class: 'flag' }, sign), ` ${text}`));
}

function legend() {
  return h('p', { class: 'legend' },
    h('span', {}, h('b', {}, '24.0'), 'best'),
    h('span', {}, h('span', { class: 'sample near' }, '23.8'), 'not clearly below the best'),
    h('span', {}, h('i', { class: 'interval family-none', style: { '--m': 0.5, '--l': 0.25, '--w': 0.5 } }), 'mean ± sd over seeds, right is better'),
    h('span', {}, h('i', { class: 'tint' }), 'shaded from worst to best; no shade: not judged'),
    flagLegend(),
    h('button', { type: 'button', id: 'download', onclick: download }, 'Download these numbers (CSV)'));
}

function drawStatus() {
  const parts = [
    `${shownRows().length} of ${count(board().people.length, 'backbone')}`,
    `${shownColumns().length} of ${count(board().columns.length, 'task')}`,
  ];
  if (chosen.pins.size) parts.push(`${chosen.pins.size} highlighted`);
  $('#shown').textContent = parts.join(', ');
  $('#reset').hidden = !(chosen.kind.size || chosen.family.size || chosen.architecture.size || chosen.text);
}

// One line per score, in full precision, of what is shown.
function download() {
  const quoted = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value ?? '');
  const lines = [['protocol', 'task', 'metric', 'backbone', 'family', 'seed', 'value']];
  for (const column of shownColumns()) {
    for (const person of shownRows()) {
      column.seeds.forEach((seed, i) => lines.push([board().protocol, column.facts.name, column.facts.metric,
        person.id, person.family, seed, column.scores[person.row][i]]));
    }
  }
  const text = lines.map((line) => line.map(quoted).join(',')).join('\n');
  const link = h('a', { href: URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/csv' })),
    download: `${data.suite}.${board().protocol}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}
