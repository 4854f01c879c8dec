/** What a running mean that began at zero has to be divided by. */
import { pow, sub } from '../ops/index.ts';
import { Once } from './once.ts';

/** 1 − βᵗ, of β and a 0-d count t. */
export const biasCorrection = (): Once => new Once((beta, t) => sub(1, pow(beta, t)));
