// Outbox: what a visitor did stays here until Python has answered that it saw it; of views, only the last. Of two messages
// that wait for the same run of a page, Streamlit delivers only the later one.
const AGAIN = 700; // ms after which an action that nobody answered is sent once more

// Sends an action with a growing number, which it gives. sender: an `outbox`, and setTriggerValue of its component.
function send(sender, action) {
  const sent = { ...action, n: (sender.n = Math.max(Date.now(), (sender.n ?? 0) + 1)) };
  sender.outbox = sender.outbox.filter((old) => !(old.kind === "view" && ["view", "live"].includes(sent.kind)));
  sender.outbox.push(sent);
  post(sender);
  return sent.n;
}

function post(sender) {
  sender.posted = performance.now();
  sender.setTriggerValue("action", sender.outbox);
}

// Python has seen all actions up to this number.
function answered(sender, seen) {
  sender.outbox = sender.outbox.filter((action) => action.n > seen);
  if (sender.outbox.length && performance.now() - sender.posted > AGAIN) post(sender);
}
