import { useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import './style.css';
import { fetcherFor } from './fetcher.js';

const help = `# GraphQL on this waggle node.
#
#   Run the operation:     Ctrl-Enter, or the button
#   Complete what you type: Ctrl-Space
#   What there is:         the book at the left, or pick one service above
#
# "Variables" and "Headers" are below: {"authorization": "Bearer …"} goes with each request.

{
  __typename
}
`;

/** Each service has its own tabs and history: an operation for one means nothing to another. */
const storageFor = (service) => {
  const key = (name) => `waggle:${service}:${name}`;
  return {
    getItem: (name) => localStorage.getItem(key(name)),
    setItem: (name, value) => localStorage.setItem(key(name), value),
    removeItem: (name) => localStorage.removeItem(key(name)),
    clear: () => Object.keys(localStorage).filter((k) => k.startsWith(key(''))).forEach((k) => localStorage.removeItem(k)),
    get length() {
      return localStorage.length;
    },
  };
};

const asked = new URLSearchParams(location.search);

function Page() {
  const [services, setServices] = useState([]);
  const [service, setService] = useState(asked.get('service') ?? '');
  const [given, setGiven] = useState({ query: asked.get('query') ?? undefined, variables: asked.get('variables') ?? undefined });
  useEffect(() => {
    fetch('/services.json')
      .then((r) => (r.ok ? r.json() : { services: [] }))
      .then((all) => setServices(all.services.map((s) => s.name)))
      .catch(() => {}); // the picker then has only what the address says
  }, []);
  const fetcher = useMemo(() => fetcherFor(service ? `/graphql/${encodeURIComponent(service)}` : '/graphql'), [service]);
  const storage = useMemo(() => storageFor(service), [service]);
  const pick = (name) => {
    setGiven({});
    setService(name);
    history.replaceState(null, '', name ? `?service=${encodeURIComponent(name)}` : location.pathname);
  };
  const names = service && !services.includes(service) ? [service, ...services] : services;
  return (
    <>
      <header className="bar">
        <a href="/">waggle</a>
        <label htmlFor="service">Service</label>
        <select id="service" value={service} onChange={(e) => pick(e.target.value)}>
          <option value="">all services</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </header>
      <main className="ide">
        <GraphiQL
          key={service}
          fetcher={fetcher}
          storage={storage}
          defaultQuery={help}
          initialQuery={given.query}
          initialVariables={given.variables}
          defaultEditorToolsVisibility={given.variables ? 'variables' : undefined}
          isHeadersEditorEnabled
        />
      </main>
    </>
  );
}

createRoot(document.getElementById('page')).render(<Page />);
