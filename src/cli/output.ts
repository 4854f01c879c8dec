/** Files that are there whole or not at all. */
import { mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError, type Io } from './io.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'part of the path is a file, not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a folder',
  EEXIST: 'a file is in its place',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}

const refuse = (path: string, error: unknown): never => {
  throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
};

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The folder with all that it lies in. @throws UsageError */
export function makeFolder(path: string, io: Io): void {
  try {
    mkdirSync(resolve(io.cwd, path), { recursive: true });
  } catch (error) {
    throw new UsageError(`cannot make the folder ${path}: ${reasonOf(error)}`);
  }
}

/** Refuses before any work is done what could not be written after it. */
export function checkWritable(path: string, io: Io): void {
  const full = resolve(io.cwd, path);
  try {
    if (isFolder(full)) refuse(path, { code: 'EISDIR' });
    if (!isFolder(dirname(full))) refuse(path, { code: 'ENOENT' });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    refuse(path, error);
  }
}

/** Where a path leads, links followed: a link stays one, and what it names is written. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A device or a pipe (`/dev/null`, `/dev/stdout`): written into, for moving a file there would replace it. */
function isSpecial(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

function writeInto(path: string, text: string, full: string): void {
  try {
    writeFileSync(full, text);
  } catch (error) {
    refuse(path, error);
  }
}

/** Writes beside the target and moves it there. @throws UsageError saying why it cannot. */
export function writeWhole(path: string, text: string, io: Io): void {
  const given = resolve(io.cwd, path);
  if (isSpecial(given)) return writeInto(path, text, given);
  const full = targetOf(given);
  const beside = `${full}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, full);
  } catch (error) {
    rmSync(beside, { force: true });
    refuse(path, error);
  }
}
