import { SegcanaryError } from '../../errors.js';
import { quoted } from '../../files/json.js';

/**
 * A configuration with everything it inherits: its own fields win over its parent's, chains are
 * followed. Source: nnunetv2 plans_handler.py, `_internal_resolve_configuration_inheritance`.
 *
 * @throws SegcanaryError `plan-invalid` where a parent is missing or a chain comes back to itself
 */
export function inheritConfiguration(
  configurations: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  name: string,
  source: string,
): Record<string, unknown> {
  const chain: string[] = [];
  let resolved: Record<string, unknown> = {};
  for (let next: unknown = name; next !== undefined; ) {
    if (typeof next !== 'string' || !Object.hasOwn(configurations, next)) {
      throw new SegcanaryError(
        'plan-invalid',
        `configuration "${chain.at(-1)}" inherits from "${quoted(next)}", which the plan does not have.`,
        { subject: source },
      );
    }
    if (chain.includes(next)) {
      throw new SegcanaryError(
        'plan-invalid',
        `configurations inherit from each other in a circle: ${[...chain, next].join(' -> ')}.`,
        { subject: source },
      );
    }
    chain.push(next);
    const own = configurations[next];
    resolved = { ...own, ...resolved };
    next = own.inherits_from;
  }
  return resolved;
}
