import { getOperationAST, parse } from 'graphql';

/** Is the operation that is asked for a subscription? What cannot be parsed goes to the node, which says what is wrong. */
export function isSubscription(query, operationName) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false;
  }
}

/** The events of a text/event-stream (HTML Living Standard §9.2.6): {event, data}. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text = (text + value).replace(/\r\n|\r(?=[^\n])/g, '\n'); // a CR at the end may be half of a line's end
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const event = { event: 'message', data: '' };
        for (const line of text.slice(0, end).split('\n')) {
          const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
          if (field === 'event') event.event = value;
          if (field === 'data') event.data += (event.data && '\n') + value;
        }
        if (event.data || event.event !== 'message') yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* answers(response) {
  for await (const { event, data } of events(response.body)) {
    if (event === 'complete') return;
    if (event === 'next') yield JSON.parse(data);
  }
}

async function answer(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `${response.status} ${response.statusText}: ${text.slice(0, 1000) || 'no answer'}` }] };
  }
}

/** What GraphiQL calls: GraphQL over HTTP, subscriptions over SSE (distinct connections mode of GraphQL over SSE). */
export function fetcherFor(url) {
  return async (request, options = {}) => {
    const live = isSubscription(request.query, request.operationName);
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: live ? 'text/event-stream' : 'application/graphql-response+json, application/json;q=0.9',
        ...options.headers,
      },
      body: JSON.stringify(request),
    });
    if (live && response.ok && (response.headers.get('content-type') ?? '').startsWith('text/event-stream')) return answers(response);
    return answer(response);
  };
}
