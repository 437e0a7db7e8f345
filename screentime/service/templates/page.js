// Keeps the page fresh while it is seen; whoever reads or follows a link in it is not disturbed.
setInterval(async () => {
  const main = document.querySelector("main");
  if (document.hidden || main.contains(document.activeElement) || !getSelection().isCollapsed) return;
  const lost = document.getElementById("lost");
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (fresh.innerHTML !== main.innerHTML) main.innerHTML = fresh.innerHTML;
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}, 5000);
