// Two backbones under a protocol: the differences that were computed for each pair of first rows.
const couple = { board: 0, a: 0, b: 1 };

// A pair is held once, the higher row first; seen from the other side every sign turns.
function turned(text) {
  const minus = '\u2212';
  if (text.includes(' to ')) {
    const ends = text.split(' to ').map(turned);
    return ends.reverse().map((end) => end.replace('+', '')).join(' to ');
  }
  if (!/[1-9]/.test(text)) return text;
  return text.startsWith(minus) ? `+${text.slice(1)}` : `${minus}${text.replace('+', '')}`;
}

function drawPair() {
  const view = $('#pair .view');
  const [place, held] = [data.boards[couple.board], data.pairs[couple.board]];
  const { a, b } = couple;
  const found = held.pairs[`${Math.min(a, b)}-${Math.max(a, b)}`];
  const names = place.people.slice(0, held.rows).map((person, i) => [String(i), person.label]);
  const pick = (side) => select(side.toUpperCase(), [['', names]], String(couple[side]), (i) => {
    const other = side === 'a' ? 'b' : 'a';
    if (Number(i) === couple[other]) couple[other] = couple[side];
    couple[side] = Number(i);
    drawPair();
    $$('#pair select')[side === 'a' ? 0 : 1].focus();
  });
  const protocol = data.boards.length > 1 && select('Protocol', [['', data.boards.map((item, i) => [String(i), item.protocol])]], String(couple.board), (i) => {
    Object.assign(couple, { board: Number(i), a: 0, b: 1 });
    drawPair();
  });
  const left = place.people.length - held.rows;
  const rows = (found?.tasks ?? []).map(([title, size, ends, ...rest]) =>
    (a < b ? [title, size, ends, ...rest] : [title, turned(size), turned(ends), ...rest]));
  view.replaceChildren(
    h('div', { class: 'runs' }, pick('a'), pick('b'), protocol),
    h('p', { role: 'status' }, found ? found.said : 'These two have no task in common under this protocol.'),
    ...(rows.length ? [scroll('Differences by task', grid('Positive: A is better, whatever the direction of the metric', data.pair_heads, rows))] : []),
    ...(found?.missing ?? []).map((line) => h('p', { class: 'muted' }, line)),
    ...(left > 0 ? [h('p', { class: 'muted' }, `The first ${held.rows} rows are here; tbench compare has the other ${left}.`)] : []));
}

function startPairs() {
  if (!$('#pair')) return;
  couple.board = Math.max(0, data.pairs.findIndex((item) => Object.keys(item.pairs).length));
  whenNear($('#pair .view'), drawPair);
}
