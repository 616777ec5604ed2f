// What the page does without asking the server.
const names = [
  "target", "days", "sort", "show", "q", "school", "kind", "state", "source", "only", "by",
];

// A page left open says when its numbers are old: the session ended, or the server is away.
const ask = window.fetch;
window.fetch = async (...request) => {
  try {
    const answer = await ask(...request);
    delete document.documentElement.dataset.unreachable;
    if (answer.status !== 401) return answer;
    location.assign("/sign-in");
    return new Promise(() => {}); // The page is leaving: nobody should act on this answer.
  } catch (error) {
    document.documentElement.dataset.unreachable = "";
    throw error;
  }
};

// Groups that somebody opened stay open when the page is read again.
const opened = new Set();
const groupOf = (element) => element.dataset?.group;
document.addEventListener(
  "toggle",
  ({ target }) => groupOf(target) && opened[target.open ? "add" : "delete"](groupOf(target)),
  true,
);
new MutationObserver(() => {
  if (!opened.size) return;
  for (const group of document.querySelectorAll("details[data-group]"))
    if (opened.has(groupOf(group))) group.open = true;
}).observe(document, { childList: true, subtree: true });

// Cells of the list of tests. What comes from data is text or an address of our own, never markup.
const make = window.React.createElement;
window.dashAgGridComponentFunctions = Object.assign({}, window.dashAgGridComponentFunctions, {
  // A row that is still on its way has no data yet.
  TestLink: ({ data }) =>
    data && make(window.dash_core_components.Link, { href: data.href, children: data.started_text }),
  Reading: ({ data }) =>
    make("span", null, make("span", { className: "icon icon-" + data.icon, "aria-hidden": true }), data.outcome),
});

// The grid moves between cells with the keyboard; Enter follows the link of the one it is on.
document.addEventListener("keydown", ({ key, target }) => {
  if (key === "Enter" && target.classList?.contains("ag-cell")) target.querySelector("a")?.click();
});

window.dash_clientside = Object.assign({}, window.dash_clientside, {
  broadgauge: {
    // Controls into the address, so that it can be kept and sent. No navigation happens.
    remember: (...values) => {
      const address = new URLSearchParams(location.search);
      names.forEach((name, place) => {
        const value = values[place];
        if (value) address.set(name, value);
        else if (value === "") address.delete(name);
      });
      const query = address.toString();
      history.replaceState(history.state, "", location.pathname + (query ? "?" + query : ""));
    },
    // Room for the next asset tag, once a repair was added.
    emptied: (said) =>
      said?.props?.tree?.[1]?.className === "note added" ? "" : window.dash_clientside.no_update,
    // The tab's name, once the school's is known.
    title: (title) => {
      if (title) document.title = title + " · broadgauge";
      return "";
    },
  },
});
