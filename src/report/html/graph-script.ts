/**
 * The graphs' part of the page's script: zooms both panes, moves them by dragging, and lights up what belongs together when
 * a node is pointed at or reached by n and p.
 */
export const GRAPH_SCRIPT = `
  const places = (g) => new Set((g.dataset.o || '').split(' ').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return part === '' ? [] : Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }));
  const zoomTo = (svg, scale) => {
    const { width, height } = svg.viewBox.baseVal;
    const pane = svg.parentNode;
    const before = Number(svg.dataset.scale || 1);
    const [x, y] = [(pane.scrollLeft + pane.clientWidth / 2) / before, (pane.scrollTop + pane.clientHeight / 2) / before];
    svg.dataset.scale = scale;
    svg.setAttribute('width', width * scale);
    svg.setAttribute('height', height * scale);
    pane.scrollTo(x * scale - pane.clientWidth / 2, y * scale - pane.clientHeight / 2);
  };
  // One scale for both, so that they can be compared.
  const zoom = (nets, how) => {
    const drawings = all('svg.net', nets);
    const whole = Math.min(1, ...drawings.map((svg) => {
      const { width, height } = svg.viewBox.baseVal;
      return Math.min(svg.parentNode.clientWidth / width, svg.parentNode.clientHeight / height);
    }));
    const now = Number(drawings[0].dataset.scale || 1);
    const scale = how === 'fit' ? whole : Math.min(4, Math.max(Math.min(whole, .2), now * (how === 'in' ? 1.25 : .8)));
    drawings.forEach((svg) => zoomTo(svg, scale));
  };
  const show = (pane, g) => {
    const [outer, inner] = [pane.getBoundingClientRect(), g.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) pane.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
    if (inner.left < outer.left || inner.right > outer.right) pane.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
  };
  const point = (nets, node) => {
    all('g.same', nets).forEach((g) => g.classList.remove('same'));
    if (!node) return;
    const wanted = places(node);
    const said = [node.querySelector('title').textContent];
    node.classList.add('same');
    for (const pane of all('.pane', nets)) {
      if (pane.contains(node)) continue;
      const others = all('g[data-o]', pane).filter((g) => [...places(g)].some((place) => wanted.has(place)));
      others.forEach((g) => g.classList.add('same'));
      said.push(...others.slice(0, 3).map((g) => g.querySelector('title').textContent));
      if (others[0]) show(pane, others[0]);
    }
    nets.querySelector('output').textContent = said.join(' — ');
  };
  for (const nets of all('.nets')) {
    all('button', nets).forEach((button) => button.addEventListener('click', () => zoom(nets, button.dataset.zoom)));
    for (const pane of all('.pane', nets)) {
      let grip;
      pane.addEventListener('pointerdown', (event) => {
        if (event.pointerType !== 'mouse' || event.button !== 0) return;
        grip = { x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
        pane.classList.add('drag');
        pane.setPointerCapture(event.pointerId);
      });
      // Not pointerover: that comes, too, when a node moves below a pointer that rests.
      let pointed;
      pane.addEventListener('pointermove', (event) => {
        if (grip) return pane.scrollTo(grip.x - event.clientX, grip.y - event.clientY);
        const node = event.target.closest('g[data-o]');
        if (node !== pointed) point(nets, node);
        pointed = node;
      });
      for (const type of ['pointerup', 'pointercancel']) pane.addEventListener(type, () => { grip = undefined; pane.classList.remove('drag'); });
      pane.addEventListener('wheel', (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(nets, event.deltaY < 0 ? 'in' : 'out');
      }, { passive: false });
      pane.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const how = { '+': 'in', '-': 'out', '0': 'fit' }[event.key];
        if (how) zoom(nets, how);
        const step = { n: 1, p: -1 }[event.key];
        if (!step) return;
        const nodes = all('g[data-o]', pane);
        const at = nodes.findIndex((g) => g.classList.contains('same'));
        const next = nodes[at < 0 ? 0 : Math.min(nodes.length - 1, Math.max(0, at + step))];
        if (!next) return;
        point(nets, next);
        show(pane, next);
      });
    }
  }
`;
