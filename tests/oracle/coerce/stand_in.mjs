// In the probe's place: the same requests, answered by the reference. It shows that the test finds no fault where there is none, and,
// with a fault's name, that it finds that one.
import { buildSchema } from 'graphql';
import { byte_offset, is_json, read_json } from './json.mjs';
import { judge, text_of } from './reference.mjs';

const faults = {
  // name: what is done to a finished verdict
  'ids stay numbers': (v) => v.ok && (v.json = v.json.replace(/"(\d+)"/g, '$1')),
  'defaults are forgotten': (v, part) => v.ok && part.fill?.size && (v.json = '{}'),
  'everything fits': (v, part, text) => v.ok || Object.assign(v, { ok: true, json: text }),
  'spaces are lost': (v) => v.ok && (v.json = v.json.replace(/([{[,]) +/g, '$1')),
  'violations are nowhere': (v) => v.ok || v.violations.forEach((x) => (x.path = '')),
  'offsets are one off': (v) => v.ok || v.violations.forEach((x) => x.offset++),
  'the code is wrong': (v) => v.ok || (v.code = 'internal2'),
  'doubled keys are fine': (v, part, text, notes) => v.ok || !notes.has('duplicate key') || Object.assign(v, { ok: true, json: text }),
};
export const fault_names = Object.keys(faults);

export function make_stand_in(fault) {
  let last = {};
  const schema_of = (sdl, extra) => {
    if (last.sdl !== sdl) last = { sdl, schema: buildSchema((sdl + extra).replace(/-0(?![\d.eE])/g, '0')) };
    return last.schema;
  };
  return {
    ask(request, context) {
      const schema = schema_of(request.sdl, context.extra ?? '');
      const field = schema.getQueryType().getFields()[request.method];
      const bare = (field.astNode.directives ?? []).some((d) => d.name.value === 'bare');
      const mirror = schema.getType(`Args_${request.method}`);
      return request.payloads.map((text) => {
        if (!is_json(text)) return { ok: false, code: request.kind === 'answer' ? 'internal' : 'invalid_argument', unchanged: true, count: 1, violations: [{ path: '', offset: 0, message: 'no JSON' }] };
        const node = read_json(text);
        const j = judge();
        let part = { same: node };
        if (request.kind === 'answer') j.answer(node, field.type, schema);
        else part = bare ? j.value(node, field.args[0].type) : j.arguments(node, mirror ? Object.values(mirror.getFields()) : []);
        const lone = j.notes.has('lone surrogate');
        const verdict =
          j.problems.length || lone
            ? { ok: false, code: request.kind === 'answer' ? 'internal' : 'invalid_argument', unchanged: true, count: lone ? 1 : j.problems.length,
                violations: (lone ? [{ path: '', offset: 0 }] : j.problems).slice(0, 50).map((p) => ({ path: p.path, offset: byte_offset(text, p.offset), message: p.what })) }
            : { ok: true, json: part.same ? text : text_of(part, text), fixed: true };
        faults[fault]?.(verdict, part ?? {}, text, j.notes);
        return verdict;
      });
    },
    end() {},
  };
}
