import type { FastifyInstance } from 'fastify';

/**
 * Which methods each path takes, noted as routes are registered: Fastify answers 404 where another
 * method would be right.
 */
export class AllowedMethods {
  readonly #routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  /** Has to see every route: before the first is registered. */
  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ url, method }) => {
      const found = this.#routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
      for (const name of [method].flat()) found.methods.add(name);
      this.#routes.set(url, found);
    });
  }

  /** For the header Allow; empty where there is no such path. */
  of(path: string): readonly string[] {
    const found = [...this.#routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

/** `/v1/scans/:id` takes any one part for `:id`. */
const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replace(/\*/g, '.*')}$`,
  );
