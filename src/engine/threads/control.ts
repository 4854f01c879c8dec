/**
 * The few words of a program's memory through which its threads agree, in bytes from the area's start. Words that
 * different threads write lie in cache lines of their own.
 */

/**
 * What there is to do: an i64. Its high half is the number behind the last grain of the open phase; its low half, how
 * many grains of it nobody has claimed: 0 while there is nothing to do, −1 where workers should leave the program.
 */
export const TICKET = 0;

/** How many workers may hold a claim. A worker counts itself in before it claims and out when its grains are done. */
export const BUSY = 64;

/** Not 0 while the main thread sleeps until BUSY is 0. */
export const WAITING = 128;

/** The number of a thread that failed, or 0. */
export const FAILED = 192;

/** Size of the area, which starts at a multiple of 64. */
export const CONTROL_BYTES = 256;

/** What TICKET's low half says to workers that should leave. */
export const LEAVE = -1;
