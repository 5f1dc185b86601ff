// Build elements without HTML strings, so that text from records is never parsed as HTML.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    } else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
const h = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const swatch = (row) => h('i', { class: `swatch ${row.tint}`, 'aria-hidden': 'true' });
const scroll = (label, ...children) =>
  edged(h('div', { class: 'scroll plain', role: 'region', tabindex: '0', 'aria-label': label }, children));

// A box that fades at the right as long as there is more to scroll to.
function edged(box) {
  const look = () => box.classList.toggle('more-right', box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
  box.addEventListener('scroll', look, { passive: true });
  new ResizeObserver(look).observe(box);
  return box;
}
const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;

function select(label, groups, value, onchange) {
  const option = ([key, text]) => h('option', { value: key, selected: key === value }, text);
  const body = groups.map(([title, options]) =>
    title ? h('optgroup', { label: title }, options.map(option)) : options.map(option));
  return h('label', { class: 'field' }, h('span', {}, label),
    h('select', { onchange: (event) => onchange(event.target.value) }, body));
}

// A table of plain texts; the first text of each row is its heading.
function grid(caption, columns, rows, style = '') {
  return h('table', { class: `facts ${style}` }, h('caption', {}, caption),
    columns.length > 0 && h('thead', {}, h('tr', {}, columns.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, rows.map(([head, ...cells]) =>
      h('tr', {}, h('th', { scope: 'row' }, head), cells.map((cell) => h('td', {}, cell))))));
}

const tip = {
  show(event, ...lines) {
    const box = $('#tip');
    box.replaceChildren(...lines.map((line, i) => h(i ? 'span' : 'b', {}, line)));
    box.hidden = false;
    const { width, height } = box.getBoundingClientRect();
    const around = event.target.getBoundingClientRect();
    const x = event.clientX || around.right;
    const y = event.clientY || around.top;
    box.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
    box.style.top = `${Math.max(8, y + 18 + height > innerHeight ? y - height - 10 : y + 18)}px`;
  },
  hide() { $('#tip').hidden = true; },
};

// Draw again when the width changes: drawings are laid out for the width they get.
function onWidth(element, draw) {
  let last = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width && width !== last) draw(last = width);
  }).observe(element);
}
