// Monaco's workers are files of their own, beside this one. The names are put in by build.mjs.
const files = { json: WORKER_JSON, graphql: WORKER_GRAPHQL };
globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(files[label] ?? WORKER_EDITOR),
};
