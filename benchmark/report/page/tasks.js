// A section per task: chart, sentences, pictures and losses, drawn when it is opened.
const FEW_CELLS = 120;
const FIRST_BARS = 16;
const MOST_LINES = 8;
const openTasks = new Set();

function bestFirst(column, people) {
  const sign = column.facts.higher ? -1 : 1;
  const value = (person) => column.means[person.row];
  return [...people].sort((a, b) =>
    (value(a) === null) - (value(b) === null) || sign * (value(a) - value(b)) || a.row - b.row);
}

function track(column, person, places) {
  const { row } = person;
  const mean = column.means[row];
  const at = (value) => ({ '--x': places.at(value).toFixed(4) });
  const sd = column.sds[row];
  const ends = sd > 0 && [places.at(mean - sd), places.at(mean + sd)].sort((a, b) => a - b);
  return h('span', { class: `track ${person.tint}`, 'aria-hidden': 'true' },
    column.floors.map((floor) => h('i', { class: 'floor', style: at(floor.value) })),
    mean !== null && [
      ends && h('i', { class: 'whisker', style: { '--x': ends[0].toFixed(4), '--w': (ends[1] - ends[0]).toFixed(4) } }),
      present(column.scores[row]).map((score) => h('i', { class: 'seed', style: at(score) })),
      h('i', { class: 'dot', style: at(mean) }),
    ]);
}

function chart(place, column, people) {
  const ordered = bestFirst(column, people);
  const values = extremes(column, people.map((person) => person.row), true);
  const places = scale(values, !column.facts.higher, 0.04, Math.min(...values) < 0 ? -Infinity : 0);
  const best = new Set(column.best);
  const bar = (person) => h('li', {},
    h('a', { class: 'label', href: address(place, column, person) }, swatch(person), person.label),
    track(column, person, places),
    h('span', { class: best.has(person.row) ? 'number best' : 'number' }, column.texts[person.row] ?? '–'));
  const list = h('ol', {}, ordered.slice(0, FIRST_BARS).map(bar));
  const hidden = ordered.slice(FIRST_BARS);
  const more = hidden.length > 0 && h('button', { type: 'button', class: 'more', onclick: () => {
    list.append(...hidden.map(bar));
    more.remove();
  } }, `Show ${hidden.length} more`);
  const ends = [places.low, places.high].map((value) => minus(value.toFixed(column.facts.decimals)));
  if (places.isFlipped) ends.reverse();
  return h('div', { class: 'chart' }, list,
    h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}),
      h('span', { class: 'ends' }, h('span', {}, ends[0]), h('span', {}, 'better →'), h('span', {}, ends[1])), h('span', {})),
    column.limit !== null && h('div', { class: 'axis' }, h('span', {}),
      h('span', { class: 'ruler' }, h('i', { style: { '--w': places.length(column.limit).toFixed(4) } }), `clear from ${column.limit_text}`), h('span', {})),
    column.floors.length > 0 && h('div', { class: 'axis' }, h('span', {}), h('span', { class: 'key' },
      column.floors.map((floor) => h('span', {}, h('i', { class: 'floor-key' }), `trivial predictor: ${floor.name}, ${floor.text}`))), h('span', {})),
    more);
}

function picture(place, column, person, [name, uri, width, height, seed], caption) {
  const alt = `Left: ground truth, right: prediction. ${column.facts.title}, ${person.label}, ${place.protocol}, seed ${seed}, ${name}`;
  const image = h('img', { src: uri, width, height, loading: 'lazy', alt });
  image.addEventListener('error', () => image.closest('figure').replaceChildren(
    h('p', { class: 'muted' }, 'The picture is in the folder next to the page: ', h('a', { href: uri }, uri))));
  const enlarge = () => {
    const viewer = $('#viewer');
    Object.assign($('img', viewer), { src: uri, alt });
    $('p', viewer).textContent = alt;
    viewer.showModal();
  };
  return h('figure', {}, h('button', { type: 'button', class: 'zoom', 'aria-label': `Enlarge: ${person.label}, ${name}`, onclick: enlarge }, image),
    h('figcaption', {}, caption ?? [swatch(person), person.label]));
}

// One strip per picture, so that every backbone is seen on the same image.
function films(place, column, people) {
  const strips = new Map();
  const found = pictures(place, column);
  for (const person of bestFirst(column, people)) {
    for (const item of found[person.row] ?? []) {
      const strip = strips.get(item[0]) ?? [];
      if (strip.length < 24) strip.push(picture(place, column, person, item));
      strips.set(item[0], strip);
    }
  }
  return [...strips].sort(([a], [b]) => a.localeCompare(b)).map(([name, figures]) => edged(h('div', {
    class: `film${column.facts.words ? ' worded' : ''}`, role: 'region', tabindex: '0', 'aria-label': `Predictions of ${column.facts.title}, ${name}`,
  }, figures))).flatMap((film, i) => (i ? [film] : [sideNote(), film]));
}

// How every gallery of predictions is drawn.
const sideNote = () => h('p', { class: 'meta' }, 'Left: ground truth. Right: prediction. Select a picture to enlarge it.');

// Losses with a line per backbone: the highlighted ones, else the best.
async function taskLosses(place, column, people) {
  const block = await evidence(place, column);
  if (!block) return null;
  const pinned = people.filter((person) => chosen.pins.has(person.id));
  const ordered = bestFirst(column, pinned.length ? pinned : people)
    .filter((person) => block.curves[person.row].some((curve) => Object.keys(curve).length));
  if (!ordered.length) return null;
  const runs = ordered.slice(0, MOST_LINES).map((person) => ({
    label: person.label, style: `line ${person.tint} ${dash(person)}`, person,
    curves: meanCurve(block.curves[person.row].filter((curve) => Object.keys(curve).length)),
  }));
  const which = ordered.length > MOST_LINES ? `the best ${MOST_LINES} of ${ordered.length} backbones` : 'mean over seeds, a line per backbone';
  return h('div', {}, h('h4', {}, 'Training losses ', h('small', {}, which)),
    h('ul', { class: 'lines-key' }, runs.map(({ person }) => h('li', {}, dashKey(person), person.label))), lossPanels(runs));
}

async function fillTask(details, place, column) {
  const people = shownRows();
  const body = h('div', { class: 'body' },
    h('p', { class: 'meta' }, [column.facts.head && `head ${column.facts.head}`, ...column.facts.splits,
      column.facts.versions.length > 0 && `version ${column.facts.versions.join(', ')}`, count(column.seeds.length, 'seed')].filter(Boolean).join(' · ')),
    h('div', { class: 'pair' }, chart(place, column, people),
      h('ul', { class: 'sentences' }, column.sentences.map((sentence) => h('li', {}, sentence)))),
    films(place, column, people));
  $('.body', details)?.remove();
  details.append(body);
  const losses = await taskLosses(place, column, people);
  if (losses) body.append(losses);
}

function taskSummary(column, people) {
  const first = bestFirst(column, people)[0];
  const mean = first && column.texts[first.row];
  return h('summary', {}, h('h4', {}, column.facts.title), h('span', { class: 'metric' }, column.facts.metric),
    mean && h('span', { class: 'leader' }, swatch(first), h('span', { class: 'label' }, first.label), h('span', { class: 'number' }, mean),
      !isJudged(column, first.row) && h('small', { class: 'muted' }, notJudged(column, first.row))));
}

function drawTasks() {
  const [place, people] = [board(), shownRows()];
  const isSmall = place.columns.length * place.people.length <= FEW_CELLS;
  const parts = [];
  let kind = null;
  for (const column of shownColumns()) {
    if (column.facts.kind !== kind) parts.push(h('h3', {}, kind = column.facts.kind));
    const { name } = column.facts;
    if (isSmall && !openTasks.has(`seen ${name}`)) openTasks.add(name);
    openTasks.add(`seen ${name}`);
    const details = h('details', { class: 'task', 'data-task': name }, taskSummary(column, people));
    if (openTasks.has(name)) {
      details.open = true;
      whenNear(details, () => fillTask(details, place, column));
    }
    details.addEventListener('toggle', () => {
      openTasks[details.open ? 'add' : 'delete'](name);
      if (details.open && !$('.body', details)) fillTask(details, place, column);
    });
    parts.push(details);
  }
  $('#tasks .view').replaceChildren(...parts);
}

// An open section is filled when it comes near the visible part of the page.
function whenNear(element, act) {
  const once = () => {
    observer.disconnect();
    waiting.delete(once);
    if (element.isConnected && !$('.body', element)) act();
  };
  const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && once(), { rootMargin: '600px' });
  observer.observe(element);
  waiting.add(once);
}

// What is drawn only when it comes near; all of it before a jump past it, and for print.
const waiting = new Set();
function drawAll() {
  for (const once of [...waiting]) once();
}

// Go to a section and stay there while the parts before it grow, until the reader moves on.
let leave = () => {};
function land(section) {
  leave();
  drawAll();
  const go = () => section.scrollIntoView({ behavior: 'instant' });
  go();
  const grown = new ResizeObserver(go);
  grown.observe($('main'));
  const moves = ['wheel', 'touchstart', 'pointerdown', 'keydown'];
  leave = () => {
    grown.disconnect();
    for (const name of moves) removeEventListener(name, leave);
    leave = () => {};
  };
  for (const name of moves) addEventListener(name, leave, { passive: true });
  setTimeout(leave, LONGEST_GROWTH);
}
const LONGEST_GROWTH = 5000; // ms
