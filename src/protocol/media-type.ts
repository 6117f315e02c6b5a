/** A media type as a Content-Type header gives it: lower case, its parameters apart. */
export interface MediaType {
  /** `multipart/related`. */
  readonly essence: string;
  /** By their names in lower case; values as they are, without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A parameter: a token, or a quoted string whose backslashes stand before what is quoted. */
const PARAMETER = /;\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*/gy;

/**
 * Reads a media type (RFC 9110, section 8.3.1). What follows a parameter that cannot be read is
 * left out; of two parameters of one name the first counts.
 */
export function mediaTypeOf(text: string): MediaType {
  const at = text.indexOf(';');
  const essence = (at < 0 ? text : text.slice(0, at)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  if (at >= 0) {
    const rest = text.slice(at);
    PARAMETER.lastIndex = 0;
    for (let found = PARAMETER.exec(rest); found; found = PARAMETER.exec(rest)) {
      const [, name, quoted, token] = found;
      const key = name.toLowerCase();
      if (!parameters.has(key)) parameters.set(key, quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1'));
    }
  }
  return { essence, parameters };
}
