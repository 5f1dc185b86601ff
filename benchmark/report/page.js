'use strict';
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Filters: an element disappears when one of its facts differs from the choice made for it.
  const facts = ['kind', 'protocol', 'family'];
  const filtered = all(facts.map((fact) => `[data-${fact}]`).join(','));

  function applyFilters() {
    const chosen = Object.fromEntries(all('.filters input:checked').map((i) => [i.name, i.value]));
    for (const element of filtered) {
      element.hidden = facts.some(
        (fact) => chosen[fact] && fact in element.dataset && element.dataset[fact] !== chosen[fact]
      );
    }
    const visible = (selector) => all(selector).filter((element) => !element.closest('[hidden]'));
    const names = new Set(visible('tbody tr[data-backbone]').map((row) => row.dataset.backbone));
    const tasks = visible('article').length;
    document.getElementById('shown').textContent =
      `Showing ${names.size} backbones and ${tasks} tasks.`;
  }
  for (const input of all('.filters input')) {
    input.checked = input.defaultChecked;
    input.addEventListener('change', applyFilters);
  }

  // Sorting: the better side first, then reversed; cells without a value stay last.
  function compare(a, b) {
    const numbers = [Number(a), Number(b)];
    return numbers.some(Number.isNaN) ? a.localeCompare(b) : numbers[0] - numbers[1];
  }

  function sort(heading) {
    const opposite = { ascending: 'descending', descending: 'ascending' };
    const current = heading.getAttribute('aria-sort');
    const order = current ? opposite[current] : heading.dataset.first;
    const column = heading.cellIndex;
    const body = heading.closest('table').tBodies[0];
    const sign = order === 'ascending' ? 1 : -1;
    const keyed = [...body.rows].map((row) => [row.cells[column].dataset.value, row]);
    keyed.sort(([a], [b]) => (a === '' || b === '' ? (a === '') - (b === '') : sign * compare(a, b)));
    body.append(...keyed.map(([, row]) => row));
    for (const other of all('th[aria-sort]', heading.parentElement)) {
      other.removeAttribute('aria-sort');
    }
    heading.setAttribute('aria-sort', order);
  }
  for (const button of all('.sorter')) {
    button.addEventListener('click', () => sort(button.closest('th')));
  }

  // A score in the table leads to its evidence, which has to be open to be seen.
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView({ block: 'start' });
      target.querySelector('summary').focus({ preventScroll: true });
    }
  }
  window.addEventListener('hashchange', openTarget);
  for (const link of all('td.score > a')) {
    link.addEventListener('click', () => {
      if (link.hash === location.hash) openTarget();
    });
  }
  openTarget();

  const viewer = document.getElementById('viewer');
  for (const button of all('.zoom')) {
    button.addEventListener('click', () => {
      const [image, enlarged] = [button.querySelector('img'), viewer.querySelector('img')];
      enlarged.src = image.src;
      enlarged.alt = image.alt;
      viewer.querySelector('p').textContent = image.alt;
      viewer.showModal();
    });
  }

  document.getElementById('download').addEventListener('click', () => {
    const csv = JSON.parse(document.getElementById('numbers').textContent);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
    link.download = `${document.querySelector('h1').textContent}.long.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
