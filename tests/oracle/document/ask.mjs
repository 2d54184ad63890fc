// Asks document_probe: `ask([{ schema, documents }])` gives [{ schema: findings, documents: [findings, …] }].
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export function make_ask(build) {
  const probe = join(build, 'tests/oracle/document_probe');
  if (!existsSync(probe)) {
    console.log(`missing: ${probe}\n0 passed, 1 failed`);
    process.exit(1);
  }
  return (requests) => {
    const input = requests.map((r) => JSON.stringify(r)).join('\n') + '\n';
    const run = spawnSync(probe, { input, encoding: 'utf8', maxBuffer: 1 << 30 });
    if (run.status !== 0) throw new Error(`document_probe ended with ${run.status ?? run.signal}: ${run.stderr}`);
    return run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  };
}
