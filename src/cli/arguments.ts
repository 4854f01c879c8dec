/** Command-line options by node:util's parser, its complaints made readable. */
import { parseArgs } from 'node:util';
import { UsageError } from './io.ts';

/** What a command knows: switches, and options with a value. */
export type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>;

export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** The options that were given, as text; switches as true. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** `-x*y` and `-1` are expressions and numbers, not options: options are what the command knows, or begins with `--`. */
function isOption(argument: string, config: Options): boolean {
  if (argument.startsWith('--')) return true;
  const short = /^-([A-Za-z])(=?$|$)/.exec(argument)?.[1];
  return short !== undefined && Object.values(config).some((option) => option.short === short);
}

/** @throws UsageError for unknown options and missing values. */
export function readArguments(command: string, args: readonly string[], config: Options): ParsedArguments {
  const positionals: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (!isOption(argument, config)) {
      positionals.push(argument);
      continue;
    }
    rest.push(argument);
    if (takesNext(argument, config)) rest.push(...args.slice(++i, i + 1));
  }
  // A value such as `-` or `-1` is joined to its option, where the parser takes it for what it is.
  const joined = joinValues(rest, config);
  try {
    const { values } = parseArgs({ args: joined, options: config, strict: true, allowPositionals: false });
    return { positionals, options: values };
  } catch (error) {
    const message = (error as Error).message.split('. To specify')[0]!;
    throw new UsageError(`${command}: ${message}\n  Known options: ${knownOptions(config)}`);
  }
}

function optionOf(argument: string, config: Options): Options[string] | undefined {
  if (argument.startsWith('--')) return config[argument.slice(2)];
  return Object.values(config).find((option) => option.short === argument.slice(1));
}

const takesNext = (argument: string, config: Options): boolean => optionOf(argument, config)?.type === 'string';

function joinValues(args: readonly string[], config: Options): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const option = takesNext(args[i]!, config) ? optionOf(args[i]!, config) : undefined;
    const name = Object.keys(config).find((key) => config[key] === option);
    if (option !== undefined && args[i + 1] !== undefined) joined.push(`--${name}=${args[++i]!}`);
    else joined.push(args[i]!);
  }
  return joined;
}

const knownOptions = (config: Options): string =>
  Object.entries(config)
    .map(([name, { short }]) => (short === undefined ? `--${name}` : `-${short}, --${name}`))
    .join('  ');
