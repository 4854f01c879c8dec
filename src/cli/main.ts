#!/usr/bin/env node
/** The command as it is installed. */
import { run } from './run.ts';

const io = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
  cwd: process.cwd(),
  ...(process.stdout.isTTY ? { terminal: process.stdout } : {}),
};

// `chainrule … | head` closes the pipe early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exitCode = error.code === 'EPIPE' ? 0 : 1;
});

void run(process.argv.slice(2), io).then((code) => {
  process.exitCode = code;
});
