// Scales from numbers to pixels. In every chart of a score, better is right or up.
const present = (values) => values.filter((value) => value !== null && value !== undefined);

// Seeds and whiskers of a column, and its trivial predictors where they are drawn too.
function extremes(column, rows, hasFloors = false) {
  const values = hasFloors ? column.floors.map((floor) => floor.value) : [];
  for (const row of rows) {
    const mean = column.means[row];
    if (mean === null) continue;
    const sd = column.sds[row] ?? 0;
    values.push(mean - sd, mean + sd, ...present(column.scores[row]));
  }
  return values;
}

function scale(values, isFlipped, margin = 0.04, least = -Infinity) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  const extra = margin * (high - low) || Math.abs(high) * 0.01 || 1;
  [low, high] = [Math.max(low - extra, least), high + extra];
  const at = (value) => {
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return isFlipped ? 1 - share : share;
  };
  return { at, low, high, isFlipped, length: (value) => Math.min(1, value / (high - low)) };
}

// Round numbers inside an axis, about `most` of them; powers of ten and their halves on a log axis.
function ticks(low, high, most = 5) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, i) => (first + i) * step);
}
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of [1, 2, 5]) found.push(factor * 10 ** power);
  }
  const inside = found.filter((value) => value >= low && value <= high);
  return inside.length > 7 ? inside.filter((value) => Number.isInteger(Math.log10(value))) : inside;
}

// A tick with as many decimals as its neighbours need.
function tickText(marks) {
  const [size, letter] = units.find(([limit]) => Math.max(...marks.map(Math.abs)) >= limit) ?? [1, ''];
  const gaps = marks.slice(1).map((mark, i) => mark - marks[i]);
  const decimals = Math.max(0, -Math.floor(Math.log10(Math.min(...gaps, Infinity) / size) + 1e-9));
  return (mark) => `${(mark / size).toFixed(Math.min(decimals, 6))}${letter}`;
}

const units = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
function short(value) {
  const [size, letter] = units.find(([limit]) => Math.abs(value) >= limit) ?? [1, ''];
  return `${Number((value / size).toPrecision(3))}${letter}`;
}

// Share of pairs in the same order minus the share in opposite order, ties taken into account.
function kendall(xs, ys) {
  let [sum, tiedX, tiedY, pairs] = [0, 0, 0, 0];
  for (let i = 0; i < xs.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const [dx, dy] = [Math.sign(xs[i] - xs[j]), Math.sign(ys[i] - ys[j])];
      sum += dx * dy;
      tiedX += dx === 0;
      tiedY += dy === 0;
      pairs += 1;
    }
  }
  return sum / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}
