// Sharing: the address of what is looked at, for the clipboard.
// The address of the page is what is shown; of the run and the step the bar knows sooner.
function addressOf({ data, wanted }) {
  const url = new URL(location.href), step = wanted ?? (data.live ? null : data.step);
  url.searchParams.set("run", data.run);
  step === null ? url.searchParams.delete("step") : url.searchParams.set("step", step);
  return url.href;
}

async function share(bar) {
  const url = addressOf(bar);
  clearTimeout(bar.closing);
  try {
    await navigator.clipboard.writeText(url);
    bar.pop.textContent = phrase("link copied");
    bar.closing = setTimeout(() => (bar.pop.hidden = true), 2000);
    bar.pop.hidden = false;
  } catch {
    const field = document.createElement("input");
    Object.assign(field, { value: url, readOnly: true, ariaLabel: phrase("Link to this view") });
    bar.pop.replaceChildren(field);
    bar.pop.hidden = false;
    field.select();
  }
}
