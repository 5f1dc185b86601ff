// The dialog with all details of a cell: score, proof, losses, pictures, cost, configuration.
function showCell() {
  const dialog = $('#cell');
  const found = location.hash.startsWith('#cell=') ? cellAt(location.hash.slice(6)) : null;
  if (!found) {
    if (dialog.open) dialog.close();
    return;
  }
  drawCell(dialog, found);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  $('#cell-title').focus({ preventScroll: true });
}

function leaveCell() {
  if (location.hash.startsWith('#cell=')) history.pushState(null, '', `${location.pathname}${location.search}`);
}

function neighbours({ board: place, column, person }) {
  const ordered = bestFirst(column, place.people);
  const rank = ordered.findIndex((other) => other.row === person.row);
  const step = (text, other, task) => h('a', other && task ? { class: 'step', href: address(place, task, other) } : { class: 'step', 'aria-disabled': 'true' }, text);
  return h('div', { class: 'steps' },
    step('← better', ordered[rank - 1], column), step('worse →', ordered[rank + 1], column),
    step('previous task', person, place.columns[column.index - 1]), step('next task', person, place.columns[column.index + 1]));
}

function standing({ column, person, board: place }) {
  const places = scale(extremes(column, place.people.map((other) => other.row), true), !column.facts.higher);
  const others = place.people.filter((other) => column.means[other.row] !== null && other.row !== person.row);
  const box = track(column, person, places);
  box.prepend(...others.map((other) => h('i', { class: `other ${other.tint}`, style: { '--x': places.at(column.means[other.row]).toFixed(4) } })));
  return h('div', { class: 'standing' }, box);
}

function notJudged(column, row) {
  const seeds = present(column.scores[row]).length;
  if (!seeds || isJudged(column, row)) return '';
  if (column.deterministic) return 'deterministic: seeds give the same score';
  return seeds > 1 ? 'not judged' : 'one seed: not judged';
}

function verdict({ column, person, board: place }) {
  const { row } = person;
  const text = column.texts[row];
  const ordered = bestFirst(column, place.people).filter((other) => column.means[other.row] !== null);
  const rank = ordered.findIndex((other) => other.row === row) + 1;
  const words = [
    text && `${rank} of ${ordered.length}`,
    column.best.includes(row) && 'best', column.near.includes(row) && 'not clearly below the best', notJudged(column, row), column.problems[row],
    ...(column.flags[row]?.texts ?? []),
  ].filter(Boolean);
  return h('p', { class: 'verdict' }, h('b', {}, text ?? '–'), ' ', h('span', {}, column.facts.metric), h('span', { class: 'muted' }, words.join(' · ')));
}

function drawCell(dialog, found) {
  const { board: place, column, person } = found;
  const body = h('div', { class: 'body' }, h('p', { class: 'muted' }, 'Opening the evidence …'));
  dialog.replaceChildren(
    h('div', { class: 'head' },
      h('p', { class: 'eyebrow' }, `${column.facts.title} · ${place.protocol}`),
      h('form', { method: 'dialog' }, h('button', { class: 'close', 'aria-label': 'Close' }, '✕')),
      h('h2', { id: 'cell-title', tabindex: '-1' }, swatch(person), person.label),
      verdict(found), standing(found), neighbours(found)),
    body);
  evidence(place, column).then((block) => {
    if (dialog.contains(body)) body.replaceChildren(...cellParts(found, block).filter(Boolean));
  }, () => body.replaceChildren(h('p', { class: 'warning' }, 'This browser cannot open compressed evidence; a newer one can.')));
}

function cellParts({ board: place, column, person }, block) {
  const { row } = person;
  if (!block) return [h('p', { class: 'warning' }, 'The details of this cell are not embedded in this page; see its record files.')];
  const seeds = block.seeds[row];
  const runs = seeds.map((seed, i) => ({ label: `seed ${seed}`, style: `seed-${i % 4}`, curves: block.curves[row][i] }))
    .filter((run) => Object.keys(run.curves).length);
  const shots = pictures(place, column)[row] ?? [];
  const sections = block.sections[row].map(([title, facts]) => scroll(title, factsTable(title, facts, seeds)));
  return [
    ...seeds.map((seed, i) => block.errors[row][i] && h('p', { class: 'failure' }, h('b', {}, `Seed ${seed} failed. `), block.errors[row][i])),
    !seeds.length && h('p', { class: 'failure' }, `${column.problems[row] ?? 'No run'}.`),
    block.checks[row].length > 0 && h('ul', { class: 'checks', 'aria-label': 'Proof' },
      block.checks[row].map(([state, text]) => h('li', { class: state }, h('span', { class: 'spoken' }, { good: 'Holds: ', bad: 'Problem: ', note: 'Note: ' }[state]), text))),
    shots.length > 0 && sideNote(),
    shots.length > 0 && edged(h('div', { class: `film${column.facts.words ? ' worded' : ''}`, role: 'region', tabindex: '0', 'aria-label': 'Predictions next to ground truth' }, shots.map((item) => picture(place, column, person, item, item[0].replace(/\.png$/, '').replaceAll('_', ' '))))),
    runs.length > 0 && h('h3', {}, 'Training losses', runs.length > 1 && runs.map((run) => h('span', { class: `seed-key ${run.style}` }, h('i', {}), run.label))),
    runs.length > 0 && lossPanels(runs),
    h('div', { class: 'columns' }, sections),
    block.groups[row] && groupsTable(block.groups[row]),
    block.configs[row] && configPart(block.configs[row]),
    seeds.length > 0 && h('p', {}, h('a', { class: 'button', href: compareAddress(place, column, person) }, 'Compare this run with another')),
  ];
}

function factsTable(title, facts, seeds) {
  const differs = facts.some(([, texts]) => texts.length > 1);
  return h('table', { class: 'facts' }, h('caption', {}, title),
    differs && h('thead', {}, h('tr', {}, h('td', {}), seeds.map((seed) => h('th', { scope: 'col' }, `seed ${seed}`)))),
    h('tbody', {}, facts.map(([label, texts]) => h('tr', {}, h('th', { scope: 'row' }, label),
      texts.length > 1 ? texts.map((text) => h('td', {}, text)) : h('td', { colspan: differs && seeds.length }, texts[0])))));
}

// Learning rates as bars on a log axis: layer-wise decay is a staircase.
function groupsTable([columns, rows]) {
  const place = columns.indexOf('lr');
  const rates = rows.map((cells) => Number(cells[place])).filter((rate) => rate > 0);
  const [low, high] = [Math.log10(Math.min(...rates)) - 0.3, Math.log10(Math.max(...rates))];
  const bar = (text) => {
    const share = Number(text) > 0 ? (Math.log10(Number(text)) - low) / (high - low) : 0;
    return h('span', { class: 'rate', style: { '--w': share.toFixed(3) } }, text);
  };
  const body = rows.map(([head, ...cells]) => [head || '(unnamed)', ...cells.map((text, i) => (i + 1 === place ? bar(text) : text))]);
  return scroll('Parameter groups', grid('Learning rate and weight decay that each group got', columns, body, 'groups'));
}

function configPart(config) {
  const details = h('details', { class: 'config' }, h('summary', {}, 'Compiled configuration'));
  details.addEventListener('toggle', () => {
    if (details.open && !$('pre', details)) details.append(h('pre', { tabindex: '0' }, JSON.stringify(config, null, 1)));
  });
  return details;
}
