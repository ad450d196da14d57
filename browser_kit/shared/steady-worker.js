/** The clock of a page that lies behind others: a worker's timers are not slowed down as a hidden page's are. */

/** @type {Map<number, number>} */
const timers = new Map();

self.onmessage = ({ data: { id, ms, every } }) => {
  if (ms === null) {
    self.clearTimeout(timers.get(id));
    self.clearInterval(timers.get(id));
    timers.delete(id);
  } else if (every) {
    timers.set(
      id,
      self.setInterval(() => self.postMessage(id), ms),
    );
  } else {
    timers.set(
      id,
      self.setTimeout(() => {
        timers.delete(id);
        self.postMessage(id);
      }, ms),
    );
  }
};
