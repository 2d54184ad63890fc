// Talks to build/…/coerce_probe: requests go in lines, answers come in lines, in the same order.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export function make_probe(build) {
  const child = spawn(`${build}/tests/oracle/coerce_probe`, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();
  let ended = false;
  child.on('exit', (status, signal) => {
    if (ended) return;
    console.log(`coerce_probe ended by itself: status ${status}, signal ${signal}\n0 passed, 1 failed`);
    process.exit(1);
  });
  child.stdin.on('error', () => {});  // the exit says more
  return {
    async ask(request) {
      const written = child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = lines.next();  // in the order of the requests
      if (!written) await once(child.stdin, 'drain');
      return JSON.parse((await line).value);
    },
    end() {
      ended = true;
      child.stdin.end();
    },
  };
}
