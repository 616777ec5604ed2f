// Markup that nothing changes, as one component. Text stays text: React makes every node.
(() => {
  const { createElement } = window.React;
  const grow = (node) => {
    if (!Array.isArray(node)) return node;
    const [tag, attributes, ...children] = node;
    const kind = tag === "Link" ? window.dash_core_components.Link : tag;
    return createElement(kind, attributes, ...children.map(grow));
  };
  window.broadgauge_dashboard = { Still: ({ tree }) => grow(tree) };
})();
