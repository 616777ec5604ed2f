// Views of the Devices page that somebody named: the address's filters, kept in this browser alone.
(() => {
  const PLACE = "broadgauge.device-views";

  const read = () => {
    try {
      const found = JSON.parse(localStorage.getItem(PLACE));
      return Array.isArray(found) ? found.filter((view) => view?.name && view.query !== undefined) : [];
    } catch {
      return []; // Kept by nobody, or not allowed to be.
    }
  };

  const write = (views) => {
    try {
      localStorage.setItem(PLACE, JSON.stringify(views));
    } catch {} // A browser that keeps nothing shows what there is.
  };

  const part = (namespace, type, props) => ({ namespace, type, props });

  const shown = () =>
    read().map(({ name, query }) =>
      part("dash_html_components", "Li", {
        children: [
          part("dash_html_components", "A", { children: name, href: "/devices" + query }),
          part("dash_html_components", "Button", {
            children: "Forget", type: "button", className: "quiet", title: "Forget " + name, "data-forget-view": name,
          }),
        ],
      }),
    );

  document.addEventListener("click", (event) => {
    const name = event.target.closest?.("[data-forget-view]")?.dataset.forgetView;
    if (name === undefined) return;
    write(read().filter((view) => view.name !== name));
    window.dash_clientside.set_props("device-views", { children: shown() });
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    broadgauge_views: {
      show: (clicks, given) => {
        const name = (given || "").trim();
        if (clicks && name)
          write([...read().filter((view) => view.name !== name), { name, query: location.search }]);
        return shown();
      },
    },
  });
})();
