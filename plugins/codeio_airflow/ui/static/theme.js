// Inside Airflow a page takes Airflow's theme, and links to Airflow's own pages move the frame
// around it. Alone in a tab it follows the system, and links are links.
"use strict";

const outer = (() => {
  try {
    return window.parent !== window && window.parent.document ? window.parent : null;
  } catch {
    return null;
  }
})();

if (outer) {
  const root = outer.document.documentElement;
  const follow = () => {
    document.documentElement.dataset.theme = root.classList.contains("dark") ? "dark" : "light";
  };
  follow();
  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["class"] });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    outer.history.pushState({}, "", link.href);
    outer.dispatchEvent(new outer.PopStateEvent("popstate", { state: {} }));
  });
}
