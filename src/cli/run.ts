/** From arguments to a command, and from its errors to a message and an exit code. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import '../index.ts';
import { ChainruleError } from '../base/errors.ts';
import { checkCommand } from './check.ts';
import { graphCommand } from './graph.ts';
import { UsageError, type Command, type Io } from './io.ts';
import { nearest } from './names.ts';
import { trainCommand } from './train/command.ts';

const COMMANDS: readonly Command[] = [graphCommand, checkCommand, trainCommand];

const overview = (): string => {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: chainrule <command> …

Commands:
${lines.join('\n')}

chainrule <command> --help tells more; chainrule --version tells the version.
`;
};

/** The version of the package that this file belongs to, built or not. */
function version(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
      if (manifest['name'] === 'chainrule') return String(manifest['version']);
    } catch {
      // No manifest here: one folder up.
    }
    if (folder === dirname(folder)) return 'unknown';
  }
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((candidate) => candidate.name);
  const near = nearest(name, names);
  const meant = near === null ? '' : `; did you mean ${near}?`;
  throw new UsageError(`unknown ${name.startsWith('-') ? 'option' : 'command'} ${name}${meant}\n\n${overview()}`);
}

async function dispatch(argv: readonly string[], io: Io): Promise<void> {
  const [name, ...rest] = argv;
  if (name === undefined) throw new UsageError(overview());
  if (name === '--version' || name === '-V') return io.out(`${version()}\n`);
  if (name === '--help' || name === '-h' || name === 'help') {
    return io.out(rest[0] === undefined ? overview() : commandOf(rest[0]).help);
  }
  const command = commandOf(name);
  if (rest.includes('--help') || rest.includes('-h')) return io.out(command.help);
  return command.run(rest, io);
}

/** What to tell of an error: its message; where it is no error of the user's, its kind as well. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof UsageError || error instanceof ChainruleError || error instanceof TypeError;
  return isExpected ? error.message : `${error.name}: ${error.message}`;
}

/** Runs the command line; the exit code: 0 if all went well, 1 after a message on standard error. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await dispatch(argv, io);
    return 0;
  } catch (error) {
    const message = messageOf(error).trimEnd();
    io.err(message.startsWith('Usage:') ? `${message}\n` : `chainrule: ${message}\n`);
    return 1;
  }
}
