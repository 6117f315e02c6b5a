/**
 * One instruction of a Dockerfile: its name in capitals, flags (`--from=build`), and the rest of
 * its line.
 */
export interface Instruction {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly rest: string;
}

/** What is between one FROM and the next. */
export interface BuildStage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/**
 * The stages of a Dockerfile. Comments and continued lines are understood; build arguments and
 * heredocs are not used here and not understood.
 *
 * @throws Error for a line that is none of an instruction's
 */
export function readDockerfile(text: string): BuildStage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const { name, flags, rest } = instructionOf(line);
    if (name === 'FROM') {
      const [base = '', , as = `${stages.length}`] = rest.split(/\s+/);
      stages.push({ name: as, base, instructions: [] });
    } else if (stages.length === 0) throw new Error(`Dockerfile: ${line} comes before the first FROM.`);
    else stages.at(-1)!.instructions.push({ name, flags, rest });
  }
  return stages;
}

function instructionOf(line: string): Instruction {
  const [, name, tail] = /^([A-Za-z]+)\s+(.*)$/.exec(line) ?? [];
  if (name === undefined || tail === undefined) throw new Error(`Dockerfile: ${line} is no instruction.`);
  const flags: Record<string, string> = {};
  let rest = tail;
  for (let flag = FLAG.exec(rest); flag; flag = FLAG.exec(rest)) {
    flags[flag[1]] = flag[2];
    rest = rest.slice(flag[0].length);
  }
  return { name: name.toUpperCase(), flags, rest };
}

const FLAG = /^--([a-z-]+)=(\S+)\s+/;

/** The words of an instruction in exec form, ["node", "-e", "…"]. */
export function wordsOf(rest: string): string[] {
  const words: unknown = JSON.parse(rest);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error(`Dockerfile: ${rest} is not a list of words.`);
}
