/** The folders of gold, and how a file of each is run. */
import { distanceOfRates, ratesOfOne, type GoldSchedule } from '../optim/rates.ts';
import { distanceFrom, optimizers, type GoldWalk } from '../optim/walks.ts';
import { adapters } from './adapters/index.ts';
import { runCase, type Runner, type Verdict } from './compare.ts';
import type { GoldCase } from './format.ts';
import { runModuleCase, type ModuleCase } from './modules.ts';
import { torchModule } from './torch-modules.ts';

/** What all gold files have. */
export interface AnyFile {
  /** An operator's name; other files go by their own. */
  readonly op?: string;
  readonly cases: readonly unknown[];
}

/** Runs one case; null where a file has no counterpart here. */
export type CaseRunner = ((gold: unknown, tolerance: number, runner: Runner) => Verdict) | null;

const withinReach = (distance: number, tolerance: number): Verdict =>
  distance <= tolerance ? null : `${distance} away`;

/** What PyTorch drew nobody else can draw: only shapes and dtypes agree, and that numbers are finite. */
const isDrawn = ({ kwargs }: GoldCase): boolean => Number(kwargs['dropout_p'] ?? 0) > 0;

/** By folder. */
export const sections: Readonly<Record<string, (name: string, file: AnyFile) => CaseRunner>> = {
  op: (name, { op }) => {
    const adapter = adapters[op ?? name] ?? adapters[name];
    if (adapter === undefined) return null;
    return (gold, tolerance, runner) =>
      runCase(adapter, gold as GoldCase, isDrawn(gold as GoldCase) ? Infinity : tolerance, runner);
  },
  optim: (name) => {
    const make = optimizers[name];
    if (make === undefined) return null;
    return (gold, tolerance, runner) => {
      const compiled = (step: () => void): (() => void) => runner(step);
      return withinReach(distanceFrom(gold as GoldWalk, make, compiled), tolerance);
    };
  },
  scheduler: (name) => (gold, tolerance) => {
    return withinReach(distanceOfRates(ratesOfOne(name, gold as GoldSchedule)), tolerance);
  },
  module: (name) => {
    const module = torchModule(name);
    if (module === null) return null;
    return (gold, tolerance, runner) => runModuleCase(module, gold as ModuleCase, tolerance, runner);
  },
};
