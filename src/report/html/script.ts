import { GRAPH_SCRIPT } from './graph-script.js';

/**
 * The page's script: without it everything can still be read. It switches the theme, opens what is linked to, sorts and
 * filters the table of models, lights up layers that belong together, and opens all for printing.
 */
export const SCRIPT = `
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const themes = ['system', 'light', 'dark'];
  const theme = document.getElementById('theme');
  theme.addEventListener('click', () => {
    const next = themes[(themes.indexOf(theme.dataset.now) + 1) % themes.length];
    theme.dataset.now = next;
    theme.textContent = 'Theme: ' + next;
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
  });

  const details = () => all('article.model > details');
  document.getElementById('open').addEventListener('click', () => details().forEach((d) => { d.open = true; }));
  document.getElementById('close').addEventListener('click', () => details().forEach((d) => { d.open = false; }));

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const article = target && target.closest('article.model');
    if (!article) return;
    article.querySelector('details').open = true;
    target.scrollIntoView({ block: 'nearest' });
    const focus = target === article ? article.querySelector('summary') : target;
    if (focus === target) target.tabIndex = -1;
    focus.focus({ preventScroll: true });
  };
  addEventListener('hashchange', reveal);
  // A link to where one is already changes no hash.
  document.addEventListener('click', (event) => { if (event.target.closest('a[href="' + location.hash + '"]')) reveal(); });
  reveal();

  let closed = [];
  addEventListener('beforeprint', () => { closed = details().filter((d) => !d.open); closed.forEach((d) => { d.open = true; }); });
  addEventListener('afterprint', () => { closed.forEach((d) => { d.open = false; }); closed = []; });

  const light = (event) => {
    const pointed = event.type !== 'pointerout' && event.target.closest('.layers tr');
    const row = pointed || document.activeElement.closest('.layers tr');
    all('.layers tr.same').forEach((r) => r.classList.remove('same'));
    if (!row || !row.dataset.n) return;
    all('tr[data-n="' + row.dataset.n + '"]', row.parentNode).forEach((r) => r.classList.add('same'));
  };
  for (const type of ['pointerover', 'pointerout', 'focusin']) document.addEventListener(type, light);

  const body = document.querySelector('#models tbody');
  const valueOf = (row, i, kind) => {
    const cell = row.children[i];
    if (kind === 't') return cell.textContent;
    const n = Number(cell.dataset.v);
    return Number.isNaN(n) ? Infinity : n;
  };
  all('#models thead th').forEach((th, i) => th.firstChild.addEventListener('click', () => {
    const down = th.getAttribute('aria-sort') === 'ascending';
    all('#models thead th').forEach((other) => other.removeAttribute('aria-sort'));
    th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const kind = th.firstChild.dataset.sort;
    const rows = [...body.children].sort((a, b) => {
      const [x, y] = [valueOf(a, i, kind), valueOf(b, i, kind)];
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    body.append(...rows);
  }));

${GRAPH_SCRIPT}
  const filter = document.getElementById('filter');
  if (filter) filter.addEventListener('input', () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const row of body.children) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      document.getElementById(row.dataset.model).hidden = row.hidden;
      if (!row.hidden) shown++;
    }
    document.getElementById('shown').textContent = wanted === '' ? '' : shown + ' of ' + body.children.length;
  });
})();
`;
