// Entry point: build the views, react to the address, remember the theme.
function drawFailed() {
  const view = $('#failed .view');
  if (!view) return;
  const rows = data.failed.map((run) => [run.task, run.label, run.protocol, String(run.seed), run.error]);
  const first = rows.slice(0, 50);
  const table = (some) => scroll('Failed runs', grid('Failed runs and why', ['Task', 'Backbone', 'Protocol', 'Seed', 'Reason'], some, 'failures'));
  view.replaceChildren(table(first));
  if (rows.length > first.length) {
    view.append(h('button', { type: 'button', class: 'more', onclick: () => view.replaceChildren(table(rows)) }, `Show all ${rows.length}`));
  }
}

function startTheme() {
  const button = $('#theme');
  const names = ['auto', 'light', 'dark'];
  const storage = (act) => {
    try {
      return act(localStorage);
    } catch {
      return null; // a browser may forbid storage to pages from disk
    }
  };
  const apply = (name) => {
    if (name === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.textContent = `Theme: ${name}`;
  };
  let current = storage((store) => store.getItem('theme'));
  if (!names.includes(current)) current = 'auto';
  apply(current);
  button.hidden = false;
  button.addEventListener('click', () => {
    current = names[(names.indexOf(current) + 1) % names.length];
    apply(current);
    storage((store) => store.setItem('theme', current));
  });
}

function startViews() {
  const views = [['#profile .view', drawProfile], ['#scatter .view', drawScatter]].map(([selector, draw]) => {
    const view = $(selector);
    const state = { width: 0, draw: () => state.width && draw(view, state.width) };
    whenNear(view, () => onWidth(view, (width) => {
      state.width = width;
      state.draw();
    }));
    return state;
  });
  drawFilters();
  listeners.push(hideSections, drawStatus, drawBoard, drawOverall, () => {
    tip.hide();
    for (const view of views) view.draw();
  }, drawTasks);
  for (const listener of listeners) listener();
  matchMedia('(max-width: 660px)').addEventListener('change', drawOverall);
  startPairs();
  startCompare();
}

// Sections that say nothing about a board of this size are not shown, nor are their links.
const applies = {
  overall: ({ rows }) => rows.length > 1,
  profile: ({ rows, columns }) => rows.length > 1 && columns.length > 1,
  scatter: ({ rows }) => rows.length > 1,
  compare: () => data.boards.reduce((sum, { rows, columns }) => sum + rows.length * columns.length, 0) > 1,
};
function hideSections() {
  for (const [id, isApt] of Object.entries(applies)) {
    const isHidden = !data.boards.length || !isApt(board());
    $(`#${id}`).hidden = isHidden;
    $(`.bar a[href='#${id}']`).parentElement.hidden = isHidden;
  }
}

// A link to a section must land on it, though sections before it are drawn late.
function showSection() {
  const section = location.hash.includes('=') ? null : document.getElementById(location.hash.slice(1));
  if (section?.parentElement === $('main')) land(section);
}

// A wide figure is made to fit; at full size it scrolls in its frame.
function startFigures() {
  for (const box of $$('#analyses .scroll')) edged(box);
  for (const button of $$('#analyses .full-size')) {
    const frame = $('.figure', button.closest('article'));
    button.hidden = false;
    button.addEventListener('click', () => {
      const isFull = frame.classList.toggle('full');
      button.setAttribute('aria-pressed', String(isFull));
      frame.dispatchEvent(new Event('scroll'));
    });
  }
}

addEventListener('beforeprint', drawAll);
startTheme();
startFigures();
drawFailed();
drawHistory();
if (data.boards.length) {
  startViews();
  $('#cell').addEventListener('close', leaveCell);
  window.addEventListener('hashchange', () => {
    showCell();
    showCompare();
    showSection();
  });
  showCell();
  showCompare();
  showSection();
} else {
  $('#board').append(h('p', { class: 'nothing' }, 'No backbone has a record yet.'));
  hideSections();
  $('#tasks').hidden = true;
}
