// node build.mjs OUT: GraphiQL as a few files in the folder OUT, whose names say what is in them; index.html names them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build as bundle } from 'esbuild';

const out = process.argv[2];
const common = {
  bundle: true,
  minify: true,
  write: true,
  metafile: true,
  target: 'es2022',
  entryNames: '[name]-[hash]',
  outdir: out,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};
const packages = new Set(); // whose code is in the files
const build = async (options) => {
  const result = await bundle(options);
  for (const file of Object.keys(result.metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (found) packages.add(found[1]);
  }
  return result;
};
/** The file that came from an entry, as a path of the node. */
const path = (result, ends) => '/' + basename(Object.keys(result.metafile.outputs).find((f) => f.endsWith(ends)));

const worker = async (name, from) => path(await build({ ...common, format: 'iife', entryPoints: { [name]: from } }), '.js');
const [editor, json, graphql] = await Promise.all([
  worker('graphiql-editor', 'monaco-editor/esm/vs/editor/editor.worker.js'),
  worker('graphiql-json', 'monaco-editor/esm/vs/language/json/json.worker.js'),
  worker('graphiql-graphql', 'monaco-graphql/esm/graphql.worker.js'),
]);
const page = await build({
  ...common,
  format: 'esm',
  jsx: 'automatic',
  loader: { '.ttf': 'dataurl', '.woff2': 'dataurl' },
  inject: ['graphiql/workers.js'],
  define: {
    ...common.define,
    WORKER_EDITOR: JSON.stringify(editor),
    WORKER_JSON: JSON.stringify(json),
    WORKER_GRAPHQL: JSON.stringify(graphql),
  },
  entryPoints: { graphiql: 'graphiql/main.jsx' },
});
const html = readFileSync('graphiql/index.html', 'utf8').replace('{style}', path(page, '.css')).replace('{script}', path(page, '.js'));
writeFileSync(join(out, 'index.html'), html);

/** Their licences ask for being handed on. */
const licence = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((f) => /^licen[cs]e(\.|$)/i.test(f));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n\n${text}\n`;
};
const rule = `\n${'-'.repeat(72)}\n\n`;
const fonts = 'Fonts within the style sheet: Roboto (Apache-2.0), Fira Code (OFL-1.1), as the package graphiql has them.\n';
writeFileSync(join(out, 'graphiql-licenses.txt'), [fonts, ...[...packages].sort().map(licence)].join(rule));
