/**
 * The words through which the main thread and its workers agree which program they are at: indices into the pool's own
 * shared Int32Array. What different threads write lies in cache lines of its own.
 */

/** Counts wake-ups. Workers sleep on it. */
export const EPOCH = 0;
/** How many workers sleep, or are about to. */
export const SLEEPERS = 16;
/** The number of the program that workers should be in; 0: none. */
export const CURRENT = 32;
/** How many workers have ended by themselves, ever. */
export const ENDED = 48;

/** More workers than anybody has cores for. Worker w is thread w of every program; 0 is the main thread. */
export const MOST_WORKERS = 63;

const BLOCK = 16;
/** Where worker w's own words start. */
export const blockOf = (worker: number): number => 64 + BLOCK * worker;
/** In a worker's block: the program it is in, or 0. */
export const INSIDE = 0;
/** In a worker's block: how many messages were posted to it. */
export const MAIL = 1;
/** In a worker's block: NEW, READY or GONE. */
export const STATE = 2;

export const NEW = 0;
export const READY = 1;
/** It has ended; another one may take its place. */
export const GONE = 2;

/** Each worker has room to say why it failed: a length, and so many UTF-16 code units. */
export const TEXT_UNITS = 254;
export const TEXTS: number = 4 * blockOf(MOST_WORKERS + 1);
/** Where worker w's text starts, in bytes. */
export const textOf = (worker: number): number => TEXTS + 2 * (TEXT_UNITS + 2) * worker;
export const POOL_BYTES: number = textOf(MOST_WORKERS + 1);
