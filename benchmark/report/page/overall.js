// All tasks together: aggregates with both intervals, pairs, contrasts, agreement of protocols.
const aggregates = [
  { key: 'score', title: 'Normalised score', decimals: 1, higher: true },
  { key: 'iqm', title: 'Interquartile mean', decimals: 1, higher: true },
  { key: 'rank', title: 'Mean rank', decimals: 2, higher: false, least: 1 },
  { key: 'borda', title: 'Rivals beaten (%)', decimals: 1, higher: true },
];
let aggregate = 'score';

const minus = (text) => text.replace('-', '−');
const estimateOf = (person, key) => board().overall.standings[person.row]?.[key] ?? null;
const isKnownAggregate = (key) => Object.values(board().overall.standings).some((standing) => standing[key]);
const reach = (estimates, isFlipped, more = [], least = -Infinity) =>
  scale([...more, ...estimates.flatMap(([value, seeds, tasks]) => [value, ...(seeds ?? []), ...(tasks ?? [])])], isFlipped, 0.04, least);

// A dot, a bar over seeds and a thin line over tasks.
function estimateTrack([value, seeds, tasks], places, tint, zero) {
  const range = (style, ends) => {
    if (!ends) return null;
    const [low, high] = ends.map(places.at).sort((a, b) => a - b);
    return h('i', { class: style, style: { '--x': low.toFixed(4), '--w': (high - low).toFixed(4) } });
  };
  return h('span', { class: `track ${tint}`, 'aria-hidden': 'true' },
    zero !== undefined && h('i', { class: 'floor', style: { '--x': places.at(zero).toFixed(4) } }),
    range('reach', tasks), range('whisker', seeds), h('i', { class: 'dot', style: { '--x': places.at(value).toFixed(4) } }));
}

function estimateText([value, seeds, tasks], decimals) {
  const ends = (name, found) => found && minus(`${name} ${found.map((end) => end.toFixed(decimals)).join(' to ')}`);
  return [minus(value.toFixed(decimals)), ends('seeds', seeds), ends('tasks', tasks)].filter(Boolean);
}

function standingsChart() {
  const known = aggregates.filter(({ key }) => isKnownAggregate(key));
  const { key, decimals, higher, least } = known.find((item) => item.key === aggregate) ?? known[0];
  const value = (person) => estimateOf(person, key)[0];
  const people = shownRows().filter((person) => estimateOf(person, key))
    .sort((a, b) => (higher ? value(b) - value(a) : value(a) - value(b)) || a.row - b.row);
  const places = reach(people.map((person) => estimateOf(person, key)), !higher, [], least);
  const bar = (person) => {
    const texts = estimateText(estimateOf(person, key), decimals);
    const line = estimateTrack(estimateOf(person, key), places, person.tint);
    line.addEventListener('pointermove', (event) => tip.show(event, person.label, ...texts));
    line.addEventListener('pointerleave', tip.hide);
    return h('li', {}, h('span', { class: 'label' }, swatch(person), person.label), line,
      h('span', { class: 'number' }, texts[0], h('span', { class: 'spoken' }, texts.slice(1).join(', '))));
  };
  const list = h('ol', {}, people.slice(0, FIRST_BARS).map(bar));
  const hidden = people.slice(FIRST_BARS);
  const more = hidden.length > 0 && h('button', { type: 'button', class: 'more', onclick: () => {
    list.append(...hidden.map(bar));
    more.remove();
  } }, `Show ${hidden.length} more`);
  const ends = [places.low, places.high].map((end) => minus(end.toFixed(decimals)));
  if (!higher) ends.reverse();
  const has = (i) => people.some((person) => estimateOf(person, key)[i]);
  return h('div', { class: 'chart' },
    h('div', { class: 'controls' }, select('Aggregate', [['', known.map((item) => [item.key, item.title])]], key, (next) => {
      aggregate = next;
      drawOverall();
      $('#overall select').focus();
    })),
    list,
    h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}),
      h('span', { class: 'ends' }, h('span', {}, ends[0]), h('span', {}, 'better →'), h('span', {}, ends[1])), h('span', {})),
    h('p', { class: 'legend' },
      has(1) ? h('span', {}, h('i', { class: 'bar-key' }), '95 % t-interval over seeds, same tasks (in simulation 93 to 99 %)') : h('span', {}, 'No interval over seeds: a task has one seed'),
      has(2) && h('span', {}, h('i', { class: 'line-key' }), '95 % t-interval over kinds of task, same seeds (in simulation 93 to 100 %)')),
    more);
}

function improvementTable({ rows, shares, left_out: leftOut }) {
  const people = rows.map((row) => board().people[row]);
  const cell = (share, i, j) => (i === j ? h('td', { class: 'self' }) : h('td', {
    style: { '--heat': (Math.abs(share - 50) / 50).toFixed(2), '--hue': share >= 50 ? 'var(--accent)' : 'var(--supervised)' },
  }, share));
  return h('div', { class: 'block' }, h('h3', {}, 'Probability of improvement'),
    h('p', { class: 'meta' }, `Probability, in percent, that a run of the row's backbone beats a run of the column's on a task.${leftOut ? ` ${leftOut} lower-ranked backbones are not shown.` : ''}`),
    scroll('Probability of improvement', h('table', { class: 'matrix' },
      h('caption', { class: 'spoken' }, 'Probability of improvement of row over column, percent'),
      h('thead', {}, h('tr', {}, h('td', {}), people.map((person, i) => h('th', { scope: 'col', title: person.label }, i + 1, h('span', { class: 'spoken' }, person.label))))),
      h('tbody', {}, people.map((person, i) => h('tr', {},
        h('th', { scope: 'row' }, h('span', { class: 'muted' }, i + 1), swatch(person), person.label),
        shares[i].map((share, j) => cell(share, i, j))))))));
}

// Mean ranks on an axis; bars join backbones that do not differ significantly.
function criticalDiagram({ label, critical, ranks, cliques }, width) {
  const found = Object.entries(ranks).map(([row, rank]) => ({ person: board().people[row], rank })).sort((a, b) => a.rank - b.rank);
  if (found.length > 24) return null;
  const said = `Mean ranks: ${found.map(({ person, rank }) => `${person.label} ${rank.toFixed(2)}`).join(', ')}. ${critical === null ? 'No significant differences.' : `Critical difference ${critical.toFixed(2)}.`}`;
  const pads = classicPads(found);
  return h('div', { class: 'block' }, h('h3', {}, 'Critical differences'), h('p', { class: 'meta' }, label),
    AXIS + pads[0] + pads[1] > width ? stackedRanks(found, cliques, critical, width, said) : classicRanks(found, ranks, cliques, critical, said, pads));
}

const rankTicks = (last) => Array.from({ length: last }, (_, i) => i + 1).filter((n) => last <= 12 || n % Math.ceil(last / 12) === 1);

// Fallback where names do not fit beside the axis: a row per backbone, brackets join those that do not differ significantly.
function stackedRanks(found, cliques, critical, width, said) {
  const [top, step] = [26, 38];
  const last = Math.max(...found.map(({ rank }) => Math.ceil(rank)), 2);
  const right = width - 10 - 9 * cliques.length;
  const x = (rank) => 8 + ((rank - 1) / (last - 1)) * (right - 16);
  const y = (i) => top + 26 + i * step;
  const height = top + found.length * step + 22;
  return svg('svg', { class: 'plot critical', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': said },
    svg('g', { class: 'axis' }, rankTicks(last).map((n) => [
      svg('line', { class: 'rule', x1: x(n), x2: x(n), y1: top - 8, y2: height - 22 }),
      svg('text', { class: 'tick', x: x(n), y: top - 12, 'text-anchor': 'middle' }, n)])),
    found.map(({ person, rank }, i) => svg('g', { class: person.tint },
      svg('path', { class: 'lead', d: `M${x(1)} ${y(i)}H${right - 8}` }), svg('circle', { cx: x(rank), cy: y(i), r: 5 }),
      svg('text', { class: 'name', x: x(1), y: y(i) - 9 }, cut(person.label, Math.floor((right - 60) / 7))),
      svg('text', { class: 'name', x: right - 8, y: y(i) - 9, 'text-anchor': 'end' }, rank.toFixed(2)))),
    cliques.map((clique, i) => {
      const rows = clique.map((row) => found.findIndex(({ person }) => person.row === row));
      return svg('line', { class: 'clique', x1: right + 8 + 9 * i, x2: right + 8 + 9 * i, y1: y(Math.min(...rows)) - 6, y2: y(Math.max(...rows)) + 6 });
    }),
    critical !== null && svg('text', { class: 'tick', x: x(1), y: height - 4 }, `critical difference ${critical.toFixed(2)}`));
}

const AXIS = 250;
// Margins left and right of the axis for the names of both halves.
function classicPads(found) {
  const half = Math.ceil(found.length / 2);
  return [found.slice(0, half), found.slice(half)].map((side) => 30 + 6.9 * Math.max(0, ...side.map(({ person }) => cut(person.label, 30).length)));
}

function classicRanks(found, ranks, cliques, critical, said, [left, right]) {
  const [width, top, step] = [AXIS + left + right, 46, 19];
  const last = Math.max(...found.map(({ rank }) => Math.ceil(rank)), 2);
  const x = (rank) => left + ((rank - 1) / (last - 1)) * AXIS;
  const half = Math.ceil(found.length / 2);
  const base = top + 14 + 9 * cliques.length;
  const marks = found.map(({ person, rank }, i) => {
    const isLeft = i < half;
    const y = base + 10 + (isLeft ? i : found.length - 1 - i) * step;
    const edge = isLeft ? left - 14 : width - right + 14;
    return svg('g', { class: person.tint }, svg('path', { class: 'lead', d: `M${x(rank)} ${top}V${y}H${edge}` }),
      svg('text', { x: isLeft ? edge - 5 : edge + 5, y: y + 4, 'text-anchor': isLeft ? 'end' : 'start' }, cut(person.label, 30)));
  });
  const height = base + 14 + half * step;
  return scroll('Critical-difference diagram', svg('svg', { class: 'plot critical', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': said },
      svg('g', { class: 'axis' }, svg('line', { x1: x(1), x2: x(last), y1: top, y2: top }),
        rankTicks(last).map((n) => [svg('line', { x1: x(n), x2: x(n), y1: top - 4, y2: top }), svg('text', { class: 'tick', x: x(n), y: top - 9, 'text-anchor': 'middle' }, n)]),
        critical !== null && [svg('line', { x1: x(1), x2: Math.min(x(1 + critical), width), y1: 12, y2: 12 }),
          svg('text', { class: 'tick', x: x(1) - 8, y: 16, 'text-anchor': 'end' }, `critical ${critical.toFixed(2)}`)]),
      marks,
      cliques.map((clique, i) => {
        const places = clique.map((row) => x(ranks[row]));
        return svg('line', { class: 'clique', x1: Math.min(...places) - 4, x2: Math.max(...places) + 4, y1: top + 11 + 9 * i, y2: top + 11 + 9 * i });
      })));
}

function estimateRows(title, note, items, places, zero, decimals, isSigned) {
  return h('div', { class: 'block' }, h('h3', {}, title), note && h('p', { class: 'meta' }, note),
    h('ul', { class: 'effects' }, items.map(({ name, estimate, sentence }) => h('li', {},
      h('span', { class: 'label' }, name),
      estimate ? estimateTrack(estimate, places, 'family-mim', zero) : h('span', {}),
      h('span', { class: 'number' }, estimate ? minus(`${isSigned && estimate[0] > 0 ? '+' : ''}${estimate[0].toFixed(decimals)}`) : '–'), h('p', {}, sentence)))));
}

function contrastPart(contrasts) {
  const estimates = contrasts.map((item) => item.estimate).filter(Boolean);
  const places = reach(estimates, false, [0]);
  return estimateRows('Masked against supervised pretraining', 'Difference in points of normalised score over matched pairs; right of the dashed line masked pretraining is ahead.',
    contrasts.map((item) => ({ name: item.group, ...item })), places, 0, 1, true);
}

function agreementPart(agreements) {
  return estimateRows('Can a cheaper protocol replace fine-tuning?', "Kendall's τ between its ranking of the backbones and that of fine-tuning; 1 is the same order.",
    agreements.map((item) => ({ name: item.protocol, ...item })), scale([-1, 1], false, 0), 0, 2, false);
}

// The style sheet sets blocks in two columns of at least 34rem where both fit.
const columnWidth = (width) => (width >= 1142 ? (width - 55) / 2 : width);

function drawOverall() {
  const { sentences, improvement, diagram, contrasts } = board().overall;
  const hasStandings = aggregates.some(({ key }) => isKnownAggregate(key));
  $('#overall .view').replaceChildren(...[
    h('div', { class: 'pair' }, hasStandings ? standingsChart() : h('p', { class: 'muted' }, 'No backbone has an aggregate.'),
      h('ul', { class: 'sentences' }, sentences.map((text) => h('li', {}, text)))),
    h('div', { class: 'blocks' }, ...[
      contrasts.some((item) => item.estimate) && contrastPart(contrasts.filter((item) => item.estimate)),
      data.agreements.some((item) => item.estimate) && agreementPart(data.agreements),
      improvement && improvementTable(improvement),
      diagram && criticalDiagram(diagram, columnWidth($('#overall .view').clientWidth)),
    ].filter(Boolean)),
  ]);
}
